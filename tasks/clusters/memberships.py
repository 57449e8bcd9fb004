"""Memberships of pieces that are one cluster, and of a cluster that is several stories.

The model of a night stays as it is where its pieces are put together or its clusters are cut: what
it says is added up or shared out here, that night and wherever its model is asked again.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.core.arrays import AnyFloats

if TYPE_CHECKING:
    from models.identity.parting import Cut


def joined(q: AnyFloats, label_of: Mapping[int, int]) -> AnyFloats:
    """Add up the columns of q, shape (n_samples, n_pieces), that have one label."""
    summed = np.zeros((len(q), max(label_of.values()) + 1), dtype=q.dtype)
    for piece, label in label_of.items():
        summed[:, label] += q[:, piece]
    return summed


def shared_out(q: AnyFloats, X: AnyFloats, cuts: "Sequence[Cut]") -> AnyFloats:
    """Share out the memberships of every cluster that was cut; see `parted`."""
    for cut in cuts:
        q = parted(q, cut.whole, X @ cut.centroids.T)
    return q


def parted(q: AnyFloats, whole: int, cosines: AnyFloats) -> AnyFloats:
    """Share out one column of memberships among the stories of its cluster.

    Parameters
    ----------
    q
        Shape (n_samples, n_clusters).
    whole
        The column.
    cosines
        To the stories, shape (n_samples, n_stories).

    Returns
    -------
    Shape (n_samples, n_clusters + n_stories - 1): the first story stands in the column, the others
    stand at the end.
    """
    from models.core.memberships import memberships

    shares = q[:, [whole]] * memberships(cosines).astype(q.dtype)
    there = q.copy()
    there[:, whole] = shares[:, 0]
    return np.hstack([there, shares[:, 1:]])
