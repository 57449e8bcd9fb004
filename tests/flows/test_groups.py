"""Nights that are clustered by a column: two of them, with all that can happen to a group."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.config import NightlyConfig
from flows.nightly import NightReport, nightly
from tasks.groups import part
from tasks.groups.values import OTHERS, groups_of, slug_of
from tasks.looking.explain import explain
from tasks.operating.assign import assign
from tasks.operating.doctor.examine import examine
from tasks.operating.placeable import Texts
from tasks.store.storage import Store
from tests.flows.kills import KILLED, published, run_night, run_until
from tests.flows.processes import Forked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]

SUBJECTS = (
    "the battery dies before noon", "charging takes the whole night", "the charger gets hot",
    "the parcel came a week late", "the courier left the box outside", "my delivery never arrived",
    "the coffee machine leaks", "the espresso tastes burnt", "the milk frother is loud",
)  # fmt: skip
OPENINGS = ("Sadly", "Well,", "Again", "Honestly,", "To be fair,", "Sorry, but", "Once more", "Hm,")


def rows(app: str, n_openings: int, night: int) -> list[dict[str, str]]:
    return [
        {"id": f"{app}-{night}-{n}", "app": app, "text": f"{opening} {it}, {app} {night}{n}."}
        for n, (opening, it) in enumerate(
            (opening, it) for opening in OPENINGS[:n_openings] for it in SUBJECTS
        )
    ]


SAME = "The delivery never arrived and nobody answers the phone."
NIGHTS = {
    1: [
        *rows("maps", 4, 1),
        *rows("shop", 4, 1),
        *rows("tiny", 1, 1),
        *({"id": f"same-{app}", "app": app, "text": SAME} for app in ("maps", "shop")),
        *({"id": f"short-{number}", "app": "maps", "text": "ok"} for number in range(3)),
    ],
    2: [
        *rows("maps", 1, 2),
        *rows("mail", 4, 2),
        {"id": "none-2", "text": "No app is named here."},
    ],
}


@dataclass
class Nights:
    folder: Path
    reports: dict[int, NightReport]

    def at(self, night: int) -> Store:
        return Store(root=self.folder / "store", feed="default", night=date(2026, 3, night))

    def read(self, table: str, night: int) -> pd.DataFrame:
        store = self.at(night)
        return pd.read_parquet(store.resolve(store.read_manifest().tables[table]))

    def clusters_of(self, night: int) -> pd.Series:
        return self.read("assignments", night).set_index("doc_id").cluster_id

    def run(self, night: int, **config: Any) -> NightReport:
        feed = self.folder / "feed" / f"{night}.jsonl"
        feed.parent.mkdir(parents=True, exist_ok=True)
        feed.write_text("".join(json.dumps(row) + "\n" for row in NIGHTS[night]), encoding="utf-8")
        given = {
            "clustering": {"by": "app"},
            "feed": str(feed),
            "store": self.folder / "store",
            "night": f"2026-03-0{night}",
        }
        return nightly(NightlyConfig.model_validate(given | config))


@pytest.fixture(scope="module")
def nights(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    made = Nights(tmp_path_factory.mktemp("groups"), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "groups_of", partial(groups_of, smallest=30))
        for night in NIGHTS:
            made.reports[night] = made.run(night)
        yield made


def test_every_value_has_clusters_of_its_own_and_there_is_one_table(nights: Nights) -> None:
    clusters, assigned = nights.read("clusters", 1), nights.read("assignments", 1)
    assert clusters.cluster_id.is_unique
    assert clusters.share.sum() == pytest.approx(1)
    assert set(clusters.group.dropna()) == {"maps", "shop", OTHERS}
    groups = dict(zip(clusters.cluster_id, clusters.group, strict=True))
    assert assigned.cluster_id.map(groups).equals(assigned.group)
    app = assigned.doc_id.str.extract("(maps|shop)-")[0]
    assert (assigned.group[app.notna()] == app.dropna()).all()
    assert assigned.group[assigned.doc_id.str.startswith("tiny")].eq(OTHERS).all()
    assert assigned.group[assigned.cluster_id == "remarks"].isna().all()


def test_a_text_of_two_groups_is_in_a_cluster_of_each(nights: Nights) -> None:
    assigned = nights.read("assignments", 1).set_index("doc_id")
    assert (assigned.group["same-maps"], assigned.group["same-shop"]) == ("maps", "shop")
    mentions = nights.read("mentions", 1).set_index("doc_id")
    assert mentions.cluster_id["same-maps"] == assigned.cluster_id["same-maps"]


def test_ids_last_and_a_new_value_is_a_new_group(nights: Nights) -> None:
    before, after = nights.clusters_of(1), nights.clusters_of(2)
    is_maps = before.index.str.startswith(("maps", "shop"))
    assert (after[before.index[is_maps]] == before[is_maps]).mean() > 0.9
    born = set(nights.clusters_of(2)[lambda it: it.index.str.startswith("mail")])
    assert born.isdisjoint(before)
    told = {it.name: it for it in nights.at(2).read_manifest().groups}
    assert list(told) == ["mail", "maps", "shop", OTHERS]
    assert told["mail"].fit["reason"] == "the first night"
    assert told["maps"].slug == slug_of("app", "maps")


def test_documents_are_placed_in_the_group_that_their_value_says(
    nights: Nights, tmp_path: Path
) -> None:
    text = "The battery dies before noon, whatever I try."
    given = [
        *({"id": app, "app": app, "text": text} for app in ("maps", "shop", "never seen")),
        {"id": "same", "app": "shop", "text": SAME},
        {"id": "short", "app": "shop", "text": "ok"},
    ]
    feed = tmp_path / "later.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    placed = assign(nights.at(1), str(feed), tmp_path / "scratch", Texts())
    assert (placed.n_refused, placed.n_ungrouped) == (0, 0)
    found = placed.table.to_pandas().set_index("doc_id")
    clusters = nights.read("clusters", 1).set_index("cluster_id")
    groups = found.cluster_id.map(clusters.group)
    assert list(groups[["maps", "shop", "never seen"]]) == ["maps", "shop", OTHERS]
    assert found.cluster_id["same"] == nights.clusters_of(1)["same-shop"]
    assert found.cluster_id["short"] == "remarks"
    assert list(found.is_known) == [False, False, False, True, True]


def test_a_document_of_a_group_is_explained_by_the_models_of_its_group(nights: Nights) -> None:
    said = explain(nights.at(2), "maps-1-4")
    clusters = nights.read("clusters", 2).set_index("cluster_id")
    assert said.cluster.membership is not None
    assert said.runner_up is not None
    assert clusters.group[[said.cluster.cluster_id, said.runner_up.cluster_id]].eq("maps").all()


def run_in_groups(config: dict[str, Any], line: str = "") -> None:
    """Run a night with groups of few texts; kill it when a stage says a line."""
    vars(part)["groups_of"] = partial(groups_of, smallest=15)
    run_until(config, line) if line else run_night(config)


def test_a_night_that_was_killed_between_its_groups_is_the_same_night(
    forked: Forked, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.jsonl"
    given = [*rows("maps", 2, 1), *rows("shop", 2, 1)]
    feed.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    config = {"clustering": {"by": "app"}, "feed": str(feed), "night": "2026-03-01"}
    killed, whole = (config | {"store": str(tmp_path / name)} for name in ("killed", "whole"))
    # The second time the first group is cached, and it is the second group that says so.
    for _ in ("maps", "shop"):
        assert forked.run(run_in_groups, killed, "describe: done") == KILLED
    assert not list(tmp_path.glob("killed/runs/**/manifest.json"))
    for night in (killed, whole):
        assert forked.run(run_in_groups, night) == 0
    found = published(tmp_path / "killed")
    assert found == published(tmp_path / "whole")
    (manifest,) = (it for name, it in found.items() if name.endswith("manifest.json"))
    assert [it["name"] for it in manifest["groups"]] == ["maps", "shop"]


def test_the_summary_says_which_group_a_cluster_is_in(nights: Nights) -> None:
    summary = Path(nights.reports[2].published.summary).read_text(encoding="utf-8")
    assert "| cluster | group |" in summary
    assert "| (all others) |" in summary.replace("\\", "")


def test_the_store_is_sound_and_the_same_night_again_computes_nothing(nights: Nights) -> None:
    assert list(examine(nights.folder / "store")) == []
    again = nights.run(2)
    assert not again.published.changed
    assert [it.stage for it in again.ran] == ["find feed", "publish", "report"]
