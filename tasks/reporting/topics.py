"""The level above the clusters: topics with ids and names that last, and the tree of both.

Reads  the last night's assignments and tree
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from models.core.arrays import Labels
from tasks.clusters.window import WindowDocuments
from tasks.store.history import PastNight
from tasks.store.storage import Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    KIND,
    LEVEL,
    NAME,
    NODE_ID,
    PARENT_ID,
    SIZE,
    TOPIC,
    TOPIC_ID,
)


@dataclass(frozen=True)
class KnownTopics:
    """Topics of the last night: documents and names."""

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundTopics:
    """Tonight's topics; all empty where the clusters are the only level.

    Parameters
    ----------
    of_label
        Label of a cluster → number of its topic.
    ids
        Number → topic_id.
    kept_names
        Number → name, of the topics that were there on the last night.
    """

    of_label: Mapping[int, int]
    ids: Mapping[int, str]
    kept_names: Mapping[int, str]

    def id_of(self, label: int) -> str | None:
        """Return the topic_id of a cluster."""
        return self.ids[self.of_label[label]] if self.of_label else None


def load_topics(store: Store, last: PastNight | None) -> KnownTopics:
    """Read the topics of the last night; there are none in nights of an older nightfold."""
    if last is None or last.cluster_tree is None:
        return KnownTopics()
    assigned, tree = (read_table(store, it) for it in (last.assignments, last.cluster_tree))
    members: dict[str, set[str]] = {}
    pairs = zip(assigned[DOC_ID].to_pylist(), assigned[TOPIC_ID].to_pylist(), strict=True)
    for doc_id, topic_id in pairs:
        if topic_id is not None:
            members.setdefault(topic_id, set()).add(doc_id)
    names = dict(zip(tree[NODE_ID].to_pylist(), tree[NAME].to_pylist(), strict=True))
    return KnownTopics({it: frozenset(own) for it, own in members.items()}, names)


def find_topics(
    labels: Labels,
    topics: Labels,
    documents: WindowDocuments,
    known: KnownTopics,
    night: str,
    taken: Collection[str] = (),
) -> FoundTopics:
    """Find tonight's topics, and which of them were there last night.

    Parameters
    ----------
    labels, topics
        Cluster of each text and its topic as the model sees it, shape (n_texts,).
    documents
        The window's.
    known
        Topics of the last night.
    night
        Tonight.
    taken
        Ids that no new topic may have.
    """
    from models.identity.topics import assign_topic_ids, topic_of_labels

    of_label = topic_of_labels(labels, topics)
    members: dict[int, set[str]] = {number: set() for number in of_label.values()}
    if of_label:
        for doc_id, item in zip(documents.doc_ids, documents.items.tolist(), strict=True):
            members[of_label[int(labels[item])]].add(doc_id)
    tonight = {number: frozenset(own) for number, own in sorted(members.items())}
    ids = assign_topic_ids(tonight, known.members, night, taken)
    kept = {number: known.names[it] for number, it in ids.items() if it in known.names}
    return FoundTopics(of_label, ids, kept)


def tree_rows(clusters: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[Any]:
    """Lay out topics and clusters as rows of the tree, each topic before the clusters under it.

    Parameters
    ----------
    clusters
        Rows of the table of clusters, the largest first.
    names
        topic_id → name.
    """
    sizes: dict[str, int] = {}
    for row in clusters:
        if row[TOPIC_ID] is not None:
            sizes[row[TOPIC_ID]] = sizes.get(row[TOPIC_ID], 0) + row[SIZE]
    rows = []
    for topic_id, size in sorted(sizes.items(), key=lambda it: (-it[1], it[0])):
        rows.append(_node(topic_id, None, TOPIC, names[topic_id], size))
        under = [row for row in clusters if row[TOPIC_ID] == topic_id]
        rows += [tree_leaf(row) for row in under]
    return rows + [tree_leaf(row) for row in clusters if row[TOPIC_ID] is None]


def with_topics(assigned: pa.Table, clusters: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Add to every assignment the topic that its cluster is under."""
    topic_of = {row[CLUSTER_ID]: row[TOPIC_ID] for row in clusters}
    topics = [topic_of[cluster_id] for cluster_id in assigned[CLUSTER_ID].to_pylist()]
    return assigned.append_column(TOPIC_ID, pa.array(topics, pa.string()))


def tree_leaf(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cluster's row of the tree."""
    return _node(row[CLUSTER_ID], row[TOPIC_ID], row[KIND], row[NAME], row[SIZE])


def _node(node_id: str, parent_id: str | None, level: str, name: str, size: int) -> dict[str, Any]:
    return {NODE_ID: node_id, PARENT_ID: parent_id, LEVEL: level, NAME: name, SIZE: size}
