"""Exemplars of clusters: the documents that show each of them best."""

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize


def exemplars(
    X: NDArray[np.float32], labels: NDArray[np.integer], n: int = 5
) -> dict[int, NDArray[np.int64]]:
    """Find the documents that show each cluster best: the nearest to its centroid.

    Parameters
    ----------
    X
        Embeddings, shape (n_samples, embedding_dim).
    labels
        Cluster of each document, shape (n_samples,); negative ones are outliers and are left out.
    n
        Exemplars for each cluster, at most.

    Returns
    -------
    For each cluster the positions of its exemplars, by cosine to the mean direction of the cluster,
    the nearest first, ties by position.

    Raises
    ------
    ValueError
        If there are not as many labels as rows, or ``n`` is below 1.
    """
    if len(labels) != len(X):
        raise ValueError(f"labels must be as many as rows ({len(X)}), got {len(labels)}")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    nearest = {}
    for label in np.unique(labels[labels >= 0]):
        positions = np.flatnonzero(labels == label)
        directions = normalize(X[positions].astype(np.float64))
        # A product rounds equal rows differently in the last bits, which must not rank them.
        cosines = np.round(directions @ normalize(directions.mean(axis=0)[None])[0], 6)
        nearest[int(label)] = positions[np.argsort(-cosines, kind="stable")[:n]]
    return nearest
