"""How well two halves of a feed agree on a number of clusters."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from models.core.arrays import Floats, Integers
from models.core.lloyd import cluster_means, kmeans_plus_plus, lloyd, nearest_center

_REPEATS: Final = 12
_REPEATS_OF_MANY: Final = 8
_MANY_CLUSTERS: Final = 60
MAX_ROWS: Final = 20_000

_ROWS_CUT: Final = 60_000
_FEWEST_REPEATS: Final = 4
"""Halves of many rows say nearly the same in every cut, so fewer cuts do: so many rows in all."""

_SEEDING_ROWS: Final = 3_000
_LLOYD_STEPS: Final = 12

_FEW_ROWS: Final = 2_500
_FEW_ROWS_PER_CLUSTER: Final = 20
"""Rows on which k-means begins in a half that has twice as many or more: its first steps need no
more. The last ones take all, as halves tell each other less, and of fewer clusters, from means of
fewer rows: with 8,000 titles for 20,000 there were 65 themes in place of 100."""

_FEW_SEEDING_ROWS: Final = 1_000
_STEPS_ON_FEW: Final = 8
_STEPS_ON_ALL: Final = 3


class Halves(NamedTuple):
    """How well two halves agree, for each of several cuts; arrays of shape (n_cuts,)."""

    agreement: NDArray[np.float64]
    """Adjusted Rand index."""
    information: NDArray[np.float64]
    """Mutual information in nats, less that with one of them shuffled, which is due to chance."""
    asked_for: NDArray[np.float64]
    """Mean entropy of the two, in nats."""


def cut_in_halves(X: Floats, n_clusters: int, rng: np.random.Generator) -> Halves:
    """Cluster random halves apart by k-means, and let both place all rows.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    n_clusters
        Of each half.
    rng
        Source of every draw.

    Returns
    -------
    See `Halves`.
    """
    found = []
    for _ in range(_n_cuts(len(X), n_clusters)):
        rows = rng.permutation(len(X))[:MAX_ROWS]
        centers = [_centers(X[half], n_clusters, rng) for half in np.array_split(rows, 2)]
        placed = X if len(rows) == len(X) else X[rows]
        first, second = (nearest_center(placed, each) for each in centers)
        found.append(compare(first, second, rng))
    agreement, information, asked_for = np.array(found).T
    return Halves(agreement, information, asked_for)


def _n_cuts(n_rows: int, n_clusters: int) -> int:
    """Return how often so many rows are cut."""
    most = _REPEATS if n_clusters < _MANY_CLUSTERS else _REPEATS_OF_MANY
    return max(_FEWEST_REPEATS, min(most, _ROWS_CUT // min(n_rows, MAX_ROWS)))


def compare(
    first: Integers, second: Integers, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return agreement, information and what is asked for, of two ways to place the same rows.

    See `Halves`.
    """
    by_chance = _information(_crossed(first, rng.permutation(second)))
    crossed = _crossed(first, second)
    information = _information(crossed) - by_chance
    asked_for = np.mean([entropy(np.bincount(labels)) for labels in (first, second)])
    return _rand_index(crossed), information, float(asked_for)


# scikit-learn's functions for labels spend two milliseconds a call on looking at their parameters:
# in some four hundred calls more than the k-means of a small feed. So the table is made here, and
# so is the Rand index, whose function takes none; both give the same bits.
def _crossed(first: Integers, second: Integers) -> Integers:
    """Count the rows of every pair of clusters, one of either; a table of (first, second)."""
    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    pairs = np.bincount(first * n_second + second, minlength=n_first * n_second)
    return pairs.reshape(n_first, n_second)


def _rand_index(crossed: Integers) -> float:
    """Compute the adjusted Rand index; see `sklearn.metrics.adjusted_rand_score`."""
    in_both, in_first, in_second = (
        int((counts**2).sum()) for counts in (crossed, crossed.sum(axis=1), crossed.sum(axis=0))
    )
    n = int(crossed.sum())
    together, only_first, only_second = in_both - n, in_first - in_both, in_second - in_both
    apart = n**2 - in_first - in_second + in_both
    if not only_first and not only_second:
        return 1.0
    by_chance = (together + only_first) * (only_first + apart)
    by_chance += (together + only_second) * (only_second + apart)
    return 2.0 * (together * apart - only_first * only_second) / by_chance


def _information(crossed: Integers) -> float:
    """Compute the mutual information in nats."""
    return float(mutual_info_score(None, None, contingency=crossed))


def _centers(X: Floats, n_clusters: int, rng: np.random.Generator) -> Floats:
    """Run one short k-means on rows in random order, and give the centres."""
    few = X[: max(_FEW_ROWS, _FEW_ROWS_PER_CLUSTER * n_clusters)]
    if len(X) < 2 * len(few):
        seeding = X[: max(_SEEDING_ROWS, 4 * n_clusters)]
        labels = lloyd(X, kmeans_plus_plus(seeding, n_clusters, rng), _LLOYD_STEPS)
        return cluster_means(X, labels, n_clusters)
    seeding = X[: max(_FEW_SEEDING_ROWS, 4 * n_clusters)]
    labels = lloyd(few, kmeans_plus_plus(seeding, n_clusters, rng), _STEPS_ON_FEW)
    labels = lloyd(X, cluster_means(few, labels, n_clusters), _STEPS_ON_ALL)
    return cluster_means(X, labels, n_clusters)
