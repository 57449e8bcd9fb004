"""Give tonight's clusters their ids, names and examples, and say what changed since the last night.

Reads  items, decided labels, the window's documents, the last night's clusters
Writes assignments (ASSIGNMENTS), clusters (CLUSTERS), events (CLUSTER_EVENTS), identity model
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pydantic import Field

from models.core.arrays import Floats, Labels
from models.core.threads import one_thread
from models.identity.clusters import TonightCluster
from tasks.clusters.identify import (
    Identified,
    IdentityRules,
    event_rows,
    identify,
    keep_identity,
    load_known,
)
from tasks.clusters.refine import Refined
from tasks.clusters.window import WindowDocuments, clusters_of_window, read_window, with_all_members
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.reporting.evaluate import Evaluation
from tasks.store.embeddings import matrix_of
from tasks.store.history import NightTable, PastNight
from tasks.store.storage import Store, keep_table, read_table
from tasks.vectors.views import Views
from validation.schemas import (
    ASSIGNMENTS,
    CLUSTER_EVENTS,
    CLUSTER_ID,
    CLUSTERS,
    COHESION,
    CONFIDENCE,
    DOC_ID,
    EMBEDDING,
    EVENT,
    EXEMPLAR_DOC_IDS,
    FIRST_SEEN,
    GROWTH,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    LABEL,
    LAST_SEEN,
    MARGIN,
    NAME,
    SHARE,
    SIZE,
    STABILITY,
    STATUS,
    TEXT_DIGEST,
)

logger = logging.getLogger(__name__)

_EXEMPLARS = 5
_KEYWORDS = 10
_TELLING: Final = ("born", "returned", "split", "merged", "grown", "shrunk", "survived")
"""Events that make a cluster's status, the most telling first."""


class Described(StageResult):
    """Tonight's clusters as people know them."""

    n_clusters: int
    cluster_ids: dict[int, str]
    """Label of the model, or of k-means where its labels are published → cluster_id."""
    whole_of: dict[str, str] = Field(default_factory=dict)
    """Cluster that the model does not know → the one that it puts their texts in."""

    def facts(self) -> dict[str, Any]:
        """Return how many clusters there are, and what the labels of the model mean."""
        return {
            "n_clusters": self.n_clusters,
            "cluster_ids": self.cluster_ids,
            "whole_of": self.whole_of,
        }


@stage("describe", version=5)
@one_thread()
def describe(  # noqa: PLR0913, PLR0917 - what the stage depends on
    store: Store,
    views: Views,
    refined: Refined,
    evaluation: Evaluation,
    window: list[NightTable],
    last: PastNight | None,
    rules: IdentityRules,
) -> Described:
    """Match tonight's clusters to the known ones, name them, choose documents that show them."""
    items = read_table(store, views.items, [TEXT_DIGEST, EMBEDDING])
    X, decided = matrix_of(items[EMBEDDING]), read_table(store, evaluation.labels)
    labels = decided[LABEL].to_numpy()
    documents = read_window(store, window, items[TEXT_DIGEST].to_pylist())
    tonight = clusters_of_window(X, labels, documents)
    known = load_known(store, last, frozenset(documents.doc_ids), views.encoder_digest)
    found = identify(store, tonight, known, rules)
    keywords, names = _words(documents.texts, labels, found)
    events = event_rows(tonight, found, names, rules)
    # The labels of plain k-means are other ones.
    is_refined = evaluation.published == "refined"
    parted_from = refined.parted_from if is_refined else {}
    portraits = _Portraits(
        night=str(store.night),
        n_documents=len(documents.doc_ids),
        found=found,
        cohesion=_cohesion(tonight, X, labels),
        stability=evaluation.stability,
        exemplars=_exemplars(X, labels, documents),
        keywords=keywords,
        names=names,
        status=_status(events),
    )
    whole = with_all_members(tonight, labels, documents)
    rows = sorted(
        (portraits.row(cluster) for cluster in tonight),
        key=lambda row: (-row[SIZE], row[CLUSTER_ID]),
    )
    logger.info(
        "%d clusters, %d of them known before",
        len(tonight),
        len(set(found.ids.values()) & found.known.keys()),
    )
    tables = {
        "assignments": _assignments(decided, documents, found),
        "clusters": pa.Table.from_pylist(rows, schema=CLUSTERS),
        "cluster_events": pa.Table.from_pylist(events, schema=CLUSTER_EVENTS),
    }
    identity = keep_identity(store, whole, found, names, parted_from, views.encoder_digest)
    return Described(
        tables={name: keep_table(store, "describe", table) for name, table in tables.items()},
        models={"identity": identity},
        n_clusters=len(tonight),
        cluster_ids=_ids_of_pieces(refined, found.ids) if is_refined else found.ids,
        whole_of=_whole_of(refined, found.ids) if is_refined else {},
    )


