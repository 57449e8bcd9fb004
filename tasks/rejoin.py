"""Put the pieces of last night's clusters together again, where a run has cut them apart.

Reads  items, the refined model and its labels, the window's documents, the last night's clusters
Writes labels (text_digest, label, confidence, margin, latent)
"""

import logging

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.clustering import ClusteringSettings, load_estimator
from tasks.history import NightTable, PastNight
from tasks.identify import IdentityRules, load_known
from tasks.refine import Refined, top_two
from tasks.shelf import matrix_of
from tasks.stage import stage
from tasks.storage import Store, keep_table, model_folder, read_table
from tasks.views import Views
from tasks.window import clusters_of_window, read_window
from validation.schemas import CONFIDENCE, EMBEDDING, LABEL, MARGIN, TEXT_DIGEST

logger = logging.getLogger(__name__)


@stage("rejoin", version=1)
def rejoin_pieces(  # noqa: PLR0913, PLR0917 - what the stage depends on
    store: Store,
    views: Views,
    refined: Refined,
    window: list[NightTable],
    last: PastNight | None,
    settings: ClusteringSettings,
    rules: IdentityRules,
) -> Refined:
    """Join tonight's clusters that are pieces of one of last night's; without a last night, none.

    Their memberships are added up; the model stays as it is, with a label for every piece.
    """
    from models.rejoining import rejoin

    if last is None:
        return refined
    items = read_table(store, views.items, [TEXT_DIGEST, EMBEDDING])
    found = read_table(store, refined.labels)
    documents = read_window(store, window, items[TEXT_DIGEST].to_pylist())
    tonight = clusters_of_window(matrix_of(items[EMBEDDING]), found[LABEL].to_numpy(), documents)
    known = load_known(store, last, frozenset(documents.doc_ids), views.encoder_digest)
    heirs = rejoin(tonight, known, rules)
    kept = sorted(set(heirs.values()))
    if len(kept) == len(heirs):
        return refined
    logger.info("%d pieces joined the clusters that they came from", len(heirs) - len(kept))
    label_of = {piece: kept.index(heir) for piece, heir in heirs.items()}
    with model_folder(store, refined.model) as folder:
        q = load_estimator(settings, folder).soft_assignments_
    return Refined(
        model=refined.model,
        labels=keep_table(store, "rejoin", _relabelled(found, joined(q, label_of))),
        n_clusters=len(kept),
        label_of=label_of,
    )


def joined(q: NDArray[np.floating], label_of: dict[int, int]) -> NDArray[np.floating]:
    """Add up the columns of q, shape (n_samples, n_pieces), that have one label."""
    summed = np.zeros((len(q), max(label_of.values()) + 1), dtype=q.dtype)
    for piece, label in label_of.items():
        summed[:, label] += q[:, piece]
    return summed


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
