"""Let new rows settle on a plane among rows that keep their places: t-SNE for the new ones alone.

New rows that are alike find each other, as where a new story begins; beside old neighbours alone
each would lie where it looks least out of place, and a story would be strewn over the plane.

References
----------
Poličar, Stražar, Zupan (2023), Embedding to reference t-SNE space. van der Maaten, Hinton (2008),
Visualizing Data using t-SNE, whose gradient it follows, with momentum and gains.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.core.arrays import Floats, evenly_spaced, normalise_rows
from models.core.graph import nearest_neighbours
from models.plane.layout import NEIGHBOURS, components_of
from models.plane.placing import MOST_BESIDE

_PHASES: Final = ((40, 12.0, 0.5), (60, 1.0, 0.8))
"""Rounds, exaggeration and momentum: of the search, then of the rest, as `layout` has them. Half as
many rounds again gain a thousandth of trustworthiness."""

_THETA: Final = 0.5
"""Of the forces of rows far away, which are added up, as openTSNE has it."""

_MORE_GAIN, _LESS_GAIN, _LEAST_GAIN = 0.2, 0.8, 0.01
_LONGEST_STEP: Final = 5.0
"""Of van der Maaten's gains, and of a round, as openTSNE has them."""

Places = NDArray[np.float64]


def settle(X: Floats, positions: Floats, is_placed: NDArray[np.bool_]) -> Floats:
    r"""Compute positions of new rows, from where they stand; all others keep theirs to the bit.

    With p the share of a neighbour and w = 1 / (1 + |y_i - y_j|²), a new row goes down

    .. math:: \sum_j p_{ij} w_{ij} (y_i - y_j) - \sum_j w_{ij}^2 (y_i - y_j) / \sum_j w_{ij}

    Parameters
    ----------
    X
        All rows, of length one, shape (n_samples, n_features).
    positions
        Of all rows; of the new ones where they begin, shape (n_samples, 2).
    is_placed
        Which rows keep their places, shape (n_samples,). Of more than `MOST_BESIDE` so many, evenly
        spaced, stand for all.

    Returns
    -------
    Of all rows, shape (n_samples, 2); the same bits for the same arguments.
    """
    placed, new = np.flatnonzero(is_placed), np.flatnonzero(~is_placed)
    if not len(new) or len(X) <= NEIGHBOURS:
        return positions
    placed = placed[evenly_spaced(len(placed), MOST_BESIDE)]
    n_placed, order = len(placed), np.concatenate([placed, new])
    shares = _shares(normalise_rows(components_of(X[order])), n_placed)
    settled = positions.copy()
    settled[order[n_placed:]] = _descend(positions[order].astype(np.float64), shares, n_placed)
    return settled


def _descend(places: Places, shares: sparse.csr_matrix, n_placed: int) -> Floats:
    """Move the rows from `n_placed` on, and return where they come to rest."""
    step = np.zeros((len(places) - n_placed, 2))
    gains = np.ones_like(step)
    for rounds, exaggeration, momentum in _PHASES:
        attraction = shares * exaggeration
        for _ in range(rounds):
            slope = _slope(places, attraction, n_placed)
            turns = np.sign(step) != np.sign(slope)
            gains = np.where(turns, gains + _MORE_GAIN, gains * _LESS_GAIN + _LEAST_GAIN)
            step = momentum * step - gains * slope / exaggeration
            length = np.linalg.norm(step, axis=1, keepdims=True)
            step *= _LONGEST_STEP / np.maximum(length, _LONGEST_STEP)
            places[n_placed:] += step
    return places[n_placed:].astype(np.float32)


def _slope(places: Places, attraction: sparse.csr_matrix, n_placed: int) -> Places:
    """Return the gradient of the new rows, shape (n_new, 2)."""
    from openTSNE.tsne import kl_divergence_bh

    new = np.ascontiguousarray(places[n_placed:])
    found = kl_divergence_bh(
        new, attraction, dof=1, bh_params={"theta": _THETA}, reference_embedding=places
    )
    slope: Places = found[1]
    return slope


def _shares(rows: Floats, n_placed: int) -> sparse.csr_matrix:
    """Join every new row to its nearest among all, each with the same share."""
    nearest = nearest_neighbours(rows, NEIGHBOURS, first=n_placed).indices
    n_new, kept = nearest.shape
    ends = np.full(nearest.size, 1 / kept), nearest.ravel(), np.arange(0, nearest.size + 1, kept)
    return sparse.csr_matrix(ends, shape=(n_new, len(rows)))
