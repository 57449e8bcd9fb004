"""Delete the runs of pruned nights from the store's own Prefect database.

Prefect's own vacuum does it, in a process of its own: this one may report to another server.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tasks.boundary.counted import counted
from tasks.store.listing import feeds_of
from tasks.store.storage import FeedStore
from validation.errors import NightfoldError

_SHORTEST: Final = timedelta(hours=1, seconds=1)
"""Prefect keeps every run for an hour at least."""

_SECONDS: Final = 1800
"""A vacuum of a database of gigabytes takes minutes."""


class ForgetError(NightfoldError):
    """The Prefect database could not be vacuumed."""


@dataclass(frozen=True)
class Forgotten:
    """What a vacuum did, or would do.

    Parameters
    ----------
    before
        Runs that ended before are gone.
    n_runs
        How many.
    n_bytes
        By how much the file is smaller.
    """

    before: datetime
    n_runs: int
    n_bytes: int

    def sentence(self, would_be: str = "") -> str:
        """Return it as a sentence; see `tasks.operating.prune.Retention.sentences`."""
        return (
            f"Prefect database: {counted(self.n_runs, 'run')} that ended before"
            f" {self.before:%Y-%m-%d %H:%M} UTC {would_be}dropped,"
            f" {size_of(self.n_bytes)} {would_be}freed"
        )


def forget_runs(root: Path, keep: int, dry_run: bool) -> Forgotten | None:
    """Drop the runs that ended before the oldest kept night was published, and shrink the file.

    Parameters
    ----------
    root
        Of the store; only the database in it is touched.
    keep
        Number of nights of every feed to keep.
    dry_run
        Try it on a copy.

    Returns
    -------
    None if the store has no database or no night.

    Raises
    ------
    ForgetError
        If Prefect's vacuum fails.
    """
    database = root / "state" / "prefect" / "prefect.db"
    oldest = _oldest_kept(root, keep)
    if oldest is None or not database.is_file():
        return None
    before = min(oldest, datetime.now(UTC) - _SHORTEST)
    if not dry_run:
        return _vacuumed(database, before)
    with TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / database.name
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return _vacuumed(copy, before)


def vacuum(database: Path) -> None:
    """Run Prefect's vacuum tasks on a database; their settings come from the environment."""
    from prefect.server.database import provide_database_interface
    from prefect.server.services import db_vacuum

    async def run() -> None:
        db = provide_database_interface()
        for task in (
            db_vacuum.vacuum_old_flow_runs,
            db_vacuum.vacuum_old_events,
            db_vacuum.vacuum_orphaned_logs,
            db_vacuum.vacuum_orphaned_artifacts,
            db_vacuum.vacuum_stale_artifact_collections,
        ):
            await task(db=db)

    asyncio.run(run())
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")


def size_of(n_bytes: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{n_bytes / 1e6:,.1f} MB"


def _oldest_kept(root: Path, keep: int) -> datetime | None:
    """Return when the first of the kept nights was published."""
    feeds = [FeedStore(root=root, feed=feed) for feed in feeds_of(root)]
    kept = [
        feed.read_manifest(night) for feed in feeds for night in feed.published_nights()[-keep:]
    ]
    return min((manifest.run.moment for manifest in kept), default=None)


def _vacuumed(database: Path, before: datetime) -> Forgotten:
    n_runs, n_bytes = _runs_in(database), database.stat().st_size
    with TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "flows.prefect_home.forget_runs", str(database)],
            env=_environment(database, Path(home), datetime.now(UTC) - before),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ForgetError(
            f"{database} could not be vacuumed: {reason}; the nights are pruned; the next prune"
            " tries again"
        )
    return Forgotten(before, n_runs - _runs_in(database), n_bytes - database.stat().st_size)


def _environment(database: Path, home: Path, age: timedelta) -> dict[str, str]:
    """Point Prefect at the one database, whatever a person's own Prefect is set to."""
    mine = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    # As ISO 8601 has it; rounded up, so that the oldest kept night keeps its run.
    period = f"PT{int(age.total_seconds()) + 1}S"
    return mine | {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": period,
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": period,
    }


def _runs_in(database: Path) -> int:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        (found,) = connection.execute("select count(*) from flow_run").fetchone()
    return int(found)


if __name__ == "__main__":
    vacuum(Path(sys.argv[1]))
