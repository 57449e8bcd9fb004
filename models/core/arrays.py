"""What arrays are called here, and the small sums on them that many modules need.

Importing this module is cheap: numpy is all that it loads.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
"""What is computed with: vectors, similarities, memberships."""

AnyFloats = NDArray[np.floating[Any]]
"""Numbers of whichever width the caller has."""

Integers = NDArray[np.int64]
"""Positions, counts, and labels that are made here."""

Labels = NDArray[np.integer[Any]]
"""A cluster's number for every row, of whichever width the caller has."""


def normalise_rows(X: Floats) -> Floats:
    """Scale every row to length one; a row of zeros stays as it is."""
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.maximum(norms, 1e-12), dtype=np.float32)


def in_16_bits(X: Floats) -> Floats:
    """Round every number to one that 16 bits hold, and leave it in 32: it is computed with.

    Of a vector of length one this moves the direction by a cosine of less than 1e-7. No number may
    be larger than 65,504.
    """
    return np.asarray(X, dtype=np.float16).astype(np.float32)


def narrowest(X: NDArray[Any]) -> NDArray[Any]:
    """Return 32-bit numbers in 16 bits where these hold all of them, bit for bit."""
    if X.dtype != np.float32:
        return X
    with np.errstate(over="ignore"):
        narrow = X.astype(np.float16)
    return narrow if np.array_equal(narrow, X) else X


def centroids_of(X: Floats, labels: Labels) -> Floats:
    """Compute the directions of the clusters' means.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    labels
        Shape (n_samples,).

    Returns
    -------
    Rows of length one, one for each label in order, shape (n_clusters, n_features).
    """
    means = np.stack([X[labels == label].mean(axis=0) for label in np.unique(labels)])
    return normalise_rows(means)


def top_two(q: AnyFloats) -> tuple[Floats, Floats]:
    """Compute confidence and margin of soft assignments q, shape (n_samples, n_clusters).

    Confidence is the highest membership, margin its lead over the second (over 0 for one cluster).
    """
    if q.shape[1] == 1:
        only = q[:, 0].astype(np.float32)
        return only, only
    second, first = np.partition(q, -2, axis=1)[:, -2:].T
    return first.astype(np.float32), (first - second).astype(np.float32)
