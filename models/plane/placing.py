"""Place new rows on a plane among rows that have their places: beside their nearest neighbours."""

from typing import Final

import numpy as np

from models.core.arrays import Floats, evenly_spaced
from models.core.graph import nearest_among

_NEIGHBOURS: Final = 5
_MOST_TIMES_AWAY: Final = 2.0
"""How many times as far from the middle of the neighbours as most of them one may lie to count:
between two islands of neighbours lies the sea."""

MOST_BESIDE: Final = 30_000
"""Rows with a place that new ones are held against; of more, so many, evenly spaced: a map has no
room for finer places, and the cost is that of the new rows times these."""

_STEP: Final = 0.5
_LEAST_STEP: Final = 0.004
"""Of a step aside: half the way to the neighbours, and of the map's width where they meet."""


def place_beside(X: Floats, placed: Floats, positions: Floats, random_state: int) -> Floats:
    """Compute positions of new rows; those that have one keep it, and new rows do not meet.

    Parameters
    ----------
    X
        New rows, of length one, shape (n_new, n_features).
    placed
        Rows that have their places, of length one, shape (n_placed, n_features); one at least.
    positions
        Of those, shape (n_placed, 2).
    random_state
        Seed of the small steps aside that keep new rows with the same neighbours apart.

    Returns
    -------
    Shape (n_new, 2).
    """
    if not len(X):
        return np.empty((0, 2), dtype=np.float32)
    if len(placed) > MOST_BESIDE:
        kept = evenly_spaced(len(placed), MOST_BESIDE)
        placed, positions = placed[kept], positions[kept]
    around = positions[nearest_among(X, placed, _NEIGHBOURS).indices]  # (n_new, n_neighbours, 2)
    middle = np.median(around, axis=1, keepdims=True)
    away = np.linalg.norm(around - middle, axis=2)
    counts = away <= _MOST_TIMES_AWAY * np.median(away, axis=1, keepdims=True) + 1e-6
    summed = (around * counts[:, :, None]).sum(axis=1)
    width = float(np.ptp(positions, axis=0).max())
    step = _STEP * (np.median(away, axis=1, keepdims=True) + _LEAST_STEP * width)
    aside = np.random.default_rng(random_state).normal(size=(len(X), 2)) * step
    return np.asarray(summed / counts.sum(axis=1, keepdims=True) + aside, dtype=np.float32)
