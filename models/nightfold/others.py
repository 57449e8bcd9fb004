"""Rows that a fit was not made on, as there are very many: heads and neighbours place them."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import torch

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.graph import nearest_among

ROWS_AT_ONCE: Final = 50_000
"""What is made of rows to place them is several times as large as these."""

N_BESIDE: Final = 5
"""Fitted rows that have a say. Twenty place titles of 20 kinds half a point of NMI better, and
search results of eight kinds a point worse."""

SPACE_DIM: Final = 64
"""Leading columns in which these are looked for, a quarter of all and of their cost: by all, the
search results are placed a point better and the titles a point worse."""


class Fitted(NamedTuple):
    """The rows that a fit was made on, and where it has them."""

    positions: Integers  # (n_fitted,), among all rows
    fused: Floats  # (n_fitted, n_features)
    soft_assignments: Floats  # (n_fitted, n_clusters), rows sum to 1


def in_batches(function: Callable[[Floats], Floats], X: Floats) -> Floats:
    """Apply a function of rows to `ROWS_AT_ONCE` of them at a time.

    Parameters
    ----------
    function
        From (n, n_features) to (n, any).
    X
        Shape (n_samples, n_features).

    Returns
    -------
    The results, shape (n_samples, any).
    """
    first = function(X[:ROWS_AT_ONCE])
    if len(X) <= ROWS_AT_ONCE:
        return first
    found = np.empty((len(X), *first.shape[1:]), dtype=first.dtype)
    found[:ROWS_AT_ONCE] = first
    for start in range(ROWS_AT_ONCE, len(X), ROWS_AT_ONCE):
        found[start : start + ROWS_AT_ONCE] = function(X[start : start + ROWS_AT_ONCE])
    return found


def with_others(
    X: Floats,
    fitted: Fitted,
    fuse: Callable[[Floats], Floats],
    place: Callable[[Floats], Floats],
    device: torch.device,
) -> Floats:
    r"""Place the rows that were not fitted, by the heads and by what is known of rows near them.

    As in a round of `models.nightfold.cotraining`, what the heads say is averaged with a
    neighbourhood, half and half:

    .. math::
        q_i = \frac{1}{2} h(x_i) + \frac{1}{2} \sum_{j \in N(i)} \frac{w_{ij}}{\sum_l w_{il}} q_j

    with h the heads, N the nearest fitted rows and w their cosines, where above 0.

    Parameters
    ----------
    X
        All rows, shape (n_samples, n_features).
    fitted
        See `Fitted`.
    fuse, place
        From rows to fused rows, and to what the heads say.
    device
        Where neighbours are looked for.

    Returns
    -------
    Soft assignments of all rows, shape (n_samples, n_clusters); those of the fitted are as given.
    """
    known = _leading(fitted.fused)

    def placed(rows: Floats) -> Floats:
        near = nearest_among(_leading(fuse(rows)), known, N_BESIDE, device)
        weights = np.maximum(near.similarities, 0.0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        q = place(rows)
        for indices, weight in zip(near.indices.T, weights.T, strict=True):
            q += weight[:, None] * fitted.soft_assignments[indices]
        return np.asarray(q / q.sum(axis=1, keepdims=True))

    found = in_batches(placed, X)
    found[fitted.positions] = fitted.soft_assignments
    return found


def _leading(fused: Floats) -> Floats:
    """Return the leading columns of fused rows, of length one."""
    return normalise_rows(fused[:, :SPACE_DIM])
