"""The cluster of remarks: a row like that of any cluster, and a place for every document."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.core.arrays import normalise_rows
from tasks.clusters.window import WindowDocuments
from tasks.reporting.remarks import (
    RemarksTonight,
    count_themes,
    read_remarks,
    remarks_assignments,
    remarks_row,
)
from tasks.store.embeddings import fixed_lists
from tasks.store.history import PastNight
from tasks.store.storage import Store, keep_table
from tasks.vectors.items import Remarks, WindowRef
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTERS
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

TEXTS = ["ok", "Good app", "it is good", "😂"]
X = normalise_rows(np.array([[1, 0], [1, 1], [0, 1], [1, 0]], np.float32))
DOCUMENTS = WindowDocuments(
    ["a", "b", "c", "d", "e", "f"], np.array([1, 0, 2, 0, 3, 0]), np.arange(6) > 3
)
BEFORE = {"cluster_id": "remarks", "size": 4, "first_seen": "2026-02-01"}


def row_of(before: dict[str, Any] | None = None) -> dict[str, Any]:
    return remarks_row(RemarksTonight(TEXTS, X, DOCUMENTS, before), "2026-03-02", 24, ["en"])


def test_the_row_says_what_is_said_most_often() -> None:
    row = row_of()
    assert row["name"] == "short remarks: ok, good, app"
    assert row["keywords"] == ["ok", "good", "app"]
    assert (row["cluster_id"], row["kind"], row["topic_id"]) == ("remarks", "remarks", None)
    assert (row["size"], row["share"]) == (6, 0.25)
    assert row["exemplar_texts"] == ["ok", "Good app", "it is good", "😂"]
    assert row["exemplar_doc_ids"] == ["b", "a", "c", "e"]
    centroid = X.mean(axis=0) / np.linalg.norm(X.mean(axis=0))
    assert row["cohesion"] == pytest.approx((X @ centroid).mean())
    assert len(pa.Table.from_pylist([row], schema=CLUSTERS)) == 1


def test_it_goes_on_from_night_to_night() -> None:
    first, next_one = row_of(), row_of(BEFORE)
    assert (first["status"], first["growth"], first["first_seen"]) == ("born", 6, "2026-03-02")
    told = (next_one["status"], next_one["growth"], next_one["first_seen"])
    assert told == ("survived", 2, "2026-02-01")


def test_remarks_without_a_word_have_a_name() -> None:
    remarks = RemarksTonight(["😂"], X[:1], WindowDocuments(["a"], np.array([0]), np.ones(1, bool)), None)  # fmt: skip
    row = remarks_row(remarks, "2026-03-02", 1, [])
    assert (row["name"], row["keywords"]) == ("short remarks", [])


def test_every_document_is_certainly_a_remark() -> None:
    assigned = remarks_assignments(RemarksTonight(TEXTS, X, DOCUMENTS, None))
    assert assigned.schema == ASSIGNMENTS
    assert assigned["doc_id"].to_pylist() == DOCUMENTS.doc_ids
    assert assigned["is_new"].to_pylist() == [False] * 4 + [True] * 2
    for name, value in {"cluster_id": "remarks", "confidence": 1, "margin": 1, "is_outlier": False, "topic_id": None}.items():  # fmt: skip
        assert set(assigned[name].to_pylist()) == {value}


def test_what_was_set_apart_is_read_with_last_nights_row(store: Store) -> None:
    nights = [date(2026, 3, 1), store.night]
    texts = pa.table([["0", "1"], pa.array(["ok", "good"], pa.large_string()), nights], schema=WINDOW_TEXTS)  # fmt: skip
    documents = pa.table([["a", "b"], [1, 0], nights, pa.nulls(2, pa.string())], schema=WINDOW_DOCUMENTS)  # fmt: skip
    kept = Remarks(
        window=WindowRef(
            texts=keep_table(store, "t", texts), documents=keep_table(store, "t", documents)
        ),
        items=keep_table(store, "t", pa.table({"embedding": fixed_lists(X[:2])})),
    )
    clusters = keep_table(
        store, "t", pa.Table.from_pylist([BEFORE, BEFORE | {"cluster_id": "c-1"}])
    )
    found = read_remarks(store, kept, PastNight.model_construct(clusters=clusters))
    assert found is not None
    assert (found.texts, found.before) == (["ok", "good"], BEFORE)
    assert found.documents.items.tolist() == [1, 0]
    assert found.documents.is_new.tolist() == [False, True]
    np.testing.assert_array_equal(found.X, X[:2])
    first = read_remarks(store, kept, None)
    assert first is not None
    assert first.before is None
    assert read_remarks(store, None, None) is None


def test_the_cluster_of_remarks_is_no_theme() -> None:
    assert count_themes(["c-1", "remarks", "c-2", "c-1"]) == 2
    assert count_themes(["c-1"]) == 1
