import errno
import os
import resource
from pathlib import Path

import pytest

from flows.prefect_home.disk import StoreNotWritableError, disk_trouble, require_writable


def failing(number: int, file: str = "/d/f") -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: /d/f; free room on it and run"),
        (errno.EDQUOT, "the disk is full: /d/f"),
        (errno.EROFS, "the disk is read-only: /d/f; mount it for writing and run"),
        (errno.EFBIG, "beyond what this process may write (ulimit -f): /d/f; raise that limit"),
        (errno.EMFILE, "may not open any more files (ulimit -n): /d/f; raise that limit"),
        (errno.ENFILE, "this machine cannot open any more files: /d/f; stop what"),
    ],
)
def test_what_is_wrong_with_the_disk_is_found_behind_an_error(number: int, said: str) -> None:
    error = RuntimeError("a task failed")
    error.__cause__ = failing(number)
    assert said in str(disk_trouble(error, None))


def test_an_error_of_another_kind_is_not_the_disks(tmp_path: Path) -> None:
    assert disk_trouble(failing(errno.ECONNREFUSED), tmp_path) is None
    assert disk_trouble(ValueError("x"), None) is None
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_the_size_of_files_is_found_behind_words_of_the_databases_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "prefect.db").write_bytes(bytes(3_000_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    error = RuntimeError("500 Internal Server Error")
    assert disk_trouble(error, tmp_path) is None
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_500_000, hard))
    try:
        said = disk_trouble(error, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "(ulimit -f)" in str(said)
    assert [path.name for path in tmp_path.iterdir()] == ["prefect.db"]


def test_a_folder_that_takes_nothing_is_to_blame_whatever_the_error_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreNotWritableError, match="cannot be written to: Not a directory"):
        require_writable(tmp_path / "file" / "state")
    said = disk_trouble(RuntimeError("500"), tmp_path / "file" / "state")
    assert str(said).startswith("the store cannot be written to: Not a directory")
