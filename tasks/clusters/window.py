"""The window's documents and the clusters that they are in, laid out to be matched and shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.core.arrays import Floats, Integers, Labels, centroids_of
from models.identity.clusters import TonightCluster
from validation.tables.columns import CLUSTER_ID, DOC_ID, NIGHT, POSITION, REMARKS


@dataclass(frozen=True)
class WindowDocuments:
    """The window's documents in order, each with the position of its text among the items."""

    doc_ids: list[str]
    items: Integers
    is_new: NDArray[np.bool_]


def documents_in(window: pa.Table, tonight: date) -> WindowDocuments:
    """Lay out the window's documents, a table with the schema `WINDOW_DOCUMENTS`."""
    is_new = [night == tonight for night in window[NIGHT].to_pylist()]
    return WindowDocuments(
        window[DOC_ID].to_pylist(), window[POSITION].to_numpy(), np.array(is_new, dtype=bool)
    )


def clusters_of_window(
    X: Floats, labels: Labels, documents: WindowDocuments
) -> list[TonightCluster]:
    """Lay out tonight's clusters for matching; only documents of earlier nights can be shared."""
    members = _members(labels, documents, ~documents.is_new)
    sizes = Counter(labels[documents.items].tolist())
    return [
        TonightCluster(
            label=int(label), centroid=centroid, member_ids=members[label], size=sizes[label]
        )
        for label, centroid in zip(np.unique(labels), centroids_of(X, labels), strict=True)
    ]


def with_all_members(
    tonight: Sequence[TonightCluster], labels: Labels, documents: WindowDocuments
) -> list[TonightCluster]:
    """Add the documents that are new tonight to the members, for the nights to come."""
    members = _members(labels, documents, np.ones(len(documents.items), dtype=bool))
    return [replace(cluster, member_ids=members[cluster.label]) for cluster in tonight]


def _members(
    labels: Labels, documents: WindowDocuments, is_member: NDArray[np.bool_]
) -> dict[int, frozenset[str]]:
    """Collect, for every label, the doc_ids of those documents that are to be members."""
    found: dict[int, set[str]] = {int(label): set() for label in np.unique(labels)}
    for position in np.flatnonzero(is_member):
        found[int(labels[documents.items[position]])].add(documents.doc_ids[position])
    return {label: frozenset(doc_ids) for label, doc_ids in found.items()}


def clusters_of_texts(documents: pa.Table, assigned: pa.Table, n_texts: int) -> list[str | None]:
    """Find the cluster that each text of the window was in; None where it was in none.

    Parameters
    ----------
    documents
        The window's, with the schema `WINDOW_DOCUMENTS`.
    assigned
        Documents and their clusters on the last night; remarks were in none.
    n_texts
        Texts in the window.
    """
    clustered = assigned.filter(pc.not_equal(assigned[CLUSTER_ID], REMARKS))
    columns = (clustered[it].to_pylist() for it in (DOC_ID, CLUSTER_ID))
    cluster_of = dict(zip(*columns, strict=True))
    found: list[str | None] = [None] * n_texts
    pairs = zip(documents[DOC_ID].to_pylist(), documents[POSITION].to_pylist(), strict=True)
    for doc_id, position in pairs:
        found[position] = cluster_of.get(doc_id, found[position])
    return found
