"""Tonight's clusters as people know them: ids, names, examples, events; memory from night to night."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.identity.clusters import KnownCluster, TonightCluster
from models.identity.events import remember
from tasks.clusters.identify import IdentityRules, load_known
from tasks.clusters.refine import Refined
from tasks.reporting.describe import Described, describe
from tasks.reporting.evaluate import Evaluation
from tasks.store.embeddings import fixed_lists
from tasks.store.history import NightTable, PastNight
from tasks.store.storage import ModelRef, Store, keep_table, read_table
from tasks.vectors.items import WindowRef, lay_out_window, read_night
from tasks.vectors.views import Views

TOPICS = ["coffee machine leaks", "parcel came late", "battery dies fast"]


class Nights:
    """Describe made-up nights one after the other, each document a topic and a number."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.window: list[NightTable] = []
        self.topics: list[int] = []
        self.last: PastNight | None = None

    def run(
        self, day: int, topics: list[int], encoder: str = "e", merged: dict[int, int] | None = None
    ) -> Described:
        """Add a night's documents, one for each topic given, and describe the window.

        With ``merged``, documents of a topic are put into the cluster of another that night.
        """
        store = Store(root=self.root, feed="f", night=date(2026, 3, day))
        first = len(self.topics)
        self.topics += topics
        numbers = range(first, len(self.topics))
        texts = [f"{TOPICS[self.topics[n] % 3]} number{n}" for n in numbers]
        documents = pa.table(
            {
                "doc_id": [f"d{n:03d}" for n in numbers],
                "text_digest": [f"{n:064x}" for n in numbers],
                "title": pa.array([None] * len(texts), pa.string()),
                "text": pa.array(texts, pa.large_string()),
                "label": pa.array([None] * len(texts), pa.string()),
            }
        )
        self.window.append(NightTable(night=store.night, table=keep_table(store, "t", documents)))
        found = self._describe(store, encoder, merged or {})
        self.last = PastNight(
            night=store.night,
            rows=1,
            documents=self.window[-1].table,
            assignments=found.tables["assignments"],
            clusters=found.tables["clusters"],
            identity=found.models["identity"],
            lexical=ModelRef(files={}),
            clustering=ModelRef(files={}),
            published="refined",
            fit=None,
        )
        return found

    def _describe(self, store: Store, encoder: str, merged: dict[int, int]) -> Described:
        n = len(self.topics)
        found = [merged.get(topic, topic) for topic in self.topics]
        rng = np.random.default_rng(0)
        X = np.eye(8, dtype=np.float32)[self.topics] + rng.normal(0, 0.05, (n, 8)).astype(
            np.float32
        )
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        digests = pa.array([f"{number:064x}" for number in range(n)])
        items = pa.table([digests, fixed_lists(X)], names=["text_digest", "embedding"])
        labels = pa.table(
            {
                "text_digest": digests,
                "label": pa.array(np.unique(found, return_inverse=True)[1].astype(np.int32)),
                "topic": pa.array(np.zeros(n, np.int32)),
                "confidence": pa.array(np.full(n, 0.9, np.float32)),
                "margin": pa.array(np.full(n, 0.8, np.float32)),
                "is_outlier": pa.array(np.zeros(n, bool)),
            }
        )
        kept = keep_table(store, "t", labels)
        window = lay_out_window([read_night(store, night) for night in self.window])
        views = Views(
            items=keep_table(store, "t", items),
            window=WindowRef(
                texts=keep_table(store, "t", window.texts),
                documents=keep_table(store, "t", window.documents),
            ),
            embedding_dim=8,
            lexical_dims=(),
            encoder_digest=encoder,
            encoder_weights="w",
            n_known=0,
        )
        evaluation = Evaluation(
            labels=kept, published="refined", reason="", trust="", stability={0: 0.75}
        )
        refined = Refined(labels=kept, n_clusters=n, label_of={})
        return describe.fn(store, views, refined, evaluation, self.last, IdentityRules())


def rows(nights: Nights, ref: Any) -> list[dict[str, Any]]:
    store = Store(root=nights.root, feed="f", night=date(2026, 3, 1))
    return list(read_table(store, ref).to_pylist())


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_the_first_night_names_every_cluster(nights: Nights) -> None:
    found = nights.run(1, [0] * 10 + [1] * 8)
    clusters = rows(nights, found.tables["clusters"])
    assert [(row["cluster_id"], row["size"], row["growth"], row["status"]) for row in clusters] == [
        ("c-20260301-001", 10, 10, "born"),
        ("c-20260301-002", 8, 8, "born"),
    ]
    assert "coffee" in clusters[0]["name"]
    assert set(clusters[0]["exemplar_doc_ids"]) <= {f"d{n:03d}" for n in range(10)}
    assert 0.9 < clusters[0]["cohesion"] <= 1
    assert [row["stability"] for row in clusters] == [0.75, None]


