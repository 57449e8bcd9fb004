"""The embedded Prefect's database: moved aside if damaged, since no table depends on it."""

import logging
import sqlite3
from contextlib import closing
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Final

from flows.prefect_home.blank import begin_database
from flows.prefect_home.revisions import known_revisions, revisions_of
from tasks.store.lock import StoreBusyError, store_lock
from validation.errors import NightfoldError

logger = logging.getLogger(__name__)

_DAMAGE: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


class UnknownRevisionError(NightfoldError):
    """Another Prefect has written the database; the message says what to do."""


def repair_database(store: Path) -> str | None:
    """Move a damaged database aside, and begin one where there is none; see `put_aside_damaged`.

    Raises
    ------
    UnknownRevisionError
        If the database is sound, and the Prefect that is installed does not know it.
    """
    done, path = put_aside_damaged(store), _database(store)
    require_known_revision(path)
    begin_database(path)
    return done


def require_known_revision(path: Path) -> None:
    """Check that the installed Prefect can work on a database, or bring it up to date.

    Raises
    ------
    UnknownRevisionError
        If a Prefect has written it that knows more states of the database than this one.
    """
    found = revisions_of(path) if path.is_file() else set()
    if unknown := found - known_revisions():
        raise UnknownRevisionError(
            f"{path} was written by another Prefect than the installed {version('prefect')}, which"
            f" does not know its revision {', '.join(sorted(unknown))}: install the nightfold that"
            " wrote it, or move the file aside; published nights and the cache do not depend on it"
        )


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
    path = _database(store)
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


def fold_journal(path: Path) -> None:
    """Write a database's journal into it: a server that ends leaves megabytes of it behind."""
    if not path.with_name(f"{path.name}-wal").is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError as error:
        # A full disk, or another server on it: the journal is as good as the database.
        logger.info("the journal of %s stays: %s", path, error)


def _database(store: Path) -> Path:
    return store / "state" / "prefect" / "prefect.db"


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
    """Rename the database with its journal files; return its new path."""
    numbers = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(it for it in numbers if not it.exists())
    for part in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + part)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + part))
    return aside
