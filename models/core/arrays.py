"""What arrays are called here, and the small sums on them that many modules need.

Importing this module is cheap: numpy is all that it loads.
"""

from collections.abc import Iterator
from typing import Any, Final

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


_ROWS_AT_ONCE: Final = 1 << 15
"""Of a matrix that is gone through part by part: what is made on the way is as large as a part. Of
32,768 vectors of 384 numbers it is 50 megabytes, of a million all at once 1.5 gigabytes."""


def wide(X: AnyFloats) -> Floats:
    """Return numbers of 16 bits in 32, which are computed with; others as they are."""
    return X.astype(np.float32) if X.dtype == np.float16 else X


def normalise_rows(X: AnyFloats, out: Floats | None = None) -> Floats:
    """Scale every row to length one; a row of zeros stays as it is.

    Parameters
    ----------
    X
        Shape (n_samples, n_features); see `wide`.
    out
        Where to put them: X itself, to have one matrix in memory in place of two.
    """
    scaled = np.empty(X.shape, dtype=np.float32) if out is None else out
    for part in parts_of(len(X)):
        rows = wide(X[part])
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, np.maximum(norms, 1e-12), out=scaled[part])
    return scaled


def in_16_bits(X: Floats, out: Floats | None = None) -> Floats:
    """Round every number to one that 16 bits hold, and leave it in 32: it is computed with.

    Of a vector of length one this moves the direction by a cosine of less than 1e-7. No number may
    be larger than 65,504. See `normalise_rows` for `out`.
    """
    rounded = np.empty(X.shape, dtype=np.float32) if out is None else out
    for part in parts_of(len(X)):
        rounded[part] = X[part].astype(np.float16)
    return rounded


def parts_of(n_rows: int) -> Iterator[slice]:
    """Yield the slices of a matrix in which it is gone through; see `_ROWS_AT_ONCE`."""
    for first in range(0, n_rows, _ROWS_AT_ONCE):
        yield slice(first, first + _ROWS_AT_ONCE)


def evenly_spaced(n_rows: int, most: int) -> Integers:
    """Return the positions of so many of some rows at most, evenly spaced from the first on."""
    n_kept = min(n_rows, most)
    return np.arange(n_kept) * n_rows // max(n_kept, 1)


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
