"""scikit-learn's k-means, the same bits on any number of cores."""

import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from models.core.arrays import Integers
from models.core.devices import draw_seed
from models.core.lloyd import kmeans_plus_plus
from models.core.threads import one_thread

SAMPLE_SIZE: Final = 10_000
"""Rows on which starts are compared where there are more."""

ROWS_PER_CLUSTER: Final = 100
_ROUNDS_ON_ALL: Final = 10


def fit_kmeans(
    X: NDArray[np.float32], n_clusters: int, n_init: int, seed: int
) -> tuple[Integers, NDArray[np.float32]]:
    """Run k-means from several starts and keep the one with the lowest inertia.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    n_clusters
        At most n_samples; some come out empty where X has fewer distinct rows.
    n_init
        Number of k-means++ starts.
    seed
        Seeds the starts.

    Returns
    -------
    Labels, shape (n_samples,), and centres, shape (n_clusters, n_features).
    """
    return _settled(KMeans(n_clusters, n_init=n_init, random_state=seed), X)


def fit_kmeans_of_many(
    X: NDArray[np.float32], n_clusters: int, n_init: int, seed: int
) -> tuple[Integers, NDArray[np.float32]]:
    """Run k-means as `fit_kmeans` does, but compare the starts on a sample of very many rows.

    The best one goes on with all rows, until they settle or for `_ROUNDS_ON_ALL` rounds. Starts are
    chosen as scikit-learn does, but in 32 bits all along: with a hundred clusters they are half of
    what k-means costs, and take less than half of the time so.

    Parameters
    ----------
    X, n_clusters, n_init, seed
        See `fit_kmeans`; of no more than `SAMPLE_SIZE` rows, or `ROWS_PER_CLUSTER` a cluster, all
        are in the sample.

    Returns
    -------
    See `fit_kmeans`.
    """
    wanted = max(SAMPLE_SIZE, ROWS_PER_CLUSTER * n_clusters)
    compared = KMeans(n_clusters, init=_spread_out, n_init=n_init, random_state=seed)
    if len(X) <= wanted:
        return _settled(compared, X)
    rows = np.sort(np.random.default_rng(seed).choice(len(X), wanted, replace=False))
    _, centers = _settled(compared, X[rows])
    # A tolerance is a share of the variance, for which scikit-learn would copy all rows once more.
    kmeans = KMeans(n_clusters, init=centers, n_init=1, max_iter=_ROUNDS_ON_ALL, tol=0)
    return _settled(kmeans, X)


def _spread_out(
    X: NDArray[np.float32], n_clusters: int, random_state: np.random.RandomState
) -> NDArray[np.float32]:
    """Choose first centres, for scikit-learn."""
    return kmeans_plus_plus(X, n_clusters, np.random.default_rng(draw_seed(random_state)))


def _settled(kmeans: KMeans, X: NDArray[np.float32]) -> tuple[Integers, NDArray[np.float32]]:
    """Fit, and return the labels and the centres."""
    # Several threads add their parts of a centre in the order in which they end.
    with one_thread(), warnings.catch_warnings():
        # Told of empty clusters in its own words by whoever asked for so many.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(X)
    return kmeans.labels_.astype(np.int64), kmeans.cluster_centers_
