import errno
import os
from pathlib import Path

import pytest

from flows.disk import StoreNotWritableError, disk_trouble, require_writable


def failing(number: int, file: str = "/d/f") -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: /d/f; free room on it and run"),
        (errno.EDQUOT, "the disk is full: /d/f"),
        (errno.EROFS, "the disk is read-only: /d/f; mount it for writing and run"),
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


def test_a_folder_that_takes_nothing_is_to_blame_whatever_the_error_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreNotWritableError, match="cannot be written to: Not a directory"):
        require_writable(tmp_path / "file" / "state")
    said = disk_trouble(RuntimeError("500"), tmp_path / "file" / "state")
    assert str(said).startswith("the store cannot be written to: Not a directory")
