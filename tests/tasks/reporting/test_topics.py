"""Topics of a night: which clusters are under them, their ids over night, and the tree of both."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.clusters.window import WindowDocuments
from tasks.reporting.topics import (
    FoundTopics,
    KnownTopics,
    find_topics,
    load_topics,
    tree_rows,
    with_topics,
)
from tasks.store.history import PastNight
from tasks.store.storage import Store, keep_table
from validation.tables.cluster_schemas import CLUSTER_TREE

LABELS = np.array([0, 0, 1, 1, 2, 2])
TOPICS = np.array([5, 5, 5, 5, 3, 3])
DOCUMENTS = WindowDocuments(
    [*"abcdef", "twin", "third"], np.array([0, 1, 2, 3, 4, 5, 4, 4]), np.zeros(8, bool)
)
KNOWN = KnownTopics(
    {"t-old": frozenset("abcd"), "t-gone": frozenset("xyz")}, {"t-old": "parcels", "t-gone": "x"}
)


def test_a_topic_that_was_there_keeps_id_and_name_and_another_is_born() -> None:
    found = find_topics(LABELS, TOPICS, DOCUMENTS, KNOWN, "2026-03-02")
    assert found.of_label == {0: 1, 1: 1, 2: 0}
    assert found.ids == {1: "t-old", 0: "t-20260302-001"}
    assert found.kept_names == {1: "parcels"}
    assert [found.id_of(label) for label in range(3)] == ["t-old", "t-old", "t-20260302-001"]


def test_documents_are_counted_and_not_texts() -> None:
    # Three documents of one text went on in the third cluster, two of two texts in the first.
    known = KnownTopics({"t-e": frozenset({"e", "twin", "third", "a", "b"})}, {})
    found = find_topics(LABELS, TOPICS, DOCUMENTS, known, "2026-03-02")
    assert found.id_of(2) == "t-e"


@pytest.mark.parametrize("topics", [LABELS, np.zeros(6, int)])
def test_clusters_that_are_the_only_level_are_under_no_topic(topics: Any) -> None:
    found = find_topics(LABELS, topics, DOCUMENTS, KNOWN, "2026-03-02")
    assert found == FoundTopics({}, {}, {})
    assert found.id_of(2) is None


def row(cluster_id: str, size: int, topic_id: str | None, kind: str = "theme") -> dict[str, Any]:
    named = {"name": f"name of {cluster_id}", "size": size}
    return {"cluster_id": cluster_id, "topic_id": topic_id, "kind": kind, **named}


ROWS = [
    row("c-1", 9, "t-b"),
    row("remarks", 8, None, "remarks"),
    row("c-2", 7, "t-a"),
    row("c-3", 6, "t-a"),
    row("c-4", 1, "t-b"),
]


def test_a_topic_stands_before_its_clusters_and_has_all_of_their_documents() -> None:
    tree = tree_rows(ROWS, {"t-a": "parcels", "t-b": "coffee"})
    assert [(it["node_id"], it["parent_id"], it["level"], it["size"]) for it in tree] == [
        ("t-a", None, "topic", 13),
        ("c-2", "t-a", "theme", 7),
        ("c-3", "t-a", "theme", 6),
        ("t-b", None, "topic", 10),
        ("c-1", "t-b", "theme", 9),
        ("c-4", "t-b", "theme", 1),
        ("remarks", None, "remarks", 8),
    ]
    assert [it["name"] for it in tree[:2]] == ["parcels", "name of c-2"]
    assert len(pa.Table.from_pylist(tree, schema=CLUSTER_TREE)) == 7


def test_without_topics_the_tree_is_the_clusters() -> None:
    rows = [it | {"topic_id": None} for it in ROWS]
    tree = tree_rows(rows, {})
    assert [it["node_id"] for it in tree] == ["c-1", "remarks", "c-2", "c-3", "c-4"]
    assert {it["parent_id"] for it in tree} == {None}


def test_every_assignment_has_the_topic_of_its_cluster() -> None:
    assigned = pa.table({"cluster_id": ["c-2", "c-1", "c-2"]})
    assert with_topics(assigned, ROWS)["topic_id"].to_pylist() == ["t-a", "t-b", "t-a"]


def night(store: Store, **tables: pa.Table) -> PastNight:
    refs = {name: keep_table(store, "t", it) for name, it in tables.items()}
    return PastNight.model_construct(**{"night": date(2026, 3, 1), "cluster_tree": None, **refs})


def test_the_topics_of_the_last_night_are_read_back(store: Store) -> None:
    assigned = pa.table(
        {"doc_id": ["a", "b", "c"], "topic_id": pa.array(["t-1", None, "t-1"], pa.string())}
    )
    tree = pa.table({"node_id": ["t-1", "c-1"], "name": ["parcels", "late"]})
    known = load_topics(store, night(store, assignments=assigned, cluster_tree=tree))
    assert known.members == {"t-1": frozenset("ac")}
    assert known.names["t-1"] == "parcels"


def test_a_first_night_and_one_of_an_older_nightfold_know_no_topics(store: Store) -> None:
    older = night(store, assignments=pa.table({"doc_id": ["a"], "cluster_id": ["c-1"]}))
    assert load_topics(store, None) == load_topics(store, older) == KnownTopics()
