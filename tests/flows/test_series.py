"""A feed of time series goes through the nightly flow as one of texts does, and is as safe in it."""

import csv
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.cli.demo import drawn_series
from flows.config import NightlyConfig
from flows.modality.before import BEFORE, OtherModalityError
from flows.nightly import nightly
from tasks.operating.assign import assign
from tasks.operating.doctor.examine import examine
from tasks.store.storage import Store
from tests.flows.processes import Forked
from tests.flows.stages import stages
from tests.flows.test_crash import KILLED, published, run_night, run_until

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
    pytest.mark.slow,
]

OF_A_KIND = 12
SPOILT = {"series_constant", "series_length", "series_time", "series_missing", "series_gap"}


@dataclass(frozen=True)
class Feed:
    """A store, and a table of recordings for each night."""

    root: Path

    @property
    def store(self) -> Path:
        return self.root / "store"

    def config(self, night: int, **config: Any) -> dict[str, Any]:
        return {
            "modality": "series",
            "feed": f"{self.root}/in/{{night}}.csv",
            "store": str(self.store),
            "night": f"2026-03-0{night}",
            "clustering": {"n_clusters": 4},
            "check": {"max_refused_share": 1.0},
            "evaluate": {"silhouette_tolerance": 2.0},
            "refit": {"max_new_share": 1.0},
            **config,
        }

    def write(self, night: int) -> Path:
        file = self.root / "in" / f"2026-03-0{night}.csv"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drawn_series, "OF_A_KIND", OF_A_KIND)
            drawn_series.write_night(night, date(2026, 3, night), file)
        return file

    def run(self, night: int, **config: Any) -> Any:
        return nightly(NightlyConfig.model_validate(self.config(night, **config)))

    def table(self, name: str, night: int) -> pd.DataFrame:
        folder = self.store / name / "feed=default" / f"night=2026-03-0{night}"
        return pd.read_parquet(folder, partitioning=None)

    def manifest(self, night: int) -> dict[str, Any]:
        path = self.store / "runs" / "feed=default" / f"night=2026-03-0{night}" / "manifest.json"
        return dict(json.loads(path.read_text()))


@pytest.fixture(scope="module")
def first(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """A first night with spoilt recordings, one under two names, and one of no machine."""
    feed = Feed(tmp_path_factory.mktemp("series"))
    file = feed.write(1)
    with file.open(newline="") as source:
        rows = [row for row in csv.reader(source) if row[0] == "0301-0000"]
    with file.open("a", newline="") as target:
        csv.writer(target).writerows([["copy", *row[1:]] for row in rows])
        csv.writer(target).writerow(["", *rows[0][1:]])
    feed.run(1)
    return feed


def test_every_series_is_in_one_place(first: Feed) -> None:
    counts = first.manifest(1)["counts"]
    n_spoilt = len(SPOILT) + 1
    assert counts["read"] == 4 * OF_A_KIND + 2
    assert (counts["accepted"], counts["duplicate"]) == (4 * OF_A_KIND - len(SPOILT), 1)
    assert counts["quarantined"] == n_spoilt
    assert Counter(first.table("quarantine", 1)["rule_id"]) == Counter([*SPOILT, "series_found"])
    assert examine(first.store) == []


def test_what_a_night_publishes(first: Feed) -> None:
    documents, contents = first.table("documents", 1), first.table("contents", 1)
    assert set(documents["text_digest"]) == set(contents["text_digest"])
    assert set(contents["media_type"]) == {"application/x-npy"}
    assert {"n_steps", "n_channels", "hall"} <= set(documents.columns)
    assert "series" not in documents.columns
    assert set(first.manifest(1)["models"]) == {"encoder", "clustering", "identity"}
    page = (first.store / "reports/feed=default/night=2026-03-01/index.html").read_text()
    assert "data:image/png;base64," in page


def test_the_same_night_again_runs_nothing(first: Feed) -> None:
    again = first.run(1)
    assert [it.stage for it in again.ran] == ["find feed", "publish", "report"]
    assert [it.stage for it in again.stages] == list(stages("series"))
    assert not again.published.changed


def test_a_feed_of_images_is_another_feed(first: Feed) -> None:
    with pytest.raises(OtherModalityError, match="modality must be 'series'"):
        first.run(2, modality="images")


def test_a_second_night_goes_on(first: Feed) -> None:
    first.write(2)
    first.run(2)
    before, after = first.manifest(1), first.manifest(2)
    assert after["fit"]["kind"] == "warm", after["fit"]
    assert after["models"]["encoder"] == before["models"]["encoder"]
    ids = [set(first.table("clusters", night)["cluster_id"]) for night in (1, 2)]
    assert ids[0] & ids[1]
    assert examine(first.store) == []


def test_new_series_are_placed_by_the_encoder_that_is_kept(first: Feed, tmp_path: Path) -> None:
    night = Store(root=first.store, feed="default", night=date(2026, 3, 1))
    file = first.root / "in" / "2026-03-02.csv"
    placed = assign(night, str(file), tmp_path, BEFORE["series"].placeable())
    found = placed.table.to_pandas().set_index("doc_id")
    assert not found["is_known"].any()
    labels = first.table("assignments", 2).set_index("doc_id")["cluster_id"]
    # The second night has gone on from these models.
    assert (found["cluster_id"] == labels[found.index]).mean() > 0.8


def test_kill_where_series_are_worked_on_then_run_again(forked: Forked, tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.write(1)
    calm = feed.config(1, store=str(tmp_path / "calm"))
    assert forked.run(run_night, calm) == 0
    for stage in ("look at series", "learn encoder", "embed"):
        assert forked.run(run_until, feed.config(1), f"{stage}: done") == KILLED, stage
        assert not list(feed.store.glob("runs/**/manifest.json"))
    assert forked.run(run_night, feed.config(1)) == 0
    assert published(feed.store) == published(tmp_path / "calm")
