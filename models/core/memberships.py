"""From closeness to membership: the one formula that turns cosines into soft assignments."""

from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

TEMPERATURE: Final = 0.05
"""Cosines of sentences to the centroids of their feed lie within a few tenths of each other: at
0.05 a lead of 0.1 means a membership seven times as high, at 1 all memberships would be alike."""

Float = TypeVar("Float", bound=np.floating[Any])


def memberships(cosines: NDArray[Float]) -> NDArray[Float]:
    r"""Compute memberships from the cosines to all clusters.

    .. math::
        q_{ij} = \frac{\exp(c_{ij} / \tau)}{\sum_k \exp(c_{ik} / \tau)}

    Parameters
    ----------
    cosines
        Shape (n_samples, n_clusters).

    Returns
    -------
    Same shape and type; rows sum to 1.
    """
    q: NDArray[Float] = (torch.from_numpy(cosines) / TEMPERATURE).softmax(dim=1).numpy()
    return q
