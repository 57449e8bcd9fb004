"""Whether clusters come back when a feed is drawn and clustered again."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.cluster import contingency_matrix

from models.core.arrays import Floats, Integers
from models.core.lloyd import kmeans_plus_plus, lloyd
from models.core.threads import map_pieces

N_RESAMPLES: Final = 20
SAMPLE_SIZE: Final = 4_000
"""Above this number of rows, a fixed random sample of them is what resamples are drawn from."""


class Resample(NamedTuple):
    """Rows that were drawn, and how k-means clusters them."""

    rows: Integers  # (n_drawn,), each once, in order
    labels: Integers  # same shape


def recluster_resamples(
    X: Floats,
    n_clusters: int,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
    sample_size: int = SAMPLE_SIZE,
) -> list[Resample]:
    """Draw bootstrap samples of the rows and cluster each anew, by one run of k-means.

    Parameters
    ----------
    X
        The space to cluster in, shape (n_samples, n_features).
    n_clusters
        Clusters of every resample.
    rng
        Draws the sample, the resamples and the first centres.
    n_resamples
        How many.
    sample_size
        With more rows than this, the resamples are drawn from a random sample of so many.

    Returns
    -------
    The resamples; a row that is drawn twice is clustered once.
    """
    kept = np.arange(len(X))
    if len(X) > sample_size:
        kept = np.sort(rng.choice(len(X), sample_size, replace=False))
    starts = []
    for _ in range(n_resamples):
        rows = np.unique(rng.choice(kept, len(kept)))
        starts.append((rows, kmeans_plus_plus(X[rows], min(n_clusters, len(rows)), rng)))
    return map_pieces(lambda start: Resample(start[0], lloyd(X[start[0]], start[1])), starts)


def cluster_stability(
    labels: NDArray[np.integer], resamples: Sequence[Resample]
) -> dict[int, float]:
    r"""Compute how well each cluster comes back in the resamples: the clusterwise Jaccard mean.

    .. math::
        \frac{1}{B} \sum_b \max_{D \in R_b} \frac{|C_b \cap D|}{|C_b \cup D|}

    where :math:`C_b` are the rows of the cluster that were drawn in resample b and :math:`R_b` the
    clusters found in it. Hennig reads 0.75 and more as a valid, stable cluster, 0.6 to 0.75 as a
    pattern of unclear borders, and 0.5 or less as a dissolved one.

    Parameters
    ----------
    labels
        Clusters to judge, shape (n_samples,); negative ones are outliers and are left out.
    resamples
        As drawn by `recluster_resamples` from the same rows.

    Returns
    -------
    For each cluster from 0 to 1; one of which no resample holds a row is left out.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, sections 2 and 3.
    """
    clusters = np.unique(labels[labels >= 0])
    scores = np.stack([_best_jaccards(labels, clusters, resample) for resample in resamples])
    seen = ~np.isnan(scores)
    return {
        int(cluster): float(scores[seen[:, column], column].mean())
        for column, cluster in enumerate(clusters)
        if seen[:, column].any()
    }


def mean_stability(labels: NDArray[np.integer], stability: dict[int, float]) -> float | None:
    """Average clusters by their sizes: the stability of a document's cluster; None without any."""
    clusters, sizes = np.unique(labels[labels >= 0], return_counts=True)
    known = np.isin(clusters, list(stability))
    if not known.any():
        return None
    scores = [stability[int(cluster)] for cluster in clusters[known]]
    return float(np.average(scores, weights=sizes[known]))


def _best_jaccards(
    labels: NDArray[np.integer], clusters: NDArray[np.integer], resample: Resample
) -> NDArray[np.float64]:
    """Compute, for each cluster, the Jaccard index of its best match in one resample."""
    drawn = labels[resample.rows]
    shared = contingency_matrix(drawn, resample.labels)  # (n_clusters_drawn, n_clusters_found)
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    best = np.full(len(clusters), np.nan)
    present = np.unique(drawn)
    inside = present >= 0
    best[np.searchsorted(clusters, present[inside])] = (shared / union).max(axis=1)[inside]
    return best
