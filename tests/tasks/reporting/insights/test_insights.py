"""The stage as a function of tables."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from tasks.reporting.describe import Described
from tasks.reporting.insights.insights import Insights, find_insights
from tasks.reporting.insights.roles import Roles
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table, read_table

KeepNight = Callable[..., NightTable]
LANGUAGES = {"en": 1.0}


@pytest.fixture
def described(store: Store) -> Described:
    """Two clusters of a night of four documents and a night of two."""
    members = {"c-1": ["1-0", "1-2", "2-1"], "c-2": ["1-1", "1-3", "2-0"]}
    pairs = [(doc_id, name) for name, its in members.items() for doc_id in its]
    assigned = pa.table(dict(zip(("doc_id", "cluster_id"), zip(*pairs, strict=True), strict=True)))
    clusters = pa.table({"cluster_id": ["c-1", "c-2"], "name": ["one", "two"]})
    tables = {"assignments": assigned, "clusters": clusters}
    kept = {name: keep_table(store, "made", it) for name, it in tables.items()}
    return Described(tables=kept, n_clusters=2, cluster_ids={})


def rows(store: Store, found: Insights, table: str) -> list[dict[str, object]]:
    return read_table(store, found.tables[table]).to_pylist()


def test_a_feed_of_ratings_has_them_by_cluster(
    store: Store, described: Described, keep_night: KeepNight
) -> None:
    window = [
        keep_night({"stars": pa.array([5.0, 1.0, 4.0, 2.0])}),
        keep_night({"stars": pa.array([3.0, None])}, day=2),
    ]
    last = keep_table(store, "made", pa.table({"cluster_id": ["c-1"], "mean_rating": [4.0]}))
    roles = Roles(ratings=["stars"], has_source=False, last_ratings=last)
    found = find_insights.fn(store, window, described, LANGUAGES, roles)
    rated = rows(store, found, "ratings")
    assert [(it["n_rated"], it["mean_rating"], it["change"]) for it in rated] == [
        (2, 4.5, 0.5),
        (3, 2.0, None),
    ]
    assert [it["n_new"] for it in rows(store, found, "emergence")] == [1, 1]
    assert found.facts()["rating"]["columns"] == ["stars"]


def test_a_feed_of_texts_alone_has_no_ratings(
    store: Store, described: Described, keep_night: KeepNight
) -> None:
    window = [keep_night({"title": pa.array(["t"] * 4)}), keep_night({"title": ["t"] * 2}, day=2)]
    found = find_insights.fn(
        store, window, described, LANGUAGES, Roles(ratings=[], has_source=False)
    )
    assert rows(store, found, "ratings") == rows(store, found, "breakdown") == []
    assert found.facts() == {}
