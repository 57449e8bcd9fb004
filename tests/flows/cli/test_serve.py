"""One process that runs the nights on a schedule: what it refuses, what it survives, how it ends."""

import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.cli.serve import checked, deployment_name
from flows.config import load_config
from flows.toml_file import ConfigError
from tests.flows.warm import WarmProcess


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


def test_a_bad_schedule_is_bad_usage(invoke: Callable[..., Any], tmp_path: Path) -> None:
    words = ("serve", tmp_path / "feed", "--store", tmp_path / "store")
    done = invoke(*words, "--cron", "at two")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "got 'at two'" in done.stderr


def processes_of(store: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NIGHTFOLD_OWN_STORE") == str(store):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def states(store: Path) -> list[tuple[str, str]]:
    """State of every run that has begun, in order, and what is said about it."""
    query = (
        "select s.name, s.message from flow_run r join flow_run_state s on r.state_id = s.id"
        " where r.start_time is not null order by r.start_time"
    )
    with closing(sqlite3.connect(store / "state" / "prefect" / "prefect.db")) as database:
        return database.execute(query).fetchall()


def slots(store: Path) -> list[int]:
    """Return how many places in the queue of each deployment are taken."""
    with closing(sqlite3.connect(store / "state" / "prefect" / "prefect.db")) as database:
        return [
            taken for (taken,) in database.execute("select active_slots from concurrency_limit_v2")
        ]


def kill_with_its_runs(process: WarmProcess) -> None:
    """Kill serve and what it runs, as a machine that loses its power; its server is left to see it."""
    serving = psutil.Process(process.pid)
    serving.suspend()
    for child in serving.children(recursive=True):
        if "flows.prefect_home.server_process" not in child.cmdline():
            child.kill()
    serving.kill()


@pytest.mark.slow
def test_serve_survives_a_failure_serves_again_after_a_kill_and_ends_cleanly(
    serve: Callable[..., Any], write_night: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    feed, store = tmp_path / "feed" / "reviews.jsonl", tmp_path / "store"
    service = serve()
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
    (failed,) = [
        line for line in service.said().splitlines() if "holds no file that ends in" in line
    ]
    assert failed.startswith(f"{datetime.now(UTC).date():%Y-%m-%d} ")
    assert "ERROR" in failed
    service.trigger()
    service.wait_for(lambda: service.said().count("Beginning flow run") == 2)
    kill_with_its_runs(service.process)
    service.process.wait(timeout=300)
    assert slots(store) == [1]

    second = serve(service.port)  # on the same port, at once
    assert states(store)[-1] == ("Crashed", "serve died without reporting before this run ended")
    assert "closed run" in second.said()
    tonight = datetime.now(UTC).date()
    # Not after the five minutes that Prefect keeps the place of a run that says no more.
    assert slots(store) == [0]
    assert second.end_of(second.trigger()) == "Completed"
    manifests = list(store.glob("runs/feed=default/night=*/manifest.json"))
    assert [path.parent.name for path in manifests] == [f"night={tonight}"]

    write_night(feed, 2)
    cut_short = second.trigger()
    second.wait_for(lambda: second.said().count("embed: started") == 2)
    assert slots(store) == [1]
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(timeout=300) == 0, second.said()
    assert "stopped; the schedule is paused" in second.said()
    assert "Traceback" not in second.said().split(cut_short)[-1]
    deadline = time.monotonic() + 300
    while processes_of(store) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(store) == []
    assert states(store)[-1] == ("Crashed", "serve was stopped before this run ended")
    # Nothing is left for the next one to close, and its first run waits for no place.
    assert "Running" not in {state for state, _ in states(store)}
    assert slots(store) == [0]


@pytest.mark.parametrize("command", ["serve", "ui"])
def test_a_port_that_another_store_is_served_on_is_refused(
    invoke: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    other = tmp_path / "other-store"
    (other / "state" / "prefect").mkdir(parents=True)
    words = [tmp_path / "feed", "--cron", "0 3 * * *"] if command == "serve" else []
    os.environ.pop("PREFECT_API_URL")
    with socket.create_server(("127.0.0.1", 0)) as served:
        port = served.getsockname()[1]
        done = invoke(command, *words, "--store", other, "--port", port)
        # It is asked nothing, so that nothing of its store can change.
        served.setblocking(False)
        with pytest.raises(BlockingIOError):
            served.accept()
    assert done.exit_code == 1
    said = f"nightfold: port {port} of 127.0.0.1 is taken; set another with --port\n"
    assert (done.stderr, done.stdout) == (said, "")


def test_stores_on_one_server_are_served_under_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(store: str) -> str:
        given = said(tmp_path) | {"store": str(tmp_path / store), "feed_name": "shop"}
        return deployment_name(load_config(None, given))

    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example/api")
    assert name("a store") == name("a store")
    assert re.fullmatch(r"serve-shop-a-store-[0-9a-f]{8}", name("a store"))
    assert name("a/store") != name("b/store")
    here = name("store")
    monkeypatch.setattr("socket.gethostname", lambda: "another machine")
    assert name("store") != here
    # On its own server a store has no namesake.
    monkeypatch.setenv("NIGHTFOLD_OWN_STORE", str(tmp_path))
    monkeypatch.setenv("NIGHTFOLD_OWN_API", "https://prefect.example/api")
    assert name("store") == "serve-shop"
