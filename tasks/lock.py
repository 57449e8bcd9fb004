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

from tasks.storage import Store


class StoreBusyError(RuntimeError):
    """Another run works on the store."""


@contextmanager
def run_lock(store: Store) -> Iterator[None]:
    """Hold the store's run lock.

    Raises
    ------
    StoreBusyError
        If another run holds it; the message says which.
    """
    path = store.state / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _take(file, path)
        _write_holder(file, store)
        yield


def require_free(store: Store) -> None:
    """Fail early where another run holds the lock.

    Raises
    ------
    StoreBusyError
        As `run_lock`.
    """
    path = store.state / "run.lock"
    if path.exists():
        with path.open("r+", encoding="utf-8") as file:
            _take(file, path)


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
    return "process {pid} on {host}, night {night} of feed {feed}, since {since}".format(**holder)


def _write_holder(file: IO[str], store: Store) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "feed": store.feed,
        "night": str(store.night),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    file.seek(0)
    file.truncate()
    json.dump(holder, file)
    file.flush()
