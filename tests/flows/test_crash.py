"""A run that is killed wherever it may be leaves nothing half-done, and the next run completes."""

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.flows.kills import KILLED, published, run_night, run_until
from tests.flows.processes import Forked
from tests.flows.stages import stages

pytestmark = pytest.mark.slow

Start = Callable[[Path], Any]


@pytest.fixture
def night(write_night: Callable[[Path, int], Path], tmp_path: Path) -> Callable[[str], Any]:
    """Configure the same night for a store of some name."""
    feed = write_night(tmp_path / "feed" / "reviews.jsonl", 1)
    return lambda store: {
        "clustering": {"n_clusters": 3},
        "feed": str(feed),
        "store": str(tmp_path / store),
        "night": "2026-03-01",
    }


def test_kill_in_every_stage_then_run_again(
    forked: Forked, night: Callable[[str], Any], tmp_path: Path
) -> None:
    """At its end: what it has made is there, and no record says so yet."""
    undisturbed, store = tmp_path / "undisturbed", tmp_path / "store"
    assert forked.run(run_night, night("undisturbed")) == 0
    *before, publish, report = stages()
    # The commit point lies within publish.
    moments = [*(f"{stage}: done" for stage in before), f"{publish}: started"]
    moments += [f"{publish}: done", f"{report}: done"]
    for moment in moments:
        assert forked.run(run_until, night("store"), moment) == KILLED, moment
        is_published = moment in moments[-2:]
        assert bool(list(store.glob("runs/**/manifest.json"))) == is_published, moment
    assert forked.run(run_night, night("store")) == 0
    assert published(store) == published(undisturbed)
    assert not list((store / "state" / "scratch").glob("*"))


def wait_for(run: Any, line: str) -> None:
    deadline = time.monotonic() + 600
    while line not in run.log.read_text(encoding="utf-8"):
        assert run.process.poll() is None, f"the run ended before {line!r}"
        assert time.monotonic() < deadline, f"{line!r} was not said"
        time.sleep(0.005)


def servers_of(store: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get("NIGHTFOLD_OWN_STORE") == str(store):
            found.append(process.pid)
    return found


def assert_no_servers(store: Path) -> None:
    deadline = time.monotonic() + 300
    while servers_of(store):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_signal_to_the_command_line_leaves_no_server_and_a_crashed_run(
    start: Start,
    used: Callable[[Path], Path],
    embedded: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    store = embedded(used(tmp_path / "store"))
    for number, stage in ((signal.SIGTERM, "embed"), (signal.SIGKILL, "describe")):
        run = start(store)
        wait_for(run, f"{stage}: started")
        run.process.send_signal(number)
        code = run.process.wait(timeout=300)
        assert code == (143 if number == signal.SIGTERM else -number)
        assert_no_servers(store)
        assert not list(store.glob("runs/**/manifest.json"))
    last = start(store)
    assert last.process.wait(timeout=300) == 0, last.log.read_text(encoding="utf-8")
    with closing(sqlite3.connect(store / "state" / "prefect" / "prefect.db")) as database:
        query = "select state_name from flow_run order by start_time"
        states = [state for (state,) in database.execute(query)]
    assert states == ["Crashed", "Crashed", "Completed"]
    assert_no_servers(store)


def test_sigterm_while_the_server_starts_ends_both_without_a_traceback(
    start: Start, tmp_path: Path
) -> None:
    run = start(tmp_path / "store")
    process = psutil.Process(run.process.pid)
    deadline = time.monotonic() + 300
    while not process.children():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=300) == 128 + signal.SIGTERM
    assert "Traceback" not in run.log.read_text(encoding="utf-8")
    assert_no_servers(tmp_path / "store")
