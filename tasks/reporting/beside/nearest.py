"""Which themes of a night are nearest in meaning, by the centroids that identity remembers."""

from collections.abc import Collection
from typing import Final

import numpy as np

from tasks.store.storage import ModelRef, Store, load_model

_NEAREST: Final = 3


def read_nearest(
    store: Store, identity: ModelRef, cluster_ids: Collection[str]
) -> dict[str, list[tuple[str, float]]]:
    """Return, for each of some clusters, the nearest others of them with their cosines."""
    from models.core.persistence import load_state

    tensors, story = load_model(store, identity, load_state)
    known = [it["cluster_id"] for it in story["clusters"]]
    rows = [row for row, cluster_id in enumerate(known) if cluster_id in cluster_ids]
    if len(rows) < 2:
        return {}
    ids, centroids = [known[row] for row in rows], tensors["centroids"][rows]
    cosines = np.asarray(centroids @ centroids.T, dtype=np.float64)
    np.fill_diagonal(cosines, -np.inf)
    found = np.argsort(-cosines, axis=1, kind="stable")[:, : min(_NEAREST, len(ids) - 1)]
    return {
        cluster_id: [(ids[it], round(float(cosines[row, it]), 3)) for it in found[row]]
        for row, cluster_id in enumerate(ids)
    }
