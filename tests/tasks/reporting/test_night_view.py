from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tasks.reporting.night_view import NightView, read_night, view_of
from tasks.reporting.published import NoNightError
from tasks.store.manifests import Manifest
from tasks.store.sealed import write_sealed
from tasks.store.storage import DamagedFileError, Store

PublishNight = Callable[..., dict[str, Any]]


def test_a_published_night_is_read_back_the_largest_cluster_first(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["a", "b", "c"])
    night = read_night(store)
    assert [(row["cluster_id"], row["size"]) for row in night.clusters] == [("c-1", 2), ("c-2", 1)]
    assert list(night.events) == []
    assert (night.manifest.feed, night.manifest.night) == ("reviews", "2026-03-02")
    assert night.fit is None
    assert night.column_changes == []


def test_a_notebook_reads_the_last_night_or_another_by_one_call(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(1, ["a"])
    publish_night(2, ["a", "b"])
    last = NightView.open(str(store.root))
    assert (last.manifest.night, len(last.clusters)) == ("2026-03-02", 2)
    assert NightView.open(store.root, "2026-03-01", "reviews").manifest.night == "2026-03-01"
    with pytest.raises(NoNightError, match="2026-03-05"):
        NightView.open(store.root, date(2026, 3, 5))


def test_a_night_whose_table_is_gone_is_not_shown(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["a"])
    store.resolve(store.read_manifest().tables["clusters"]).unlink()
    with pytest.raises(DamagedFileError, match="clusters"):
        read_night(store)


def test_a_cluster_has_the_name_of_the_topic_above_it() -> None:
    tree = [
        {"node_id": "t-1", "parent_id": None, "name": "parcels"},
        {"node_id": "c-1", "parent_id": "t-1", "name": "late"},
        {"node_id": "remarks", "parent_id": None, "name": "short remarks"},
    ]
    assert view_of(Manifest.model_construct(), [], [], tree).topics == {"c-1": "parcels"}


def test_a_night_of_an_older_nightfold_has_no_tree(
    store: Store, publish_night: PublishNight
) -> None:
    manifest = publish_night(2, ["a"])
    del manifest["tables"]["cluster_tree"]
    write_sealed(store.manifest_path(), manifest)
    night = read_night(store)
    assert (list(night.tree), night.topics) == ([], {})
    assert night.clusters[0]["name"] == "name of c-1"


def test_clusters_of_one_size_come_by_their_ids() -> None:
    rows = [{"cluster_id": it, "size": 3} for it in "bca"]
    found = view_of(Manifest.model_construct(), rows, [])
    assert [row["cluster_id"] for row in found.clusters] == ["a", "b", "c"]


def test_parts_of_the_manifest_are_read_as_what_they_are() -> None:
    fit = {"kind": "warm", "since": "2026-02-25", "reason": "r", "recipe": "k", "drift": []}
    change = {
        "column": "stars", "was": "double", "found": "text", "rows": 1, "file": "a", "row": 7,
        "kept_in": "b",
    }  # fmt: skip
    manifest = Manifest.model_construct(fit=fit, column_changes=[change])
    night = view_of(manifest, [], [])
    assert night.fit is not None
    assert night.fit.since == date(2026, 2, 25)
    assert night.column_changes[0].column == "stars"
