"""The stage that places passages: a document that speaks of two themes mentions both."""

import numpy as np
import pyarrow as pa
import pytest

from models.core.persistence import save_state
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.placement import NightModels
from tasks.reporting.describe import Described
from tasks.reporting.mention import mention
from tasks.store.embeddings import fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import ModelRef, Store, keep_model, keep_table, read_table
from tasks.vectors.items import WindowRef, lay_out_window, read_night
from tasks.vectors.passages import Passages, distinct_texts, passages_in
from tasks.vectors.views import Views
from validation.schemas import ASSIGNMENTS, CLUSTERS

FOOD, STAFF = np.eye(2, dtype=np.float32)
BOTH = "The food was cold. The staff was slow, too."
TEXTS = {"a": "Food was good.", "b": "Food was bad.", "c": "Staff was rude.", "d": BOTH, "e": BOTH}


@pytest.fixture
def tonight(store: Store) -> NightTable:
    columns = {
        "doc_id": list(TEXTS),
        "text": pa.array(TEXTS.values(), pa.large_string()),
        "text_digest": [f"digest of {text}" for text in TEXTS.values()],
        "title": pa.nulls(5, pa.string()),
        "label": pa.nulls(5, pa.string()),
    }
    return NightTable(night=store.night, table=keep_table(store, "t", pa.table(columns)))


@pytest.fixture
def described(store: Store) -> Described:
    clusters = {"c-1": ["a", "b", "d", "e"], "c-2": ["c"]}
    of = {doc_id: name for name, members in clusters.items() for doc_id in members}
    assigned = [
        {"doc_id": it, "cluster_id": of[it], "confidence": 0.75, "margin": 0.5, "is_outlier": False, "is_new": True}
        for it in TEXTS
    ]  # fmt: skip
    rows = [
        {
            "cluster_id": name, "name": name, "keywords": [], "size": len(members), "share": 0.5, "growth": 0, "cohesion": 0.5,
            "exemplar_doc_ids": [], "first_seen": "x", "last_seen": "x", "status": "born",
        }
        for name, members in clusters.items()
    ]  # fmt: skip
    tables = {
        "assignments": pa.Table.from_pylist(assigned, schema=ASSIGNMENTS),
        "clusters": pa.Table.from_pylist(rows, schema=CLUSTERS),
        "cluster_events": pa.table({"event": pa.array([], pa.string())}),
    }
    return Described(
        tables={name: keep_table(store, "t", it) for name, it in tables.items()},
        n_clusters=2,
        cluster_ids={0: "c-1", 1: "c-2"},
    )


def models_at(store: Store) -> NightModels:
    """The models of a night that published k-means: two centroids, a theme each."""
    facts = {"clusters": [{"cluster_id": "c-1"}, {"cluster_id": "c-2"}]}
    centroids = {"centroids": np.stack([FOOD, STAFF])}
    return NightModels(
        clustering=ModelRef(files={}),
        lexical=ModelRef(files={}),
        identity=keep_model(store, "t", lambda folder: save_state(folder, centroids, facts)),
        settings=ClusteringSettings(),
        published="baseline",
        cluster_ids={},
        whole_of={},
    )


def items_of(store: Store, digests: pa.ChunkedArray, vectors: list[np.ndarray]) -> pa.Table:
    columns = {"text_digest": digests, "embedding": fixed_lists(np.stack(vectors))}
    return keep_table(store, "t", pa.table(columns))


def test_a_document_mentions_the_themes_of_its_passages(
    store: Store, tonight: NightTable, described: Described
) -> None:
    window = lay_out_window([read_night(store, tonight)])
    passages = passages_in(window.texts, "en")
    mixed = (FOOD + STAFF) / np.sqrt(2)
    views = Views(
        items=items_of(store, window.texts["text_digest"], [FOOD, FOOD, STAFF, mixed]),
        window=WindowRef(
            texts=keep_table(store, "t", window.texts),
            documents=keep_table(store, "t", window.documents),
        ),
        embedding_dim=2,
        lexical_dims=(),
        encoder_digest="e",
        encoder_weights="w",
        n_known=0,
    )
    cut = Passages(
        passages=keep_table(store, "t", passages),
        items=items_of(store, distinct_texts(passages)["text_digest"], [FOOD, STAFF]),
    )
    found = mention.fn(store, [tonight], views, cut, models_at(store), described)
    rows = read_table(store, found.tables["mentions"]).to_pylist()
    assert [(it["doc_id"], it["cluster_id"]) for it in rows] == [
        ("a", "c-1"), ("b", "c-1"), ("c", "c-2"), ("d", "c-1"), ("d", "c-2"), ("e", "c-1"), ("e", "c-2"),
    ]  # fmt: skip
    assert [it["confidence"] for it in rows[:3]] == [0.75] * 3
    assert all(it["confidence"] > 0.9 for it in rows[3:])
    clusters = read_table(store, found.tables["clusters"]).to_pylist()
    assert [(it["size"], it["mentions"]) for it in clusters] == [(4, 4), (1, 3)]
    assert found.tables["assignments"] == described.tables["assignments"]
    assert found.cluster_ids == described.cluster_ids
