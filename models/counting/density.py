"""How well neighbours stay together in clusters."""

import numpy as np
from scipy import sparse

from models.core.arrays import Integers
from models.core.lloyd import indicator


def density(walk: sparse.csr_array, labels: Integers, granularity: float) -> float:
    """Compute the share of neighbours in the own cluster, less γ times the share due to chance."""
    n_clusters = int(labels.max()) + 1
    members = indicator(labels, n_clusters)
    inside = float((members.multiply(members @ walk)).sum()) / len(labels)
    shares = np.bincount(labels, minlength=n_clusters) / len(labels)
    return inside - granularity * float((shares**2).sum())
