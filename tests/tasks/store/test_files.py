import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.store.files import copy_atomically, sha256_of, write_atomically


def test_a_copy_has_the_bytes_and_the_digest_of_its_source(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"content")
    copy_atomically(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_bytes() == b"content"
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "new" / "b")
    assert sha256_of(tmp_path / "a").startswith("ed7002b439e9ac845f22357d822bac14")


@pytest.fixture(params=[0o000, 0o022, 0o027, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


def test_who_may_read_a_file_is_for_the_umask_to_say(umask: int, tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"content")
    (tmp_path / "a").chmod(0o777)
    copy_atomically(tmp_path / "a", tmp_path / "b")
    write_atomically(tmp_path / "a", b"anew")
    assert [(tmp_path / it).stat().st_mode & 0o777 for it in "ab"] == [0o666 & ~umask] * 2
