"""A run that is killed in the middle of a stage leaves nothing half-done, and the next run completes."""

import json
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.slow

# Those that write what others read; a soak (make bench-soak) kills in all of them.
STAGES = (
    "ingest", "check prepared", "embed", "views", "pretrain", "refine", "evaluate", "publish",
)  # fmt: skip

Start = Callable[[Path], Any]


def published(store: Path) -> dict[str, Any]:
    """Every published file by path; of a manifest, what does not tell of the run itself."""
    found: dict[str, Any] = {}
    for path in sorted(store.rglob("*")):
        name = path.relative_to(store)
        if path.is_file() and name.parts[0] != "state":
            found[name.as_posix()] = path.read_bytes()
            if path.name == "manifest.json":
                content = json.loads(path.read_text())
                found[name.as_posix()] = content | {"run": None, "digest": None}
    return found


def kill_in(run: Any, stage: str, number: int) -> None:
    """Send a signal as soon as the log says that a stage has started."""
    deadline = time.monotonic() + 180
    while f"{stage}: started" not in run.log.read_text(encoding="utf-8"):
        assert run.process.poll() is None, f"the run ended before {stage} started"
        assert time.monotonic() < deadline, f"{stage} did not start"
        time.sleep(0.005)
    run.process.send_signal(number)
    assert run.process.wait(timeout=60) != 0, f"the run ended before the signal in {stage}"


def finished(run: Any) -> None:
    """Wait for a run that nobody disturbs."""
    assert run.process.wait(timeout=300) == 0, run.log.read_text(encoding="utf-8")


def servers_of(store: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get("NIGHTFOLD_STORE") == str(store):
            found.append(process.pid)
    return found


def test_kill_in_one_stage_after_another_then_run_again(start: Start, tmp_path: Path) -> None:
    undisturbed, store = tmp_path / "undisturbed", tmp_path / "store"
    finished(start(undisturbed))
    for stage in STAGES:
        kill_in(start(store), stage, signal.SIGKILL)
        # The commit point lies within publish: on a fast machine the signal may come after it.
        assert stage == "publish" or not list(store.glob("runs/**/manifest.json"))
    finished(start(store))
    assert published(store) == published(undisturbed)
    assert not list((store / "state" / "scratch").glob("*"))
    with sqlite3.connect(store / "state" / "prefect" / "prefect.db") as database:
        states = [
            state
            for (state,) in database.execute("select state_name from flow_run order by start_time")
        ]
    database.close()
    assert states == ["Crashed"] * len(STAGES) + ["Completed"]
    assert servers_of(store) == []


def test_sigterm_while_the_server_starts_ends_both_without_a_traceback(
    start: Start, tmp_path: Path
) -> None:
    run = start(tmp_path / "store")
    process = psutil.Process(run.process.pid)
    deadline = time.monotonic() + 120
    while not process.children():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=60) == 128 + signal.SIGTERM
    assert "Traceback" not in run.log.read_text(encoding="utf-8")
    assert servers_of(tmp_path / "store") == []


def test_sigterm_leaves_no_server_and_a_crashed_run(start: Start, tmp_path: Path) -> None:
    run = start(tmp_path / "store")
    kill_in(run, "embed", signal.SIGTERM)
    assert run.process.returncode == 143
    time.sleep(1)
    assert servers_of(tmp_path / "store") == []
    with sqlite3.connect(tmp_path / "store" / "state" / "prefect" / "prefect.db") as database:
        states = [state for (state,) in database.execute("select state_name from flow_run")]
    database.close()
    assert states == ["Crashed"]
