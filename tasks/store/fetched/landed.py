"""What a run has fetched from elsewhere: it is read in the store, and gone when the run ends."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.store.files import write_by_digest
from tasks.store.storage import Store


def land(store: Store, fill: Callable[[Path], object]) -> Path:
    """Keep bytes from elsewhere until the run ends, in a file with their digest as its name.

    Parameters
    ----------
    store
        Tonight's place in the store.
    fill
        Write the bytes to the file that it is handed.
    """
    return write_by_digest(_folder(store), fill)


def landed_path(store: Store, sha256: str) -> Path:
    """Return where bytes with a digest have landed."""
    return _folder(store) / sha256


@contextmanager
def nothing_landed(store: Store) -> Iterator[None]:
    """Let a run begin and end without landed files; only for the holder of the run lock.

    Those of a killed run are of no use to the next: what is there now is known when it is fetched.
    """
    _clear(store)
    try:
        yield
    finally:
        _clear(store)


def _clear(store: Store) -> None:
    shutil.rmtree(_folder(store), ignore_errors=True)


def _folder(store: Store) -> Path:
    return store.state / "landed"
