"""Keep last night's clusters whole, and part what is new in them.

Reads  items, the refined model and its labels, the window's documents, the last night's clusters
Writes labels (text_digest, label, confidence, margin, latent)
"""

import logging
from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from models.core.arrays import AnyFloats, Floats, Integers, top_two
from models.core.threads import one_thread
from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, UNKNOWN, Cut, find_cuts
from models.identity.rejoining import rejoin
from tasks.clusters.estimators import ClusteringSettings, load_estimator
from tasks.clusters.identify import IdentityRules, load_known
from tasks.clusters.memberships import joined, shared_out
from tasks.clusters.refine import Refined
from tasks.clusters.window import WindowDocuments, clusters_of_window, documents_in
from tasks.frame.stage import stage
from tasks.store.history import PastNight
from tasks.store.storage import Store, keep_table, load_model, read_table
from tasks.vectors.matrices import read_matrix
from tasks.vectors.views import Views
from validation.tables.columns import CONFIDENCE, EMBEDDING, LABEL, MARGIN

logger = logging.getLogger(__name__)


class Reconciled(NamedTuple):
    """Tonight's labels where last night's clusters are whole; see `Refined` for its numbers."""

    labels: pa.Table
    n_clusters: int
    label_of: dict[int, int]
    whole_of: dict[int, int]
    parted_from: dict[int, str]


@stage("rejoin", version=5)
@one_thread()
def rejoin_pieces(
    store: Store,
    views: Views,
    refined: Refined,
    last: PastNight | None,
    settings: ClusteringSettings,
    rules: IdentityRules,
) -> Refined:
    """Join the pieces of last night's clusters, and part new stories from them.

    Without a last night there is nothing to do. The model stays as it is: memberships of pieces are
    added up, those of a cluster with several stories are shared out by the nearness to each.
    """
    if last is None:
        return refined
    X = read_matrix(store, views.items, EMBEDDING)
    documents = documents_in(read_table(store, views.window.documents), store.night)
    known = load_known(store, last, frozenset(documents.doc_ids), views.encoder_digest)
    estimator = load_model(store, refined.models["clustering"], partial(load_estimator, settings))
    labels, q = read_table(store, refined.labels), estimator.soft_assignments_
    found = reconcile(X, labels, q, documents, known, rules)
    return _kept(store, refined, found) if found else refined


def _kept(store: Store, refined: Refined, found: Reconciled) -> Refined:
    facts = found._asdict() | {"labels": keep_table(store, "rejoin", found.labels)}
    return Refined(models=refined.models, numbers=refined.numbers, **facts)


def reconcile(
    X: Floats,
    labels: pa.Table,
    q: AnyFloats,
    documents: WindowDocuments,
    known: Sequence[KnownCluster],
    rules: IdentityRules,
) -> Reconciled | None:
    """Join the pieces of known clusters, and part new stories from them.

    Parameters
    ----------
    X
        Embeddings with rows of length 1, shape (n_texts, embedding_dim).
    labels
        Label, confidence and margin of every text, as they were found.
    q
        Memberships in what was found, shape (n_texts, n_pieces).
    documents
        The window's.
    known
        The clusters of the nights before.
    rules
        When a cluster is a piece, and when a story is parted.

    Returns
    -------
    None where all clusters stay as they were found.
    """
    tonight = clusters_of_window(X, labels[LABEL].to_numpy(), documents)
    heirs = rejoin(tonight, known, rules)
    kept = sorted(set(heirs.values()))
    label_of = {piece: kept.index(heir) for piece, heir in heirs.items()}
    q = joined(q, label_of)
    cuts = find_cuts(X, q.argmax(axis=1), origins(documents, known, len(X)), known, rules)
    if len(kept) == len(heirs) and not cuts:
        return None
    parts = _parts(cuts, len(kept))
    logger.info(
        "%d pieces joined the clusters that they came from, %d stories were parted from others",
        len(heirs) - len(kept),
        len(parts),
    )
    q = shared_out(q, X, cuts)
    return Reconciled(
        labels=_relabelled(labels, q),
        n_clusters=q.shape[1],
        label_of=label_of,
        whole_of={label: whole for label, (whole, _) in parts.items()},
        parted_from={label: parent for label, (_, parent) in parts.items() if parent is not None},
    )


def origins(documents: WindowDocuments, known: Sequence[KnownCluster], n_items: int) -> Integers:
    """Find the cluster that every text was in last night, to find cuts.

    A text that one of last night's documents has is not new, however many new ones have it too.
    """
    cluster_of = {
        doc_id: position
        for position, cluster in enumerate(known)
        if cluster.nights_absent == 0
        for doc_id in cluster.member_ids
    }
    found = np.full(n_items, NEW, dtype=np.int64)
    is_old = ~documents.is_new
    found[documents.items[is_old]] = UNKNOWN
    for doc_id, item in zip(documents.doc_ids, documents.items.tolist(), strict=True):
        if found[item] == UNKNOWN and doc_id in cluster_of:
            found[item] = cluster_of[doc_id]
    return found


def _parts(cuts: Sequence[Cut], n_labels: int) -> dict[int, tuple[int, str | None]]:
    """Map label → whole and parent, in the order of the columns that `parted` appends."""
    stories = [(cut.whole, parent) for cut in cuts for parent in cut.parted_from]
    return dict(zip(count(n_labels), stories, strict=False))


def _relabelled(found: pa.Table, q: AnyFloats) -> pa.Table:
    confidence, margin = top_two(q)
    columns = {
        LABEL: pa.array(q.argmax(axis=1).astype(np.int32)),
        CONFIDENCE: pa.array(confidence),
        MARGIN: pa.array(margin),
    }
    for name, column in columns.items():
        found = found.set_column(found.column_names.index(name), name, column)
    return found
