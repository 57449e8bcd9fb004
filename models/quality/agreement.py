"""Whether a document's nearest neighbours share its cluster."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from models.core.arrays import Floats, normalise_rows
from models.core.graph import nearest_neighbours

N_NEIGHBORS: Final = 10
SAMPLE_SIZE: Final = 5_000
"""Above this number of rows the agreement is that of a fixed random sample, among themselves."""

OUTLIER: Final = -1


def neighbour_agreement(
    X: Floats,
    labels: ArrayLike,
    n_neighbors: int = N_NEIGHBORS,
    sample_size: int = SAMPLE_SIZE,
    random_state: int = 0,
) -> float | None:
    r"""Compute the share of nearest cosine neighbours with the same label, corrected for chance.

    .. math::
        \frac{s - e}{1 - e}, \quad e = \sum_j \frac{n_j (n_j - 1)}{n (n - 1)}

    where :math:`s` is the share and :math:`e` what it would be were the labels shuffled.

    Parameters
    ----------
    X
        The space to score in, shape (n_samples, n_features).
    labels
        Shape (n_samples,); outliers, marked by -1, are left out.
    n_neighbors
        Neighbours of every row.
    sample_size
        With more rows than this, the score is that of a random sample of so many; the cost grows
        with its square.
    random_state
        Draws the sample: the same one in every call with the same seed.

    Returns
    -------
    At most 1, near 0 for random labels, or None with fewer than 2 clusters.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales, eq. 1, for the correction.
    """
    labels = np.asarray(labels)
    kept = np.flatnonzero(labels != OUTLIER)
    if len(kept) > sample_size:
        kept = np.sort(np.random.default_rng(random_state).choice(kept, sample_size, replace=False))
    labels = labels[kept]
    sizes = np.unique(labels, return_counts=True)[1]
    if len(sizes) < 2:
        return None
    found = nearest_neighbours(normalise_rows(X[kept]), n_neighbors).indices
    share = float((labels[found] == labels[:, None]).mean())
    expected = float((sizes * (sizes - 1)).sum() / (len(labels) * (len(labels) - 1)))
    return (share - expected) / (1 - expected)
