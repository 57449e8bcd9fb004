"""How far the nightly documents of clusters vary beyond chance: the squared coefficient of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Integers

Doubles = NDArray[np.float64]

_LEAST: Final = 0.02
"""A seventh up or down is usual in any feed; a few quiet nights must not promise less."""

_USUAL: Final = 0.05
"""Of a feed whose clusters have too few documents to tell."""

_PRIOR_WEIGHT: Final = 10.0
"""Of what is usual in the feed beside what a cluster shows: clusters differ by about 0.3."""

_ENOUGH: Final = 10.0
"""Weight of clusters that say what is usual in the feed."""


def restlessness(counts: Integers, expected: Doubles) -> Doubles:
    """Estimate it by the method of moments, each cluster drawn to what is usual in the feed.

    The variance of a negative binomial is mean + r mean². A cluster of few documents says next to
    nothing of its own r, and the usual one is the median, so that one with a burst does not decide.

    Parameters
    ----------
    counts, expected
        Documents of every cluster on every night, shape (n_clusters, n_nights).

    Returns
    -------
    Shape (n_clusters,).
    """
    squares = (expected**2).sum(axis=1)
    own = ((counts - expected) ** 2 - expected).sum(axis=1) / squares
    # One over the variance of that estimate where r is small.
    weight = squares**2 / (2 * expected**2 + expected).sum(axis=1)
    telling = weight >= _ENOUGH
    usual = max(_LEAST, float(np.median(own[telling]))) if telling.any() else _USUAL
    drawn = (_PRIOR_WEIGHT * usual + weight * own) / (_PRIOR_WEIGHT + weight)
    found: Doubles = np.maximum(drawn, _LEAST)
    return found
