"""Lloyd's k-means, the same bits from the same seed whatever the number of threads.

scikit-learn adds up its centres in the order in which threads finish; here a sparse product does
it in the order of the rows.
"""

from functools import partial
from typing import Final

import numpy as np
from scipy import sparse

from models.core.arrays import Floats, Integers
from models.core.threads import map_pieces

MAX_ITERATIONS: Final = 30
TOLERATED_CHANGE: Final = 1e-3
"""Share of labels that may still change when the iterations stop."""

_CELLS_AT_ONCE: Final = 1 << 17
"""Of rows by centres, half a megabyte: of 20,000 rows and a thousand micro-clusters all at once are
80, and take a quarter longer."""


def squared_distances(X: Floats, centers: Floats) -> Floats:
    """Squared Euclidean distances less ‖x‖², shape (n_samples, n_clusters)."""
    distances = X @ centers.T
    distances *= -2.0
    distances += (centers**2).sum(axis=1)
    return distances


def nearest_center(X: Floats, centers: Floats) -> Integers:
    """Label every row with its nearest centre; the first of equals."""
    labels = np.empty(len(X), dtype=np.int64)
    half_norms = (centers**2).sum(axis=1) / 2
    at_once = max(1, _CELLS_AT_ONCE // len(centers))
    for start in range(0, len(X), at_once):
        # ‖x - c‖² is least where xc - ‖c‖²/2 is greatest.
        closeness = X[start : start + at_once] @ centers.T
        closeness -= half_norms
        closeness.argmax(axis=1, out=labels[start : start + at_once])
    return labels


def indicator(labels: Integers, n_clusters: int) -> sparse.csr_array:
    """One-hot labels as a sparse matrix of shape (n_clusters, n_samples)."""
    n_samples = len(labels)
    ones = np.ones(n_samples, dtype=np.float32)
    return sparse.csr_array((ones, (labels, np.arange(n_samples))), shape=(n_clusters, n_samples))


def cluster_means(
    X: Floats, labels: Integers, n_clusters: int, weights: Floats | None = None
) -> Floats:
    """Mean row of every cluster, shape (n_clusters, n_features); zeros for an empty one.

    With weights, (n_samples,), whole numbers of at least 1, a row counts so many times.
    """
    sizes = np.bincount(labels, weights, minlength=n_clusters)[:, None]
    # By columns: one-hot labels are in that form already, and the rows are added up in their order.
    each = np.arange(len(labels) + 1)
    counted = np.ones(len(labels), dtype=np.float32) if weights is None else weights
    members = sparse.csc_array((counted, labels, each), shape=(n_clusters, len(labels)))
    return np.asarray(members @ X / np.maximum(sizes, 1), dtype=np.float32)


def spread(X: Floats, labels: Integers, n_clusters: int, weights: Floats | None = None) -> float:
    """Sum of squared distances to the own mean, less what is the same for all partitions."""
    centers = cluster_means(X, labels, n_clusters, weights)
    sizes = np.bincount(labels, weights, minlength=n_clusters)
    return -float((sizes * (centers.astype(np.float64) ** 2).sum(axis=1)).sum())


def kmeans_plus_plus(X: Floats, n_clusters: int, rng: np.random.Generator) -> Floats:
    """Choose spread-out rows as first centres.

    References
    ----------
    Arthur, Vassilvitskii (2007), k-means++: The Advantages of Careful Seeding; the best of
    2 + ln k candidates is taken at each step.
    """
    candidates = 2 + int(np.log(n_clusters))
    norms = (X**2).sum(axis=1)
    # Few rows times many columns: three times as fast where the columns are rows in memory.
    columns = np.ascontiguousarray(X.T)
    chosen = [int(rng.integers(len(X)))]
    gaps = np.maximum(norms + squared_distances(X, X[chosen])[:, 0], 0.0)
    for _ in range(1, n_clusters):
        cumulative = np.cumsum(gaps, dtype=np.float64)
        draws = rng.random(candidates) * cumulative[-1]
        tried = np.minimum(np.searchsorted(cumulative, draws), len(X) - 1)
        # Candidates down, rows across: long sums are several times as fast as many short ones.
        distances = X[tried] @ columns  # (candidates, n_samples)
        distances *= -2.0
        distances += norms + norms[tried][:, None]
        closer = np.minimum(np.maximum(distances, 0.0, out=distances), gaps, out=distances)
        best = int(closer.sum(axis=1).argmin())
        chosen.append(int(tried[best]))
        gaps = closer[best]
    return X[chosen].copy()


def lloyd(
    X: Floats,
    centers: Floats,
    max_iterations: int = MAX_ITERATIONS,
    weights: Floats | None = None,
) -> Integers:
    """Alternate labels and means until almost no label changes.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    centers
        First centres, shape (n_clusters, n_features); not changed.
    max_iterations
        Upper bound on the rounds.
    weights
        See `cluster_means`.

    Returns
    -------
    Labels, shape (n_samples,); every cluster that can be filled is.
    """
    labels = nearest_center(X, centers)
    for _ in range(max_iterations):
        centers = cluster_means(X, labels, len(centers), weights)
        moved = _fill_empty(nearest_center(X, centers), centers, X)
        changed = np.count_nonzero(moved != labels)
        labels = moved
        if changed <= TOLERATED_CHANGE * len(X):
            break
    return labels


def kmeans(
    X: Floats, n_clusters: int, rng: np.random.Generator, seeding_samples: int | None = None
) -> Integers:
    """Run k-means once: k-means++ (on a sample of the rows if a size is given), then Lloyd."""
    return lloyd(X, first_centers(X, n_clusters, rng, seeding_samples))


def kmeans_runs(
    X: Floats,
    n_clusters: int,
    rng: np.random.Generator,
    n_runs: int,
    seeding_samples: int | None = None,
) -> list[Integers]:
    """Run k-means several times, as `kmeans` in a loop does, on all cores that are ours."""
    starts = [first_centers(X, n_clusters, rng, seeding_samples) for _ in range(n_runs)]
    return map_pieces(partial(lloyd, X), starts)


def first_centers(
    X: Floats, n_clusters: int, rng: np.random.Generator, seeding_samples: int | None
) -> Floats:
    """Choose first centres by k-means++, on a random sample of so many rows if a size is given."""
    if seeding_samples is not None and seeding_samples < len(X):
        X = X[rng.choice(len(X), seeding_samples, replace=False)]
    return kmeans_plus_plus(X, n_clusters, rng)


def _fill_empty(labels: Integers, centers: Floats, X: Floats) -> Integers:
    """Hand each empty cluster the row that lies farthest from its own centre."""
    sizes = np.bincount(labels, minlength=len(centers))
    empty = np.flatnonzero(sizes == 0)
    if len(empty) == 0:
        return labels
    own = ((X - centers[labels]) ** 2).sum(axis=1)
    for cluster in empty:
        movable = np.where(sizes[labels] > 1, own, -np.inf)
        farthest = int(movable.argmax())
        sizes[labels[farthest]] -= 1
        labels[farthest], own[farthest] = cluster, -np.inf
        sizes[cluster] = 1
    return labels
