from pathlib import Path

from tasks.files import copy_atomically, sha256_of, write_atomically


def test_a_copy_has_the_bytes_and_the_digest_of_its_source(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"content")
    copy_atomically(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_bytes() == b"content"
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "new" / "b")
    assert sha256_of(tmp_path / "a").startswith("ed7002b439e9ac845f22357d822bac14")
