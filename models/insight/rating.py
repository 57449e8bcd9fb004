"""How clusters are rated: their means with intervals, and what each does to the mean of all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from models.core.arrays import Labels

Doubles = NDArray[np.float64]

_LEVEL: Final = 0.95

_PRIOR_DOCUMENTS: Final = 3.0
"""How many documents the spread of the whole feed counts for beside those of a cluster: three that
all gave five stars do not prove that the next one will."""


@dataclass(frozen=True)
class ClusterRatings:
    """Ratings of clusters, each of shape (n_clusters,); NaN where there is nothing to say.

    Parameters
    ----------
    n
        Documents with a rating.
    mean, low, high
        Mean and its interval of 95 %.
    impact
        How much the mean of all documents would rise if the cluster were not there.
    """

    n: NDArray[np.int64]
    mean: Doubles
    low: Doubles
    high: Doubles
    impact: Doubles


def rate_clusters(ratings: Doubles, labels: Labels, n_clusters: int) -> ClusterRatings:
    """Compute the mean rating of every cluster, how sure it is, and its impact.

    The variance of a cluster is moderated by that of all documents, so that a cluster of one
    document has an interval, too, and a cluster of few alike ratings no narrow one.

    Parameters
    ----------
    ratings
        NaN for a document without one, shape (n_documents,).
    labels
        Cluster of every document, from 0, shape (n_documents,).
    n_clusters
        Clusters that there are.

    References
    ----------
    Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression,
    equation for the moderated t, with the prior degrees of freedom given.
    """
    is_rated = ~np.isnan(ratings)
    rated, of = ratings[is_rated], labels[is_rated]
    n = np.bincount(of, minlength=n_clusters)
    sums = np.bincount(of, weights=rated, minlength=n_clusters)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / n
        impact = (sums.sum() - sums) / (n.sum() - n) - sums.sum() / n.sum()
    low, high = _interval(rated, of, n, mean)
    return ClusterRatings(n, mean, low, high, np.where(n > 0, impact, np.nan))


def _interval(
    rated: Doubles, of: Labels, n: NDArray[np.int64], mean: Doubles
) -> tuple[Doubles, Doubles]:
    """Return the bounds of the means, within the ratings that there are."""
    if len(rated) < 2:
        return np.full(len(n), np.nan), np.full(len(n), np.nan)
    squares = np.bincount(of, weights=(rated - mean[of]) ** 2, minlength=len(n))
    freedom = _PRIOR_DOCUMENTS + np.maximum(n - 1, 0)
    variance = (_PRIOR_DOCUMENTS * rated.var(ddof=1) + squares) / freedom
    with np.errstate(divide="ignore"):
        half = t.ppf((1 + _LEVEL) / 2, freedom) * np.sqrt(variance / n)
    return np.maximum(mean - half, rated.min()), np.minimum(mean + half, rated.max())
