"""The documented site, really started: PostgreSQL, Prefect server, process worker, deployment."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "flows" / "sample"


def test_a_deployed_night_is_published(site: Any, tmp_path: Path) -> None:
    deployment = site.ask("/deployments/name/nightly/nightly")
    assert deployment["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    store = tmp_path / "store"
    config = {
        "feed": str(SAMPLE / "night-1"),
        "store": str(store),
        "night": "2026-03-01",
        "clustering": {"n_clusters": 11},
    }
    assert site.end_of(site.trigger("nightly/nightly", config)) == "Completed"
    manifest = store / "runs" / "feed=default" / "night=2026-03-01" / "manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["n_clusters"] == 11
    assert list((store / "state" / "results").iterdir())
    scheduled = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"name": {"any_": ["Scheduled"]}}},
    }
    assert site.ask("/flow_runs/filter", scheduled), "the server makes no runs of the schedule"
    keep = {"store": str(store), "keep": 2}
    assert site.end_of(site.trigger("retention/retention", keep)) == "Completed"
