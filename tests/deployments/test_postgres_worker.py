"""The documented site, really started: PostgreSQL, Prefect server, process worker, deployment.

And what a kill of the server or the worker in the middle of a run leaves: the next run ends well.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "flows" / "sample"


def config(store: Path, night: int = 1) -> dict[str, Any]:
    return {
        "feed": str(SAMPLE / f"night-{night}"),
        "store": str(store),
        "night": f"2026-03-0{night}",
        "clustering": {"n_clusters": 11},
    }


def manifest(store: Path, night: int = 1) -> Path:
    return store / "runs" / "feed=default" / f"night=2026-03-0{night}" / "manifest.json"


def begin(site: Any, store: Path, deployment: str) -> str:
    """Start a run and wait until it embeds."""
    run = str(site.trigger(deployment, config(store)))
    site.wait_for(lambda: bool(list(store.glob("state/results/*/*/check-prepared-*"))))
    return run


def test_a_deployed_night_is_published(site: Any, bell: Any, tmp_path: Path) -> None:
    deployment = site.ask("/deployments/name/nightly/nightly")
    assert deployment["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    store = tmp_path / "store"
    assert site.end_of(site.trigger("nightly/nightly", config(store))) == "Completed"
    assert json.loads(manifest(store).read_text(encoding="utf-8"))["n_clusters"] == 11
    assert list((store / "state" / "results").iterdir())
    scheduled = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"name": {"any_": ["Scheduled"]}}},
    }
    assert site.ask("/flow_runs/filter", scheduled), "the server makes no runs of the schedule"
    assert site.end_of(site.trigger("nightly/weekly-refit", config(store, 2))) == "Completed"
    refitted = json.loads(manifest(store, 2).read_text(encoding="utf-8"))
    assert refitted["config"]["refit"]["every_nights"] == 1
    assert refitted["fit"]["kind"] == "full"
    assert "drift since 2026-03-01" in refitted["fit"]["reason"]
    site.wait_for(lambda: bell.has_heard("nightfold.feed.default has drifted on 2026-03-02"))
    (message,) = bell.told
    alarms = [figure for figure in refitted["fit"]["drift"] if figure["value"] > figure["limit"]]
    assert [line.split()[0] for line in message["body"].splitlines()[1:]] == [
        figure["measure"] for figure in alarms
    ]
    keep = {"store": str(store), "keep": 2}
    assert site.end_of(site.trigger("retention/retention", keep)) == "Completed"
    nowhere = config(store, 3) | {"feed": str(tmp_path / "nowhere")}
    assert site.end_of(site.trigger("nightly/nightly", nowhere)) == "Failed"
    site.wait_for(lambda: bell.has_heard("Failed"))
    assert str(tmp_path / "nowhere") in bell.told[-1]["body"]


def test_a_night_that_did_not_run_is_told(site: Any, bell: Any, tmp_path: Path) -> None:
    written = yaml.safe_load((tmp_path / "automations.yaml").read_text(encoding="utf-8"))
    (missing,) = [it for it in written["automations"] if it["name"] == "a-night-is-missing"]
    missing |= {"name": "a-night-is-missing-soon"}
    missing["trigger"]["within"] = 10  # seconds, the least that Prefect takes
    (tmp_path / "soon.yaml").write_text(yaml.safe_dump({"automations": [missing]}))
    site.prefect("automation", "create", "--from-file", str(tmp_path / "soon.yaml"))
    try:
        site.wait_for(lambda: bell.has_heard("no night of feed-default was published"))
    finally:
        site.prefect("automation", "delete", "a-night-is-missing-soon")


def test_a_killed_server(site: Any, tmp_path: Path) -> None:
    store = tmp_path / "store"
    begin(site, store, "nightly/by-hand")
    site.kill("server")
    site.start_server()
    # The run that the kill has met works on or fails; it publishes the whole night or nothing of it.
    site.wait_for(lambda: site.is_free(store))
    assert site.end_of(site.trigger("nightly/nightly", config(store))) == "Completed"
    assert manifest(store).is_file()


def test_a_killed_worker(site: Any, tmp_path: Path) -> None:
    store = tmp_path / "store"
    begin(site, store, "nightly/nightly")
    site.kill("worker")
    site.start_worker()
    # The run has a process of its own, which outlives the worker.
    site.wait_for(lambda: site.is_free(store))
    assert site.end_of(site.trigger("nightly/by-hand", config(store))) == "Completed"
    assert manifest(store).is_file()
