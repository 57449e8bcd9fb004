"""The embedded Prefect's database: put aside where it is damaged, for no table depends on it."""

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final

from tasks.lock import StoreBusyError, store_lock

_DAMAGE: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def put_aside_damaged(store: Path) -> str | None:
    """Rename a damaged database, so that the next run makes a new one.

    Parameters
    ----------
    store
        Root of the store. While another run works on it, its database is left alone.

    Returns
    -------
    What was done, as a sentence; None if the database is sound or not there.
    """
    path = store / "state" / "prefect" / "prefect.db"
    if not path.is_file():
        return None
    try:
        with store_lock(store, "the check of the Prefect database"):
            damage = _damage(path)
            if damage is None:
                return None
            aside = _put_aside(path)
    except StoreBusyError:
        return None
    return (
        f"{path} was damaged ({damage}) and is now {aside.name}: the UI no longer shows the runs"
        " before this one; published nights and the cache do not depend on it"
    )


def _damage(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as database:
            (found,) = database.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        # The first byte is the kind of an error, the second says more about it.
        if error.sqlite_errorcode & 0xFF in _DAMAGE:
            return str(error)
        raise
    return None if found == "ok" else str(found)


def _put_aside(path: Path) -> Path:
    """Rename the database with its journal files; give its new path."""
    numbers = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(it for it in numbers if not it.exists())
    for part in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + part)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + part))
    return aside
