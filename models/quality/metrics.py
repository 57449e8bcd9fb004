"""How good a clustering is: with no labels to compare with, and with them.

Every metric is a float, or None where it is not defined. The label -1 marks outliers.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import (
    adjusted_rand_score,
    davies_bouldin_score,
    normalized_mutual_info_score,
    silhouette_score,
)
from sklearn.metrics.cluster import contingency_matrix

from models.core.arrays import parts_of
from models.core.lloyd import indicator

SILHOUETTE_SAMPLE_SIZE: Final = 4000
"""Above this number of rows the silhouette is that of a random sample of so many of them."""

OUTLIER: Final = -1
"""The label of a row that is in no cluster."""


def silhouette(
    X: NDArray[np.floating],
    labels: ArrayLike,
    sample_size: int = SILHOUETTE_SAMPLE_SIZE,
    random_state: int = 0,
) -> float | None:
    """Compute the mean silhouette with Euclidean distances; outliers are left out.

    Sentence vectors have low silhouettes: 0.03 to 0.2 is what good clusterings of texts reach.

    Parameters
    ----------
    X
        The space to score in, shape (n_samples, n_features).
    labels
        Shape (n_samples,).
    sample_size
        With more rows than this, the score is that of a random sample of so many; the cost grows
        with its square.
    random_state
        Draws the sample: the same one in every call with the same seed.

    Returns
    -------
    From -1 to 1, or None with fewer than 2 clusters, or with as many as rows.
    """
    X, labels = _without_outliers(X, labels)
    if len(labels) > sample_size:
        sample = np.random.default_rng(random_state).choice(len(labels), sample_size, replace=False)
        sample.sort()
        X, labels = X[sample], labels[sample]
    return float(silhouette_score(X, labels)) if _is_partition(labels) else None


def calinski_harabasz(X: NDArray[np.floating], labels: ArrayLike) -> float | None:
    r"""Compute the variance ratio criterion, higher is better; outliers are left out.

    .. math::
        \frac{\sum_j n_j \lVert m_j - m \rVert^2 / (k - 1)}
             {\sum_i \lVert x_i - m_{j(i)} \rVert^2 / (n - k)}

    with m the mean of all rows and m_j that of cluster j. Part by part: scikit-learn's would hold
    all rows once more, in 64 bits.

    Parameters
    ----------
    X
        The space to score in, shape (n_samples, n_features).
    labels
        Shape (n_samples,).

    Returns
    -------
    At least 0, or None with fewer than 2 clusters, or with as many as rows; 1 where all rows of
    each cluster are the same, as scikit-learn has it.

    References
    ----------
    Caliński, Harabasz (1974), A dendrite method for cluster analysis.
    """
    X, labels = _without_outliers(X, labels)
    if not _is_partition(labels):
        return None
    clusters, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(clusters), X.shape[1]))
    for part in parts_of(len(X)):
        sums += indicator(own[part], len(clusters)) @ X[part].astype(np.float64)
    means = sums / sizes[:, None]
    between = (sizes * ((means - sums.sum(axis=0) / len(X)) ** 2).sum(axis=1)).sum()
    within = sum(float(((X[part] - means[own[part]]) ** 2).sum()) for part in parts_of(len(X)))
    if within == 0:
        return 1.0
    return float(between / (len(clusters) - 1) / (within / (len(X) - len(clusters))))


def davies_bouldin(X: NDArray[np.floating], labels: ArrayLike) -> float | None:
    """Compute the Davies-Bouldin index, lower is better; outliers are left out.

    Parameters
    ----------
    X
        The space to score in, shape (n_samples, n_features).
    labels
        Shape (n_samples,).

    Returns
    -------
    At least 0, or None with fewer than 2 clusters, or with as many as rows.
    """
    X, labels = _without_outliers(X, labels)
    return float(davies_bouldin_score(X, labels)) if _is_partition(labels) else None


def effective_n_clusters(labels: ArrayLike) -> float | None:
    r"""Compute how many clusters of equal size would be as diverse as these.

    .. math::
        \exp\Big(-\sum_j s_j \log s_j\Big), \quad s_j = n_j / n

    Parameters
    ----------
    labels
        Shape (n_samples,); outliers are left out.

    Returns
    -------
    From 1 (all in one cluster) to the number of clusters, or None without rows in clusters.
    """
    shares = _shares(labels)
    return float(np.exp(-(shares * np.log(shares)).sum())) if shares.size else None


def smallest_share(labels: ArrayLike) -> float | None:
    """Compute the share of the rows in clusters that the smallest one has; None without any."""
    shares = _shares(labels)
    return float(shares.min()) if shares.size else None


def largest_share(labels: ArrayLike) -> float | None:
    """Compute the share of the rows in clusters that the largest one has; None without any."""
    shares = _shares(labels)
    return float(shares.max()) if shares.size else None


def clustering_accuracy(labels_true: ArrayLike, labels: ArrayLike) -> float | None:
    r"""Compute the accuracy under the best one-to-one matching of clusters to classes.

    .. math::
        \max_m \frac{1}{n} \sum_i 1\{y_i = m(c_i)\}

    Parameters
    ----------
    labels_true
        Classes, numbers or strings, shape (n_samples,).
    labels
        Clusters, shape (n_samples,). Outliers count as rows and are never right.

    Returns
    -------
    From 0 to 1, or None without rows.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 10.
    """
    labels_true, labels = np.asarray(labels_true), np.asarray(labels)
    if labels.size == 0:
        return None
    inside = labels != OUTLIER
    counts = contingency_matrix(labels_true[inside], labels[inside])  # (n_classes, n_clusters)
    matched = counts[linear_sum_assignment(counts, maximize=True)]
    return float(matched.sum() / labels.size)


def nmi(labels_true: ArrayLike, labels: ArrayLike) -> float | None:
    """Compute the normalised mutual information, with the arithmetic mean of the entropies.

    Parameters
    ----------
    labels_true
        Classes, numbers or strings, shape (n_samples,).
    labels
        Clusters, shape (n_samples,). Outliers count as one more cluster.

    Returns
    -------
    From 0 to 1, or None without rows.
    """
    if np.size(labels) == 0:
        return None
    return float(normalized_mutual_info_score(labels_true, labels))


def ari(labels_true: ArrayLike, labels: ArrayLike) -> float | None:
    """Compute the adjusted Rand index.

    Parameters
    ----------
    labels_true
        Classes, numbers or strings, shape (n_samples,).
    labels
        Clusters, shape (n_samples,). Outliers count as one more cluster.

    Returns
    -------
    From -0.5 to 1, near 0 for random labels, or None without rows.
    """
    if np.size(labels) == 0:
        return None
    return float(adjusted_rand_score(labels_true, labels))


def _without_outliers(
    X: NDArray[np.floating], labels: ArrayLike
) -> tuple[NDArray[np.floating], NDArray[np.integer]]:
    """Keep the rows that are in a cluster."""
    labels = np.asarray(labels)
    inside = labels != OUTLIER
    return (X, labels) if inside.all() else (X[inside], labels[inside])


def _is_partition(labels: NDArray[np.integer]) -> bool:
    """Return whether there are at least 2 clusters, and one with more than one row."""
    return 2 <= len(np.unique(labels)) < len(labels)


def _shares(labels: ArrayLike) -> NDArray[np.floating]:
    """Compute the share of the rows in clusters that each cluster has."""
    labels = np.asarray(labels)
    sizes = np.unique(labels[labels != OUTLIER], return_counts=True)[1]
    return np.asarray(sizes / sizes.sum())
