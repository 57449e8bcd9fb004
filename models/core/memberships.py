"""From closeness to membership: the one formula that turns cosines into soft assignments."""

from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.core.arrays import Floats, normalise_rows

TEMPERATURE: Final = 0.05
"""Cosines of sentences to the centroids of their feed lie within a few tenths of each other: at
0.05 a lead of 0.1 means a membership seven times as high, at 1 all memberships would be alike."""

ROUNDS: Final = 2
"""Of `recentred`: more let clusters drift from what the model calls them. On some sets of
reviews two rounds were better than the model alone, on others no better; ten were never better,
and many passages that the model is sure of had left their cluster by then."""

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


def recentred(X: Floats, q: Floats, known: Floats) -> Floats:
    """Carry memberships over to rows of another kind than those that a model has learnt from.

    A sentence lies elsewhere than a whole review of the same theme. So the clusters get centroids
    in the space of the new rows, as the memberships that the model finds weigh them, and the rows
    get memberships by their cosines to these, a few times. Rows of the known kind keep their say in
    the centroids.

    Parameters
    ----------
    X
        New rows, of length one, shape (n_new, n_features).
    q
        What the model says of them, shape (n_new, n_clusters).
    known
        Sum of each cluster's rows of the known kind, shape (n_clusters, n_features).

    Returns
    -------
    Memberships of the new rows, shape (n_new, n_clusters).
    """
    for _ in range(ROUNDS):
        centroids = normalise_rows(q.T @ X + known)
        q = memberships(X @ centroids.T)
    return q