def test_ids_names_and_stories_go_on(nights: Nights) -> None:
    first = nights.run(1, [0] * 10 + [1] * 8)
    second = nights.run(2, [1] * 12 + [2] * 6)
    before = {row["cluster_id"]: row for row in rows(nights, first.tables["clusters"])}
    after = {row["cluster_id"]: row for row in rows(nights, second.tables["clusters"])}
    assert set(before) < set(after)
    assert after["c-20260301-002"]["growth"] == 12
    assert [row["share"] for row in after.values()] == pytest.approx(
        [row["size"] / sum(it["size"] for it in after.values()) for row in after.values()]
    )
    assert after["c-20260301-002"]["name"] == before["c-20260301-002"]["name"]
    assert after["c-20260301-002"]["first_seen"] == "2026-03-01"
    assert after["c-20260302-001"]["status"] == "born"
    assignments = rows(nights, second.tables["assignments"])
    assert [row["is_new"] for row in assignments] == [False] * 18 + [True] * 18


def test_another_encoder_matches_by_shared_documents_alone(nights: Nights) -> None:
    nights.run(1, [0] * 10 + [1] * 8, encoder="old")
    second = nights.run(2, [0] * 2, encoder="new")
    assert {row["cluster_id"] for row in rows(nights, second.tables["clusters"])} == {
        "c-20260301-001",
        "c-20260301-002",
    }


def test_a_night_without_its_documents_is_an_event(nights: Nights) -> None:
    nights.run(1, [0] * 10 + [1] * 8)
    nights.window, nights.topics = [], []
    second = nights.run(2, [2] * 9)
    events = {
        (row["event"], row["cluster_id"]) for row in rows(nights, second.tables["cluster_events"])
    }
    assert {
        ("vanished", "c-20260301-001"),
        ("vanished", "c-20260301-002"),
        ("born", "c-20260302-001"),
    } <= events


def test_a_cluster_that_was_away_a_night_is_known_by_its_documents(nights: Nights) -> None:
    nights.run(1, [0] * 30 + [1] * 20)
    away = nights.run(2, [0] * 5, merged={1: 0})
    assert ("merged", "c-20260301-001") in events(nights, away)
    back = nights.run(3, [1] * 4)
    returned = [
        row for row in rows(nights, back.tables["cluster_events"]) if row["event"] == "returned"
    ]
    # All of its twenty documents and no others but tonight's: overlap and no mere nearness.
    assert [(row["cluster_id"], row["overlap"]) for row in returned] == [("c-20260301-002", 1.0)]


def test_the_documents_of_a_cluster_that_is_away_are_remembered_for_nights(nights: Nights) -> None:
    nights.run(1, [0] * 30 + [1] * 20)
    for day in (2, 3, 4):
        nights.run(day, [0] * 5, merged={1: 0})
    back = nights.run(5, [0] * 5)
    returned = [
        row for row in rows(nights, back.tables["cluster_events"]) if row["event"] == "returned"
    ]
    assert [(row["cluster_id"], row["overlap"]) for row in returned] == [("c-20260301-002", 1.0)]


def test_documents_that_came_on_the_last_night_of_a_cluster_are_remembered_too(
    nights: Nights,
) -> None:
    nights.run(1, [0] * 30 + [1] * 6)
    nights.run(2, [1] * 14)
    nights.run(3, [0] * 5, merged={1: 0})
    store = Store(root=nights.root, feed="f", night=date(2026, 3, 4))
    ids = frozenset(f"d{n:03d}" for n in range(55))
    known = {it.cluster_id: it for it in load_known(store, nights.last, ids, "e")}
    assert known["c-20260301-002"].nights_absent == 1
    assert len(known["c-20260301-002"].member_ids) == 20
    without = load_known(store, nights.last, frozenset({"d030"}), "e")
    assert {it.member_ids for it in without} == {frozenset({"d030"})}


def test_the_documents_of_tonight_are_members_of_what_is_remembered(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[TonightCluster] = []

    def spy(tonight: list[TonightCluster], *words: Any, **named: Any) -> list[KnownCluster]:
        given.extend(tonight)
        return remember(tonight, *words, **named)

    monkeypatch.setattr("models.identity.events.remember", spy)
    nights.run(1, [0] * 10 + [1] * 8)
    assert [len(cluster.member_ids) for cluster in given] == [10, 8]


def test_another_cluster_near_the_one_that_is_away_does_not_take_its_id(nights: Nights) -> None:
    nights.run(1, [0] * 30 + [1] * 20)
    nights.run(2, [0] * 5, merged={1: 0})
    # Its own documents stay merged; a new story comes up right where it was.
    nights.topics[30:50] = [0] * 20
    back = nights.run(3, [1] * 12)
    (born,) = [row for row in rows(nights, back.tables["clusters"]) if row["size"] == 12]
    assert born["cluster_id"] == "c-20260303-001"


def events(nights: Nights, found: Described) -> set[tuple[str, str]]:
    return {
        (row["event"], row["cluster_id"]) for row in rows(nights, found.tables["cluster_events"])
    }
