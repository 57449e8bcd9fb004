"""The documented site, really started: PostgreSQL, Prefect server, process worker, deployment.

And what a kill of the server or the worker in the middle of a run leaves: the next run ends well.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.preparing.texts.cleaning import text_digest
from tasks.store.embeddings import EmbeddingShelf
from tasks.vectors.encoder import EmbedSettings, encoder_ref, load_encoder

pytestmark = pytest.mark.slow

KNOWN = (
    "the battery dies before noon", "charging takes the whole night", "the charger gets hot",
    "the parcel came a week late", "the courier left the box outside", "my delivery never arrived",
    "the coffee machine leaks", "the espresso tastes burnt", "the milk frother is loud",
)  # fmt: skip
NEW = ("the garden hose bursts", "the lawn mower stalls", "weeds grow in the flower bed")
OPENINGS = ("Sadly", "Well,", "Again", "Honestly,", "To be fair,", "Sorry, but", "Once more", "Hm,")


def texts_of(night: int) -> list[str]:
    """Return the texts of a night: on the second one everybody writes of something new."""
    subjects = KNOWN if night == 1 else NEW
    return [f"{opening} {subject}." for opening in OPENINGS for subject in subjects]


def embed_texts(store: Path, texts: list[str]) -> None:
    """Put the vectors of texts into a store: every process of a run would load the encoder anew."""
    used = encoder_ref("all-MiniLM-L6-v2", EmbedSettings(), "auto")
    vectors = load_encoder(used, EmbedSettings(), "cpu").encode(texts)
    shelf = EmbeddingShelf(store, used.name, used.digest)
    shelf.add([text_digest(None, text) for text in texts], vectors)


def config(store: Path, night: int = 1, **clustering: Any) -> dict[str, Any]:
    """Configure a night and write its feed."""
    feed = store.with_name(f"reviews-{night}.jsonl")
    rows = ({"id": f"n{night}-{it}", "text": text} for it, text in enumerate(texts_of(night)))
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {
        "feed": str(feed),
        "store": str(store),
        "night": f"2026-03-0{night}",
        "clustering": {"n_clusters": 3} | clustering,
    }


def manifest(store: Path, night: int = 1) -> Path:
    return store / "runs" / "feed=default" / f"night=2026-03-0{night}" / "manifest.json"


@pytest.fixture(scope="module")
def after_kills(site: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The store that runs worked on whose server and whose worker were killed; how the next one ended."""
    store = tmp_path_factory.mktemp("killed") / "store"
    embed_texts(store, texts_of(night=1) + texts_of(night=2))
    night = config(store, estimator="k-means")
    site.trigger("nightly/by-hand", night)
    site.wait_for(lambda: bool(list(store.glob("state/results/*/*/check-prepared-*"))))
    site.kill("server")
    site.start_server()
    site.wait_for(lambda: site.is_free(store))

    second = site.trigger("nightly/nightly", night)
    site.wait_for(lambda: site.state(second) == "Running")
    site.kill("worker")
    site.start_worker()
    # The run has a process of its own, which outlives the worker.
    site.wait_for(lambda: site.state(second) != "Running" and site.is_free(store))
    return store, site.end_of(site.trigger("nightly/nightly", config(store)))


def test_after_a_killed_server_and_a_killed_worker_the_next_run_ends_well(
    after_kills: tuple[Path, str],
) -> None:
    """A run that a kill has met works on or fails; it publishes the whole night or nothing of it."""
    store, end = after_kills
    assert end == "Completed"
    assert manifest(store).is_file()


def test_a_deployed_night_is_published(
    site: Any, bell: Any, after_kills: tuple[Path, str], tmp_path: Path
) -> None:
    deployment = site.ask("/deployments/name/nightly/nightly")
    assert deployment["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    store, _ = after_kills
    assert json.loads(manifest(store).read_text(encoding="utf-8"))["n_clusters"] == 3
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
    (message,) = [it for it in bell.told if "has drifted" in it["subject"]]
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


def test_a_night_that_did_not_run_is_told(site: Any, bell: Any) -> None:
    written = yaml.safe_load(bell.automations.read_text(encoding="utf-8"))
    (missing,) = [it for it in written["automations"] if it["name"] == "a-night-is-missing"]
    missing["trigger"]["within"] = 10  # seconds, the least that Prefect takes
    site.ask("/automations/", missing | {"name": "a-night-is-missing-soon"})
    site.wait_for(lambda: bell.has_heard("no night of feed-default was published"))
