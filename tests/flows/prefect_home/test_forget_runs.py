"""The store's own Prefect database forgets the runs of pruned nights, and no other database does."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.prefect_home.forget_runs import ForgetError, forget_runs
from tests.flows.processes import STARTUP

Publish = Callable[[int], None]


@pytest.fixture
def publish(publish_at: Callable[[Path, str, date, datetime], None], tmp_path: Path) -> Publish:
    """Say that a night of March was published at three."""
    return lambda day: publish_at(
        tmp_path, "reviews", date(2026, 3, day), datetime(2026, 3, day, 3, tzinfo=UTC)
    )


@pytest.fixture
def database(
    prefect_database: Path, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The database of a store, with a run every third day from March 1 on."""
    monkeypatch.setenv("PYTHONPATH", str(STARTUP))
    path = tmp_path / "state" / "prefect" / "prefect.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(prefect_database.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        flow = "00000000-0000-0000-0000-000000000001"
        connection.execute("insert into flow (id, name) values (?, 'nightly')", (flow,))
        for day in (1, 4, 7, 10):
            run, at = (
                f"00000000-0000-0000-0000-0000000000{day:02}",
                f"2026-03-{day:02} 02:00:00.000000",
            )
            connection.execute(
                "insert into flow_run (id, name, flow_id, state_type, state_name, end_time)"
                " values (?, ?, ?, 'COMPLETED', 'Completed', ?)",
                (run, f"night {day}", flow, at),
            )
            connection.execute(
                "insert into log (id, name, level, flow_run_id, message, timestamp)"
                " values (?, 'flows', 20, ?, ?, ?)",
                (run, run, "x" * 100_000, at),
            )
        connection.commit()
    return path


def names(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [
            name for (name,) in connection.execute("select name from flow_run order by end_time")
        ]


def test_runs_of_pruned_nights_go_with_their_logs_and_a_persons_own_prefect_is_left_alone(
    database: Path, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "own.db"
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///{elsewhere}")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    for day in (4, 7, 10):
        publish(day)
    tried = forget_runs(tmp_path, 2, dry_run=True)
    assert len(names(database)) == 4
    assert list(database.parent.glob("tmp*")) == []
    before = database.stat().st_size
    done = forget_runs(tmp_path, 2, dry_run=False)
    assert done == tried
    assert done is not None
    # Night 7 was published at three; its run of two o'clock is older than that.
    assert names(database) == ["night 10"]
    assert not elsewhere.exists()
    assert before - database.stat().st_size == done.n_bytes > 250_000
    assert done.sentence() == (
        "Prefect database: 3 runs that ended before 2026-03-07 03:00 UTC dropped,"
        f" {done.n_bytes / 1e6:.1f} MB freed"
    )


def test_a_store_without_a_database_or_a_night_has_nothing_to_forget(
    database: Path, publish: Publish, tmp_path: Path
) -> None:
    assert forget_runs(tmp_path, 2, dry_run=False) is None
    database.unlink()
    publish(10)
    assert forget_runs(tmp_path, 2, dry_run=False) is None


def test_a_vacuum_that_fails_says_why(database: Path, publish: Publish, tmp_path: Path) -> None:
    publish(10)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("drop table log")
        connection.commit()
    with pytest.raises(ForgetError, match=r"could not be vacuumed: .*; the nights are pruned"):
        forget_runs(tmp_path, 2, dry_run=False)
