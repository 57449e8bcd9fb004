"""Tonight's clusters as people know them: ids, names, examples, and what changed over night."""

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from models.core.arrays import Floats, Labels
from models.identity.clusters import KnownCluster, TonightCluster
from tasks.clusters.identify import (
    Identified,
    IdentityRules,
    State,
    event_rows,
    identify,
    identity_state,
)
from tasks.clusters.window import WindowDocuments, clusters_of_window, with_all_members
from tasks.reporting.quoted import Quoted, exemplars_of
from tasks.reporting.remarks import RemarksTonight, remarks_assignments, remarks_row
from tasks.reporting.topics import (
    FoundTopics,
    KnownTopics,
    find_topics,
    tree_rows,
    with_topics,
)
from tasks.reporting.words import Texts, find_words
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTER_EVENTS, CLUSTER_TREE, CLUSTERS
from validation.tables.columns import (
    CLUSTER_ID,
    COHESION,
    CONFIDENCE,
    DOC_ID,
    EVENT,
    EXEMPLAR_DOC_IDS,
    EXEMPLAR_TEXTS,
    FIRST_SEEN,
    GROUP,
    GROWTH,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    KIND,
    LABEL,
    LAST_SEEN,
    MARGIN,
    NAME,
    SHARE,
    SIZE,
    STABILITY,
    STATUS,
    THEME,
    TOPIC_ID,
)

VERSION: Final = 11
"""Of the stage `describe`: raise it when this module gives other results for the same inputs."""

logger = logging.getLogger(__name__)

_TELLING: Final = ("born", "returned", "split", "merged", "grown", "shrunk", "survived")
"""Events that make a cluster's status, the most telling first."""


@dataclass(frozen=True)
class Description:
    """What `portray` finds: rows of the tables, and what recognises the clusters tomorrow."""

    clusters: list[dict[str, Any]]
    tree: list[dict[str, Any]]
    events: list[dict[str, Any]]
    assignments: pa.Table
    found: Identified
    identity: State

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables that are published, by name."""
        return {
            "assignments": self.assignments,
            "clusters": pa.Table.from_pylist(self.clusters, schema=CLUSTERS),
            "cluster_tree": pa.Table.from_pylist(self.tree, schema=CLUSTER_TREE),
            "cluster_events": pa.Table.from_pylist(self.events, schema=CLUSTER_EVENTS),
        }


class OfGroup(BaseModel):
    """What a group's clusters share with those of the other groups of the window."""

    model_config = ConfigDict(frozen=True)

    name: str | None = None
    n_documents: int = 0
    """Of the whole window: shares are shares of all."""
    taken: tuple[str, ...] = ()
    """Ids of clusters and topics that other groups have tonight."""


@dataclass(frozen=True)
class Tonight:
    """What tonight's clusters are described from.

    Parameters
    ----------
    night, encoder_digest
        Tonight, and the encoder whose space the vectors lie in.
    X
        Embeddings with rows of length 1, shape (n_texts, embedding_dim).
    texts
        The window's, in the order of the rows.
    documents
        The window's.
    decided
        Label, confidence, margin and outlier mark of every text.
    topics
        Topic that the model has each text in, shape (n_texts,).
    remarks
        The short remarks of the window, if there are any.
    stability
        Label → how well the cluster comes back.
    parted_from
        Label of a part → the known cluster that it was parted from.
    languages
        Those that the texts are in.
    are_texts
        Whether the documents are texts, or the texts captions of them.
    group
        Which part of the window this is, where documents are clustered by a column.
    """

    night: str
    encoder_digest: str
    X: Floats
    texts: list[str]
    documents: WindowDocuments
    decided: pa.Table
    topics: Labels
    remarks: RemarksTonight | None
    stability: dict[int, float]
    parted_from: dict[int, str]
    languages: list[str]
    are_texts: bool = True
    group: OfGroup | None = None

    @property
    def n_documents(self) -> int:
        """Documents of the window, remarks too."""
        if self.group:
            return self.group.n_documents
        remarks = self.remarks.documents.doc_ids if self.remarks else []
        return len(self.documents.doc_ids) + len(remarks)


