"""Rows that a fit was not made on, as there are very many: heads and neighbours place them."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import torch

from models.core.arrays import AnyFloats, Floats, Integers, evenly_spaced, normalise_rows, wide
from models.core.graph import means_of, nearest_among

ROWS_AT_ONCE: Final = 50_000
"""What is made of rows to place them is several times as large as these."""

N_BESIDE: Final = 5
"""Fitted rows that have a say: with more, search results of eight kinds are placed worse."""

MOST_BESIDE: Final = 10_000
"""Fitted rows that others are held against: of more, so many, evenly spaced. To hold a million
against 50,000 takes five times as long, and was a fifth of a whole night besides embedding."""


class Fitted(NamedTuple):
    """The rows that a fit was made on, and where it has them."""

    positions: Integers  # (n_fitted,), among all rows
    latent: Floats  # (n_fitted, latent_dim)
    soft_assignments: Floats  # (n_fitted, n_clusters), rows sum to 1


def in_batches(function: Callable[[Floats], Floats], X: AnyFloats) -> Floats:
    """Apply a function of rows to `ROWS_AT_ONCE` of them at a time.

    Parameters
    ----------
    function
        From (n, n_features) to (n, any).
    X
        Shape (n_samples, n_features); see `models.core.arrays.wide`.

    Returns
    -------
    The results, shape (n_samples, any).
    """
    first = function(wide(X[:ROWS_AT_ONCE]))
    if len(X) <= ROWS_AT_ONCE:
        return first
    found = np.empty((len(X), *first.shape[1:]), dtype=first.dtype)
    found[:ROWS_AT_ONCE] = first
    for start in range(ROWS_AT_ONCE, len(X), ROWS_AT_ONCE):
        found[start : start + ROWS_AT_ONCE] = function(wide(X[start : start + ROWS_AT_ONCE]))
    return found


def with_others(
    X: AnyFloats,
    fitted: Fitted,
    place: Callable[[Floats], tuple[Floats, Floats]],
    device: torch.device,
) -> tuple[Floats, Floats]:
    r"""Place the rows that were not fitted, by the heads and by what is known of rows near them.

    As in a round of `models.nightfold.cotraining`, what the heads say is averaged with a
    neighbourhood, half and half:

    .. math::
        q_i = \frac{1}{2} h(x_i) + \frac{1}{2} \sum_{j \in N(i)} \frac{w_{ij}}{\sum_l w_{il}} q_j

    with h the heads, N the nearest fitted rows in the latent space and w their cosines, where above
    0. Among the fused rows, of eight times the width, neighbours place others hardly better.

    Parameters
    ----------
    X
        All rows, shape (n_samples, n_features).
    fitted
        See `Fitted`.
    place
        From rows to latent ones, and to what the heads say.
    device
        Where neighbours are looked for.

    Returns
    -------
    Soft assignments of all rows, shape (n_samples, n_clusters), those of the fitted as given, and
    where the rows lie in the latent space.
    """
    chosen = evenly_spaced(len(fitted.latent), MOST_BESIDE)
    known, q_known = normalise_rows(fitted.latent[chosen]), fitted.soft_assignments[chosen]
    soft = np.empty((len(X), q_known.shape[1]), dtype=np.float32)
    latent = np.empty((len(X), known.shape[1]), dtype=np.float32)
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        latent[rows], q = place(wide(X[rows]))
        near = nearest_among(normalise_rows(latent[rows]), known, N_BESIDE, device)
        q += means_of(near, q_known)
        soft[rows] = q / q.sum(axis=1, keepdims=True)
    soft[fitted.positions] = fitted.soft_assignments
    return soft, latent
