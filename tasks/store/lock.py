"""One run at a time on a store: a lock that the kernel takes back from a killed process."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from validation.errors import NightfoldError


class StoreBusyError(NightfoldError, RuntimeError):
    """Another run works on the store."""


class LockPlaceError(NightfoldError, ValueError):
    """Something that is not a file stands where the store's lock belongs."""


@contextmanager
def store_lock(root: Path, doing: str) -> Iterator[None]:
    """Hold the lock of a store's folder; `tasks.store.bucket.claim` holds a store wherever it is.

    Parameters
    ----------
    root
        Of the store.
    doing
        What is done under the lock, for those who are refused meanwhile.

    Raises
    ------
    StoreBusyError
        If another run holds it; the message says which.
    LockPlaceError
        If something else stands where the lock or its folder belongs.
    """
    path = root / "state" / "run.lock"
    with _opened(path) as file:
        _take(file, path)
        _write_holder(file, doing)
        yield


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder while one of its files is read and replaced, and wait for whoever holds it.

    The folder itself is locked, so that no file is left in it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def require_unlocked(root: Path) -> None:
    """Fail early where another run holds the lock.

    Raises
    ------
    StoreBusyError
        As `store_lock`.
    """
    path = root / "state" / "run.lock"
    if os.path.lexists(path):
        with _opened(path) as file:
            _take(file, path)


def _opened(path: Path) -> IO[str]:
    """Open the lock's file, and make it where there is none."""
    for place, is_right in ((path.parent, path.parent.is_dir()), (path, path.is_file())):
        if os.path.lexists(place) and not is_right:
            kind = "folder" if place == path.parent else "file"
            raise LockPlaceError(
                f"{place} must be a {kind}, for the store's lock: move what is there out of the"
                " store and run the same command again"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a+", encoding="utf-8")


def _take(file: IO[str], path: Path) -> None:
    try:
        # Tied to the open file, not to its content: it ends with the process, however that ends.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreBusyError(
            f"another run works on this store: {_holder(path)}; try again when it is done"
        ) from error


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        return "it has only just started"
    return "process {pid} on {host}, {doing}, since {since}".format(**holder)


def _write_holder(file: IO[str], doing: str) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "doing": doing,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    file.seek(0)
    file.truncate()
    json.dump(holder, file)
    file.flush()