def portray(
    tonight: Tonight,
    known: list[KnownCluster],
    known_topics: KnownTopics,
    rules: IdentityRules,
) -> Description:
    """Match tonight's clusters to the known ones, name them, choose documents that show them."""
    X, documents = tonight.X, tonight.documents
    labels = tonight.decided[LABEL].to_numpy()
    clusters = clusters_of_window(X, labels, documents)
    group = tonight.group or OfGroup()
    found = identify(clusters, known, tonight.night, rules, group.taken)
    topics = find_topics(
        labels, tonight.topics, documents, known_topics, tonight.night, group.taken
    )
    exemplars, quoted = exemplars_of(X, labels), Quoted(tonight.texts, documents, tonight.are_texts)
    shown = {label: quoted.doc_ids(own)[0] for label, own in exemplars.items()}
    captioned = None if tonight.are_texts else shown
    texts = Texts(tonight.texts, labels, documents.items, tonight.languages, captioned)
    words = find_words(texts, found.kept_names, topics)
    names = words.names
    events = event_rows(clusters, found, names, rules)
    portraits = _Portraits(
        night=tonight.night,
        n_documents=tonight.n_documents,
        found=found,
        cohesion=_cohesion(clusters, X, labels),
        stability=tonight.stability,
        exemplars=exemplars,
        quoted=quoted,
        keywords=words.keywords,
        names=names,
        topics=topics,
        status=_status(events),
        group=group.name,
    )
    rows = _rows(portraits, clusters, tonight)
    n_known = len(set(found.ids.values()) & found.known.keys())
    logger.info("%d clusters, %d of them known before", len(clusters), n_known)
    whole = with_all_members(clusters, labels, documents)
    return Description(
        clusters=rows,
        tree=tree_rows(rows, {topics.ids[it]: name for it, name in words.topic_names.items()}),
        events=events,
        assignments=_assignments(tonight, found, rows),
        found=found,
        identity=identity_state(
            whole, found, names, tonight.parted_from, tonight.night, tonight.encoder_digest
        ),
    )


def _rows(
    portraits: "_Portraits", clusters: list[TonightCluster], tonight: Tonight
) -> list[dict[str, Any]]:
    """Return the rows of the clusters and of the remarks, the largest first."""
    rows = [portraits.row(cluster) for cluster in clusters]
    if tonight.remarks:
        rows.append(
            remarks_row(tonight.remarks, tonight.night, tonight.n_documents, tonight.languages)
        )
    return sorted(rows, key=lambda row: (-row[SIZE], row[CLUSTER_ID]))


@dataclass(frozen=True)
class _Portraits:
    """All that is known of tonight's clusters, to be written down cluster by cluster."""

    night: str
    n_documents: int
    found: Identified
    cohesion: dict[int, float]
    stability: dict[int, float]
    exemplars: dict[int, list[int]]
    quoted: Quoted
    keywords: dict[int, list[str]]
    names: dict[int, str]
    topics: FoundTopics
    status: dict[str, str]
    group: str | None

    def row(self, cluster: TonightCluster) -> dict[str, Any]:
        """Return a cluster's row of the table."""
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
            EXEMPLAR_DOC_IDS: self.quoted.doc_ids(self.exemplars[label]),
            FIRST_SEEN: before.first_seen if before else self.night,
            LAST_SEEN: self.night,
            STATUS: self.status[cluster_id],
            KIND: THEME,
            TOPIC_ID: self.topics.id_of(label),
            EXEMPLAR_TEXTS: self.quoted.texts_of(self.exemplars[label]),
            GROUP: self.group,
        }


def _cohesion(tonight: list[TonightCluster], X: Floats, labels: Labels) -> dict[int, float]:
    """Compute the mean cosine of a cluster's texts to its centroid."""
    return {it.label: float(np.mean(X[labels == it.label] @ it.centroid)) for it in tonight}


def _status(events: list[dict[str, Any]]) -> dict[str, str]:
    """Find the event that says most about each cluster."""
    found: dict[str, str] = {}
    for name in reversed(_TELLING):
        found |= {event[CLUSTER_ID]: name for event in events if event[EVENT] == name}
    return found


def _assignments(tonight: Tonight, found: Identified, clusters: list[dict[str, Any]]) -> pa.Table:
    """Lay out every document of the window with the cluster of its text, remarks last."""
    decided, documents = tonight.decided, tonight.documents
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
    themes = with_topics(pa.table(columns), clusters)
    name = tonight.group.name if tonight.group else None
    groups = pa.array([name] * len(themes), pa.string())
    themes = themes.append_column(GROUP, groups).cast(ASSIGNMENTS)
    if tonight.remarks is None:
        return themes
    return pa.concat_tables([themes, remarks_assignments(tonight.remarks)])
