"""scikit-learn's k-means, the same bits on any number of cores."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from models.core.arrays import Integers
from models.core.threads import one_thread


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
    kmeans = KMeans(n_clusters, n_init=n_init, random_state=seed)
    # Several threads add their parts of a centre in the order in which they end.
    with one_thread(), warnings.catch_warnings():
        # Told of empty clusters in its own words by whoever asked for so many.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(X)
    return kmeans.labels_.astype(np.int64), kmeans.cluster_centers_
