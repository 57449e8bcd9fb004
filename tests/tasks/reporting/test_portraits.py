"""Clusters as people know them, from arrays alone: no store, no models on disk."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.core.arrays import normalise_rows
from models.identity.clusters import KnownCluster
from tasks.clusters.identify import IdentityRules
from tasks.clusters.window import WindowDocuments
from tasks.reporting.portraits import Description, Tonight, portray
from tasks.reporting.remarks import RemarksTonight
from tasks.reporting.topics import KnownTopics

TOPICS = np.array([0] * 12 + [1] * 8)
IDS = [f"d{n:02d}" for n in range(20)]
TEXTS = [f"{'coffee machine leaks' if topic == 0 else 'parcel came late'} no{n}" for n, topic in enumerate(TOPICS)]  # fmt: skip


def tonight() -> Tonight:
    noise = np.random.default_rng(0).normal(0, 0.05, (20, 4))
    return Tonight(
        night="2026-03-02",
        encoder_digest="e",
        X=normalise_rows((np.eye(4)[TOPICS] + noise).astype(np.float32)),
        texts=TEXTS,
        documents=WindowDocuments(IDS, np.arange(20), np.arange(20) % 4 == 3),
        decided=pa.table(
            {
                "label": pa.array(TOPICS.astype(np.int32)),
                "confidence": pa.array(np.full(20, 0.9, np.float32)),
                "margin": pa.array(np.full(20, 0.8, np.float32)),
                "is_outlier": pa.array(np.zeros(20, bool)),
            }
        ),
        topics=TOPICS,
        remarks=None,
        stability={0: 0.75},
        parted_from={},
        languages=["en"],
    )


def portrayed(given: Tonight, known: list[KnownCluster] | None = None) -> Description:
    return portray(given, known or [], KnownTopics(), IdentityRules())


def test_the_largest_cluster_comes_first_with_all_that_is_known_of_it() -> None:
    first, second = portrayed(tonight()).clusters
    assert (first["cluster_id"], first["size"], first["status"]) == ("c-20260302-001", 12, "born")
    assert first["share"] == 0.6
    assert (first["stability"], second["stability"]) == (0.75, None)
    assert "coffee" in first["name"]
    assert set(first["exemplar_doc_ids"]) < set(IDS[:12])


def known_as(name: str) -> KnownCluster:
    """Return the cluster of the parcels as last night knew it."""
    centroid = np.eye(4, dtype=np.float32)[1]
    return KnownCluster(
        "c-old", centroid, centroid, frozenset(IDS[12:18]), name, "2026-02-01", "2026-03-01", 6
    )


def row_of(shown: Description, cluster_id: str) -> dict[str, Any]:
    (row,) = [row for row in shown.clusters if row["cluster_id"] == cluster_id]
    return row


def test_a_cluster_that_continues_keeps_id_name_and_first_night_and_says_how_it_grew() -> None:
    before = known_as("late, parcel")
    row = row_of(portrayed(tonight(), [before]), "c-old")
    assert (row["name"], row["first_seen"], row["growth"]) == ("late, parcel", "2026-02-01", 2)
    row = row_of(portrayed(tonight(), [replace(before, nights_absent=1)]), "c-old")
    assert (row["status"], row["growth"]) == ("returned", 8)


def test_a_name_that_does_not_describe_the_cluster_any_more_is_given_up() -> None:
    shown = portrayed(tonight(), [known_as("toaster")])
    assert "late" in row_of(shown, "c-old")["name"]
    assert "renamed" in {it["event"] for it in shown.events if it["cluster_id"] == "c-old"}


def test_stop_words_are_those_of_the_languages_of_the_texts() -> None:
    texts = [f"{'voor' if topic == 0 else 'later'} no{n}" for n, topic in enumerate(TOPICS)]
    given = replace(tonight(), texts=texts)
    assert portrayed(given).clusters[0]["name"] == "voor"
    assert portrayed(replace(given, languages=["nl"])).clusters[0]["name"] != "voor"


def test_of_several_documents_with_one_text_the_first_shows_the_cluster() -> None:
    given = tonight()
    twins = WindowDocuments([*IDS, "twin"], np.append(np.arange(20), 0), np.zeros(21, bool))
    shown = portrayed(replace(given, documents=twins))
    assert shown.assignments["doc_id"].to_pylist()[-1] == "twin"
    assert shown.clusters[0]["size"] == 13
    assert all("twin" not in row["exemplar_doc_ids"] for row in shown.clusters)


def test_every_document_has_the_cluster_of_its_text() -> None:
    rows = portrayed(tonight()).assignments.to_pylist()
    assert {row["cluster_id"] for row in rows[:12]} == {"c-20260302-001"}
    assert {row["cluster_id"] for row in rows[12:]} == {"c-20260302-002"}
    assert [row["is_new"] for row in rows[:4]] == [False, False, False, True]


def test_tomorrow_a_parted_cluster_is_known_to_come_from_its_parent() -> None:
    _, story = portrayed(replace(tonight(), parted_from={1: "c-parent"})).identity
    assert {told["cluster_id"]: told["parted_from"] for told in story["clusters"]} == {
        "c-20260302-001": None,
        "c-20260302-002": "c-parent",
    }


def test_topics_stand_above_clusters_and_remarks_beside_them() -> None:
    labels = np.repeat([0, 1, 2], [8, 4, 8])
    given = tonight()
    decided = given.decided.set_column(0, "label", pa.array(labels.astype(np.int32)))
    said = WindowDocuments(["r0", "r1", "r2"], np.array([0, 1, 0]), np.array([False, True, True]))
    remarks = RemarksTonight(["ok", "good"], np.eye(2, 4, dtype=np.float32), said, None)
    shown = portrayed(replace(given, decided=decided, remarks=remarks))
    clusters = {row["cluster_id"]: row for row in shown.clusters}
    assert {row["cluster_id"]: row["size"] for row in shown.clusters} == {
        "c-20260302-001": 8,
        "c-20260302-002": 8,
        "c-20260302-003": 4,
        "remarks": 3,
    }
    assert sum(row["share"] for row in shown.clusters) == pytest.approx(1)
    assert [row["kind"] for row in shown.clusters] == ["theme"] * 3 + ["remarks"]
    topics = [row["topic_id"] for row in shown.clusters]
    assert topics == ["t-20260302-001", "t-20260302-002", "t-20260302-001", None]
    tree = {row["node_id"]: row for row in shown.tree}
    assert tree["t-20260302-001"]["size"] == 12
    assert "coffee" in tree["t-20260302-001"]["name"]
    assert tree.keys() == clusters.keys() | {"t-20260302-001", "t-20260302-002"}
    assigned = shown.assignments.to_pylist()
    assert [row["doc_id"] for row in assigned] == [*IDS, "r0", "r1", "r2"]
    assert all(row["topic_id"] == clusters[row["cluster_id"]]["topic_id"] for row in assigned)
    # Nothing recognises remarks tomorrow, and nothing has to.
    _, story = shown.identity
    assert "remarks" not in {told["cluster_id"] for told in story["clusters"]}
    assert all(len(row["exemplar_texts"]) == len(row["exemplar_doc_ids"]) for row in shown.clusters)
    texts = dict(zip(IDS, TEXTS, strict=True))
    shown_by = clusters["c-20260302-002"]
    assert shown_by["exemplar_texts"] == [texts[it] for it in shown_by["exemplar_doc_ids"]]
    assert set(shown.tables()) == {"assignments", "clusters", "cluster_tree", "cluster_events"}
