"""How stable a number of clusters is: whether halves of the rows agree on it, beyond their shape.

Halves agree on almost any coarse cut of rows that lie along a few directions, clusters or not. So
their agreement is held against that on rows of the same shape without clusters, drawn for it.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, Integers
from models.core.lloyd import (
    cluster_means,
    first_centers,
    kmeans_plus_plus,
    lloyd,
    nearest_center,
    spread,
)
from models.counting.halves import MAX_ROWS, compare

MOST_CLUSTERS: Final = 100
"""Clusters that are tried at most: four representatives each."""

_REPRESENTATIVES: Final = 400
"""Means that stand for all rows, as many times as there are rows with each: k-means on them costs
the same whatever the size of the feed."""

_SEEDING_ROWS: Final = 2_000
_LLOYD_STEPS: Final = 6

_FEW_SEEDING_ROWS: Final = 500
"""Rows of a half among which a start is sought; four for each cluster at least."""

_CUTS: Final = 12
_DRAWS: Final = 3
_CUTS_OF_A_DRAW: Final = 2
"""Twelve cuts of the rows, and six of what was drawn: halves differ less there."""

_STARTS: Final = 4
_CLUSTERS_STARTED: Final = 60
"""Starts of each k-means, fewer for many clusters. One start finds even eight plain clusters in few
of the halves. With very many, halves agree on the coarsest level of a feed alone: on the six
super-groups of twenty newsgroups."""

_MOST_BY_SHAPE: Final = 0.99
"""Agreement that is put down to shape, at most: rows on a line leave nothing else to divide by."""


class Representatives(NamedTuple):
    """Few points that stand for many rows."""

    points: Floats  # (n_points, n_features)
    of_row: Integers  # (n_samples,): the point of each row


def stabilities(
    X: Floats, candidates: Sequence[int], rng: np.random.Generator
) -> NDArray[np.float64]:
    r"""Compute how much better halves agree on each number than on rows without clusters.

    Rows are cut into random halves, k-means runs on each, and both place all rows. With
    :math:`a_k` the information that the two share beyond chance, as a share of what they hold, and
    :math:`a^0_k` the same for rows drawn from a normal distribution with the covariance of X, the
    stability of k is

    .. math::
        \frac{a_k - a^0_k}{1 - a^0_k}

    Parameters
    ----------
    X
        Centred, shape (n_samples, n_features); of very many rows a random part is taken.
    candidates
        Numbers of clusters, each at most `MOST_CLUSTERS` and the number of distinct rows of a half.
    rng
        Source of every draw.

    Returns
    -------
    At most 1, for each candidate and cut, shape (n_candidates, n_cuts).

    References
    ----------
    Dudoit, Fridlyand (2002), A prediction-based resampling method for estimating the number of
    clusters in a dataset; the reference is Gaussian here.
    """
    rows = X[rng.permutation(len(X))[:MAX_ROWS]]
    found = _agreements(represent(rows, rng), candidates, _CUTS, rng)
    drawn = [without_clusters(rows, rng) for _ in range(_DRAWS)]
    shape = [_agreements(represent(it, rng), candidates, _CUTS_OF_A_DRAW, rng) for it in drawn]
    by_shape = np.clip(np.hstack(shape).mean(axis=1, keepdims=True), 0.0, _MOST_BY_SHAPE)
    return np.asarray((found - by_shape) / (1.0 - by_shape))


def represent(X: Floats, rng: np.random.Generator) -> Representatives:
    """Find few points that stand for all rows: the rows themselves where they are few."""
    if len(X) <= _REPRESENTATIVES:
        return Representatives(X, np.arange(len(X)))
    centers = first_centers(X, _REPRESENTATIVES, rng, _SEEDING_ROWS)
    _, of_row = np.unique(lloyd(X, centers, _LLOYD_STEPS), return_inverse=True)
    return Representatives(cluster_means(X, of_row, int(of_row.max()) + 1), of_row)


def without_clusters(X: Floats, rng: np.random.Generator) -> Floats:
    """Draw as many rows from a normal distribution with the same covariance as X, up to a turn.

    k-means does not see how rows are turned, so each column is one of the principal directions.
    """
    covariance = (X.T @ X).astype(np.float64) / len(X)
    scales = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0)).astype(np.float32)
    return np.asarray(rng.standard_normal(X.shape, dtype=np.float32) * scales)


def _agreements(
    found: Representatives, candidates: Sequence[int], n_cuts: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Compute how well halves agree, shape (n_candidates, n_cuts)."""
    cuts = [np.array_split(rng.permutation(found.of_row), 2) for _ in range(n_cuts)]
    return np.array([[_agreement(found, halves, k, rng) for halves in cuts] for k in candidates])


def _agreement(
    found: Representatives,
    halves: Sequence[Integers],
    n_clusters: int,
    rng: np.random.Generator,
) -> float:
    """Return the share of their information that two halves have in common, beyond chance."""
    centers = [_centers(found.points, half, n_clusters, rng) for half in halves]
    first, second = (nearest_center(found.points, it)[found.of_row] for it in centers)
    _, information, asked_for = compare(first, second, rng)
    return information / asked_for if asked_for > 0 else 0.0


def _centers(points: Floats, half: Integers, n_clusters: int, rng: np.random.Generator) -> Floats:
    """Run k-means from several starts on half of the rows, the points that stand for them."""
    kept, counts = np.unique(half, return_counts=True)
    X, weights = points[kept], counts.astype(np.float32)
    n_seeding = min(len(half), max(_FEW_SEEDING_ROWS, 4 * n_clusters))
    tried = []
    for _ in range(max(1, min(_STARTS, _CLUSTERS_STARTED // n_clusters))):
        seeding = points[rng.choice(half, n_seeding, replace=False)]
        labels = lloyd(X, kmeans_plus_plus(seeding, n_clusters, rng), weights=weights)
        tried.append((spread(X, labels, n_clusters, weights), labels))
    _, tightest = min(tried, key=itemgetter(0))
    return cluster_means(X, tightest, n_clusters, weights)
