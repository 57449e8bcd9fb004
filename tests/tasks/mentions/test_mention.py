"""The stage that places passages: a document that speaks of two themes mentions both."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.core.persistence import save_state
from models.text import passage_themes
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.placement import NightModels
from tasks.curating.curate import Curated
from tasks.mentions.mention import Found, FoundPart, mention
from tasks.reporting.describe import Described
from tasks.store.embeddings import fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import ModelRef, Store, keep_model, keep_table, read_table
from tasks.vectors.items import Remarks, Window, WindowRef, lay_out_window, read_night
from tasks.vectors.passages import Passages, distinct_texts, passages_in
from tasks.vectors.views import Views
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTERS
from validation.tables.columns import REMARKS
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

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


def views_at(store: Store, tonight: NightTable, remarks: Remarks | None = None) -> Views:
    window = lay_out_window([read_night(store, tonight)])
    mixed = (FOOD + STAFF) / np.sqrt(2)
    return Views(
        items=items_of(store, window.texts["text_digest"], [FOOD, FOOD, STAFF, mixed]),
        window=kept(store, window),
        embedding_dim=2,
        lexical_dims=(),
        encoder_digest="e",
        encoder_weights="w",
        remarks=remarks,
        n_known=0,
    )


def kept(store: Store, window: Window) -> WindowRef:
    texts, documents = (keep_table(store, "t", table) for table in window)
    return WindowRef(texts=texts, documents=documents)


def cut_at(store: Store, views: Views) -> Passages:
    passages = passages_in(read_table(store, views.window.texts), "en")
    return Passages(
        passages=keep_table(store, "t", passages),
        items=items_of(store, distinct_texts(passages)["text_digest"], [FOOD, STAFF]),
        encoder_digest="d",
    )


def mentioned(
    store: Store,
    tonight: NightTable,
    views: Views,
    described: Described,
    curation: dict[str, Any] | None = None,
) -> Curated:
    tables = described.tables
    part = FoundPart(
        models=models_at(store), clusters=tables["clusters"], n_texts=views.window.texts.rows
    )
    found = Found(parts=[part], assignments=tables["assignments"])
    curated = Curated(**described.model_dump(), curation=curation or {})
    return mention.fn(store, [tonight], views, cut_at(store, views), found, curated)


def test_passages_go_where_a_person_has_put_their_cluster(
    store: Store, tonight: NightTable, described: Described
) -> None:
    views, merged = views_at(store, tonight), {"merged": {"c-2": "c-1"}}
    found = mentioned(store, tonight, views, described, merged)
    rows = read_table(store, found.tables["mentions"]).to_pylist()
    assert [it["cluster_id"] for it in rows if it["doc_id"] == "d"] == ["c-1", "c-1"]


def test_a_document_mentions_the_themes_of_its_passages(
    store: Store, tonight: NightTable, described: Described
) -> None:
    views = views_at(store, tonight)
    found = mentioned(store, tonight, views, described)
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


def test_passages_are_placed_by_the_names_of_clusters_and_count_by_documents(
    store: Store,
    tonight: NightTable,
    described: Described,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, asked = passage_themes.themes_of_passages, []

    def spy(passages: Any, q: Any, known: Any, names: Any, stop_words: Any) -> Any:
        asked.append((passages.texts, passages.n_documents.tolist(), names))
        return place(passages, q, known, names, stop_words)

    monkeypatch.setattr(passage_themes, "themes_of_passages", spy)
    mentioned(store, tonight, views_at(store, tonight), described)
    of_both = ["The food was cold.", "The staff was slow, too."]
    assert asked == [(of_both, [2, 2], {0: ["c-1"], 1: ["c-2"]})]


def test_remarks_mention_their_own_cluster_alone(
    store: Store, tonight: NightTable, described: Described
) -> None:
    text = "Five stars for you all. Would buy it again."
    digests = {"text_digest": ["digest of remark"], "text": [text], "night": [store.night]}
    documents = {"doc_id": ["r"], "position": [0], "night": [store.night], "label": [None]}
    window = Window(
        pa.table(digests, schema=WINDOW_TEXTS), pa.table(documents, schema=WINDOW_DOCUMENTS)
    )
    remarks = Remarks(window=kept(store, window), items=keep_table(store, "t", window.texts))
    views = views_at(store, tonight, remarks)
    of = {"doc_id": "r", "cluster_id": REMARKS, "confidence": 1.0, "is_new": True}
    also = {
        "assignments": pa.Table.from_pylist(
            [of | {"margin": 1.0, "is_outlier": False}], schema=ASSIGNMENTS
        ),
        "clusters": pa.table(
            {name: [REMARKS] if name == "cluster_id" else [None] for name in CLUSTERS.names},
            schema=pa.schema([field.with_nullable(True) for field in CLUSTERS]),
        ),
    }
    tables = {
        name: keep_table(
            store, "t", pa.concat_tables([read_table(store, described.tables[name]), it], promote_options="permissive")
        )
        for name, it in also.items()
    }  # fmt: skip
    both = described.model_copy(update={"tables": described.tables | tables})
    found = mentioned(store, tonight, views, both)
    row = read_table(store, found.tables["mentions"]).to_pylist()[-1]
    assert (row["doc_id"], row["passage"], row["cluster_id"]) == ("r", text, REMARKS)
    assert (row["start"], row["end"]) == (0, len(text))
    counted = read_table(store, found.tables["clusters"]).to_pylist()
    assert [it["mentions"] for it in counted] == [4, 3, 1]
