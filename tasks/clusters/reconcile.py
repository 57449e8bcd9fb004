"""Keep last night's clusters whole, and part what is new in them.

Reads  items, the refined model and its labels, the window's documents, the last night's clusters
Writes labels (text_digest, label, confidence, margin, latent)
"""

import logging
from collections.abc import Sequence
from itertools import count

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.clusterer.deep_clusterer import top_two
from models.core.threads import one_thread
from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, UNKNOWN, Cut, find_cuts
from tasks.clusters.estimators import ClusteringSettings, load_estimator
from tasks.clusters.identify import IdentityRules, load_known
from tasks.clusters.refine import Refined
from tasks.clusters.window import WindowDocuments, clusters_of_window, read_window
from tasks.frame.stage import stage
from tasks.store.embeddings import matrix_of
from tasks.store.history import NightTable, PastNight
from tasks.store.storage import Store, keep_table, model_folder, read_table
from tasks.vectors.views import Views
from validation.schemas import CONFIDENCE, EMBEDDING, LABEL, MARGIN, TEXT_DIGEST

logger = logging.getLogger(__name__)


@stage("rejoin", version=4)
@one_thread()
def rejoin_pieces(  # noqa: PLR0913, PLR0917 - what the stage depends on
    store: Store,
    views: Views,
    refined: Refined,
    window: list[NightTable],
    last: PastNight | None,
    settings: ClusteringSettings,
    rules: IdentityRules,
) -> Refined:
    """Join the pieces of last night's clusters, and part new stories from them.

    Without a last night there is nothing to do. The model stays as it is: memberships of pieces are
    added up, those of a cluster with several stories are shared out by the nearness to each.
    """
    from models.identity.rejoining import rejoin

    if last is None:
        return refined
    items = read_table(store, views.items, [TEXT_DIGEST, EMBEDDING])
    X, found = matrix_of(items[EMBEDDING]), read_table(store, refined.labels)
    documents = read_window(store, window, items[TEXT_DIGEST].to_pylist())
    tonight = clusters_of_window(X, found[LABEL].to_numpy(), documents)
    known = load_known(store, last, frozenset(documents.doc_ids), views.encoder_digest)
    heirs = rejoin(tonight, known, rules)
    kept = sorted(set(heirs.values()))
    label_of = {piece: kept.index(heir) for piece, heir in heirs.items()}
    with model_folder(store, refined.models["clustering"]) as folder:
        q = joined(load_estimator(settings, folder).soft_assignments_, label_of)
    cuts = find_cuts(X, q.argmax(axis=1), origins(documents, known, len(X)), known, rules)
    if len(kept) == len(heirs) and not cuts:
        return refined
    parts = _parts(cuts, len(kept))
    logger.info(
        "%d pieces joined the clusters that they came from, %d stories were parted from others",
        len(heirs) - len(kept),
        len(parts),
    )
    q = shared_out(q, X, cuts)
    return Refined(
        models=refined.models,
        labels=keep_table(store, "rejoin", _relabelled(found, q)),
        n_clusters=q.shape[1],
        label_of=label_of,
        whole_of={label: whole for label, (whole, _) in parts.items()},
        parted_from={label: parent for label, (_, parent) in parts.items() if parent is not None},
    )


def origins(
    documents: WindowDocuments, known: Sequence[KnownCluster], n_items: int
) -> NDArray[np.int64]:
    """Say of every text in which cluster it was last night, to find cuts.

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


def joined(q: NDArray[np.floating], label_of: dict[int, int]) -> NDArray[np.floating]:
    """Add up the columns of q, shape (n_samples, n_pieces), that have one label."""
    summed = np.zeros((len(q), max(label_of.values()) + 1), dtype=q.dtype)
    for piece, label in label_of.items():
        summed[:, label] += q[:, piece]
    return summed


def shared_out(
    q: NDArray[np.floating], X: NDArray[np.floating], cuts: Sequence[Cut]
) -> NDArray[np.floating]:
    """Share out the memberships of every cluster that was cut; see `parted`."""
    for cut in cuts:
        q = parted(q, cut.whole, X @ cut.centroids.T)
    return q


def parted(
    q: NDArray[np.floating], whole: int, cosines: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Share out one column of memberships among the stories of its cluster.

    Parameters
    ----------
    q
        Shape (n_samples, n_clusters).
    whole
        The column.
    cosines
        To the stories, shape (n_samples, n_stories).

    Returns
    -------
    Shape (n_samples, n_clusters + n_stories - 1): the first story stands in the column, the others
    stand at the end.
    """
    from models.core.memberships import memberships

    shares = q[:, [whole]] * memberships(cosines).astype(q.dtype)
    there = q.copy()
    there[:, whole] = shares[:, 0]
    return np.hstack([there, shares[:, 1:]])


def _parts(cuts: Sequence[Cut], n_labels: int) -> dict[int, tuple[int, str | None]]:
    """Give label → whole and parent, in the order of the columns that `parted` appends."""
    stories = [(cut.whole, parent) for cut in cuts for parent in cut.parted_from]
    return dict(zip(count(n_labels), stories, strict=False))


def _relabelled(found: pa.Table, q: NDArray[np.floating]) -> pa.Table:
    confidence, margin = top_two(q)
    columns = {
        LABEL: pa.array(q.argmax(axis=1).astype(np.int32)),
        CONFIDENCE: pa.array(confidence),
        MARGIN: pa.array(margin),
    }
    for name, column in columns.items():
        found = found.set_column(found.column_names.index(name), name, column)
    return found