def _ids_of_pieces(refined: Refined, ids: dict[int, str]) -> dict[int, str]:
    """Return what the model's labels mean; it may have several for one cluster."""
    return {piece: ids[label] for piece, label in refined.label_of.items() if label in ids}


def _whole_of(refined: Refined, ids: dict[int, str]) -> dict[str, str]:
    """Return, for every cluster that the model does not know, the one it puts their texts in."""
    return {
        ids[part]: ids[whole]
        for part, whole in refined.whole_of.items()
        if part in ids and whole in ids
    }


def _words(
    texts: list[str], labels: Labels, found: Identified
) -> tuple[dict[int, list[str]], dict[int, str]]:
    """Find keywords and names; a known cluster keeps its name until it has moved away from it."""
    from models.text.keywords import class_keywords, cluster_names

    keywords = class_keywords(texts, labels, _KEYWORDS)
    unnamed = {label: words for label, words in keywords.items() if label not in found.kept_names}
    return keywords, found.kept_names | cluster_names(unnamed, taken=set(found.kept_names.values()))


@dataclass(frozen=True)
class _Portraits:
    """All that is known of tonight's clusters, to be written down cluster by cluster."""

    night: str
    n_documents: int
    found: Identified
    cohesion: dict[int, float]
    stability: dict[int, float]
    exemplars: dict[int, list[str]]
    keywords: dict[int, list[str]]
    names: dict[int, str]
    status: dict[str, str]

    def row(self, cluster: TonightCluster) -> dict[str, Any]:
        """Give a cluster's row of the table."""
        label, cluster_id = cluster.label, self.found.ids[cluster.label]
        before = self.found.known.get(cluster_id)
        size_before = before.size if before and not before.nights_absent else 0
        return {
            CLUSTER_ID: cluster_id,
            NAME: self.names[label],
            KEYWORDS: self.keywords.get(label, []),
            SIZE: cluster.size,
            SHARE: cluster.size / self.n_documents,
            GROWTH: cluster.size - size_before,
            COHESION: self.cohesion[label],
            STABILITY: self.stability.get(label),
            EXEMPLAR_DOC_IDS: self.exemplars[label],
            FIRST_SEEN: before.first_seen if before else self.night,
            LAST_SEEN: self.night,
            STATUS: self.status[cluster_id],
        }


def _cohesion(tonight: list[TonightCluster], X: Floats, labels: Labels) -> dict[int, float]:
    """Give the mean cosine of a cluster's texts to its centroid."""
    return {it.label: float(np.mean(X[labels == it.label] @ it.centroid)) for it in tonight}


def _exemplars(X: Floats, labels: Labels, documents: WindowDocuments) -> dict[int, list[str]]:
    """Give the documents that show each cluster best; of several with one text, the first."""
    from models.text.keywords import exemplars

    first = _first_documents(documents)
    chosen = exemplars(X, labels, _EXEMPLARS)
    return {label: [first[item] for item in items.tolist()] for label, items in chosen.items()}


def _status(events: list[dict[str, Any]]) -> dict[str, str]:
    """Give the event that says most about each cluster."""
    found: dict[str, str] = {}
    for name in reversed(_TELLING):
        found |= {event[CLUSTER_ID]: name for event in events if event[EVENT] == name}
    return found


def _first_documents(documents: WindowDocuments) -> dict[int, str]:
    """Give, for each text, the first document that has it."""
    first: dict[int, str] = {}
    for doc_id, item in zip(documents.doc_ids, documents.items.tolist(), strict=True):
        first.setdefault(item, doc_id)
    return first


def _assignments(decided: pa.Table, documents: WindowDocuments, found: Identified) -> pa.Table:
    """Give every document of the window the cluster of its text."""
    labels = decided[LABEL].to_numpy()[documents.items]
    taken = {
        name: decided[name].take(pa.array(documents.items))
        for name in (CONFIDENCE, MARGIN, IS_OUTLIER)
    }
    columns = {
        DOC_ID: pa.array(documents.doc_ids),
        CLUSTER_ID: pa.array([found.ids[int(label)] for label in labels]),
        **taken,
        IS_NEW: pa.array(documents.is_new),
    }
    return pa.table(columns).cast(ASSIGNMENTS)
