"""One process that runs the nights on a schedule: what it refuses, what it survives, how it ends."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest

from flows.config import ConfigError
from flows.serve import checked


def said(tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {"feed": str(tmp_path / "feed"), "store": str(tmp_path / "store")} | more


@pytest.mark.parametrize(
    ("cron", "timezone", "sentence"),
    [
        ("every night", "UTC", "--cron must be five fields of cron.*got 'every night'"),
        ("0 25 * * *", "UTC", "--cron must be five fields of cron.*got '0 25"),
        ("0 2 * * *", "Europe/Nowhere", "--timezone must be a name.*got 'Europe/Nowhere'"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(
    tmp_path: Path, cron: str, timezone: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        checked(None, said(tmp_path), cron, timezone)


def test_the_night_is_not_decided_when_serving_begins(tmp_path: Path) -> None:
    served = checked(None, said(tmp_path, feed_name="shop"), "0 2 * * *", "Europe/Berlin")
    assert served.every_night() == said(tmp_path, feed_name="shop")
    config = tmp_path / "nightfold.toml"
    config.write_text("night = 2026-03-01\n")
    with pytest.raises(ConfigError, match=r"night in .* must be left out"):
        checked(config, said(tmp_path), "0 2 * * *", "UTC")


def test_a_dated_feed_stays_dated_in_the_deployment(tmp_path: Path) -> None:
    feed = str(tmp_path / "r-{night-1}.jsonl")
    served = checked(None, said(tmp_path, feed=feed), "0 2 * * *", "UTC")
    assert served.every_night()["feed"] == feed


def test_a_bad_schedule_is_bad_usage(
    nightfold: Callable[..., CompletedProcess[str]], free_port: int, tmp_path: Path
) -> None:
    words = ("serve", tmp_path / "feed", "--store", tmp_path / "store", "--port", free_port)
    done = nightfold(*words, "--cron", "at two")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "got 'at two'" in done.stderr


def processes_of(store: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NIGHTFOLD_STORE") == str(store):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
def test_serve_runs_tonight_survives_a_failure_and_ends_cleanly(
    service: Any, write_night: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    feed, store = tmp_path / "feed" / "reviews.jsonl", tmp_path / "store"
    deployment = service.deployment()
    assert "night" not in deployment["parameters"]["config"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    # Not by the API alone: the server itself has to make runs of the schedule.
    scheduled = {"deployments": {"id": {"any_": [deployment["id"]]}}}
    service.wait_for(lambda: bool(service.ask("/flow_runs/filter", scheduled)))

    away = feed.rename(tmp_path / "away.jsonl")
    assert service.end_of(service.trigger()) == "Failed"
    away.rename(feed)
    tonight = datetime.now(UTC).date()
    assert service.end_of(service.trigger()) == "Completed"
    manifests = list(store.glob("runs/feed=default/night=*/manifest.json"))
    assert [path.parent.name for path in manifests] == [f"night={tonight}"]

    write_night(feed, 2)
    cut_short = service.trigger()
    service.wait_for(lambda: service.said().count("embed: started") == 2)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=60) == 0, service.said()
    assert "stopped; the schedule is paused" in service.said()
    assert "Traceback" not in service.said().split(cut_short)[-1]
    (failed,) = [line for line in service.said().splitlines() if "is not there; give" in line]
    assert failed.startswith(f"{tonight:%Y-%m-%d} ")
    assert "ERROR" in failed
    deadline = time.monotonic() + 20
    while processes_of(store) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(store) == []
