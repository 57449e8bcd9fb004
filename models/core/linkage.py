"""Agglomeration of weighted micro-clusters: Ward and average linkage down to k clusters."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, Integers
from models.core.lloyd import cluster_means

Linkage = Literal["ward", "average"]


def agglomerate(X: Floats, labels: Integers, n_clusters: int, linkage: Linkage) -> Integers:
    """Merge micro-clusters pairwise, nearest first, until n_clusters are left.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    labels
        The micro-cluster of every row, shape (n_samples,), 0 .. m - 1, none empty.
    n_clusters
        Clusters to stop at.
    linkage
        Both work on squared distances of means and know the sizes: ``ward`` adds the least
        variance, ``average`` the least mean distance between members.

    Returns
    -------
    Labels of the rows, shape (n_samples,), 0 .. n_clusters - 1.
    """
    sizes = np.bincount(labels).astype(np.float64)
    means = cluster_means(X, labels, len(sizes)).astype(np.float64)
    norms = (means**2).sum(axis=1)
    distances = np.maximum(norms[:, None] + norms - 2.0 * means @ means.T, 0.0)
    if linkage == "ward":
        distances *= sizes[:, None] * sizes / (sizes[:, None] + sizes)
    np.fill_diagonal(distances, np.inf)
    parents = _merge(distances, sizes, n_clusters, linkage)
    _, merged = np.unique(parents, return_inverse=True)
    return np.asarray(merged[labels], dtype=np.int64)


def _merge(
    distances: NDArray[np.float64], sizes: NDArray[np.float64], n_clusters: int, linkage: Linkage
) -> Integers:
    """Merge in place by Lance and Williams' recurrence; gives the root of every micro-cluster."""
    parents = np.arange(len(sizes))
    nearest = distances.argmin(axis=1)
    gaps = distances[np.arange(len(sizes)), nearest]
    for _ in range(len(sizes) - n_clusters):
        kept = int(gaps.argmin())
        gone = int(nearest[kept])
        row = _updated_row(distances, sizes, (kept, gone), linkage)
        sizes[kept] += sizes[gone]
        distances[kept], distances[:, kept] = row, row
        distances[gone], distances[:, gone] = np.inf, np.inf
        parents[parents == gone] = kept
        stale = np.flatnonzero((nearest == kept) | (nearest == gone) | (row < gaps))
        stale = np.append(stale, kept)
        nearest[stale] = distances[stale].argmin(axis=1)
        gaps[stale] = distances[stale, nearest[stale]]
        gaps[gone] = np.inf
    return parents


def _updated_row(
    distances: NDArray[np.float64],
    sizes: NDArray[np.float64],
    pair: tuple[int, int],
    linkage: Linkage,
) -> NDArray[np.float64]:
    """Distances of the merged pair to everything else."""
    first, second = pair
    a, b = distances[first].copy(), distances[second].copy()
    between = distances[first, second]
    n_a, n_b = sizes[first], sizes[second]
    if linkage == "average":
        row = (n_a * a + n_b * b) / (n_a + n_b)
    else:
        row = ((n_a + sizes) * a + (n_b + sizes) * b - sizes * between) / (n_a + n_b + sizes)
    row[[first, second]] = np.inf
    return np.asarray(row, dtype=np.float64)
