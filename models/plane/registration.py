"""Lay a new map over an old one: the turn, the scale and the shift that bring shared points home.

References
----------
Umeyama (1991), Least-squares estimation of transformation parameters between two point patterns.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import orthogonal_procrustes

from models.core.arrays import Floats

_FEWEST_SHARED = 3
"""Points that fix a turn, a scale and a shift."""


class Registered(NamedTuple):
    """A new map in the frame of the old one."""

    positions: Floats
    displacement: float
    """Median way of the shared points, as a share of the old map's width."""


def register(positions: Floats, shared: Floats, before: Floats) -> Registered:
    """Turn, scale and shift new positions so that shared points come as near to home as they can.

    Parameters
    ----------
    positions
        The new map, shape (n_samples, 2).
    shared
        The rows of it that the old map has too, shape (n_shared, 2).
    before
        Their old positions, same shape. Of fewer than three the map stays as it is.
    """
    if len(shared) < _FEWEST_SHARED:
        return Registered(positions, 0.0)
    centre, home = shared.mean(axis=0, dtype=np.float64), before.mean(axis=0, dtype=np.float64)
    away, there = shared - centre, before - home
    turn, summed = orthogonal_procrustes(away, there)
    scale = summed / max(float((away**2).sum()), 1e-12)

    def moved(points: Floats) -> Floats:
        return np.asarray((points - centre) @ turn * scale + home, dtype=np.float32)

    ways = np.linalg.norm(moved(shared) - before, axis=1)
    width = max(float(np.ptp(before, axis=0).max()), 1e-12)
    return Registered(moved(positions), float(np.median(ways)) / width)
