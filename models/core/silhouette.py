"""The mean silhouette on a fixed sample: one matrix product per partition."""

from typing import Final

import numpy as np

from models.core.arrays import Floats, Integers
from models.core.lloyd import indicator

SAMPLE_SIZE: Final = 4_000


class SampledSilhouette:
    """Scores partitions of one data set; the sample and its distances are drawn once.

    Parameters
    ----------
    X
        The space to judge in, shape (n_samples, n_features).
    rng
        Draws the sample.
    sample_size
        Rows to judge on; all of them where there are fewer.

    References
    ----------
    Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis.
    """

    def __init__(self, X: Floats, rng: np.random.Generator, sample_size: int = SAMPLE_SIZE) -> None:
        kept = min(sample_size, len(X))
        self.rows = np.sort(rng.choice(len(X), kept, replace=False))
        sample = X[self.rows]
        norms = (sample**2).sum(axis=1)
        squared = norms[:, None] + norms - 2.0 * (sample @ sample.T)
        self.distances = np.sqrt(np.maximum(squared, 0.0))
        np.fill_diagonal(self.distances, 0.0)

    def samples(self, labels: Integers) -> Floats:
        """Silhouette of each sampled row, shape (n_sampled,); rows alone in a cluster score 0."""
        _, own = np.unique(labels[self.rows], return_inverse=True)
        n_clusters = int(own.max()) + 1
        if n_clusters < 2:
            return np.zeros(len(own), dtype=np.float32)
        sizes = np.bincount(own, minlength=n_clusters)
        sums = (indicator(own, n_clusters) @ self.distances).T  # distances are symmetric
        each = np.arange(len(own))
        inside = sums[each, own] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes
        means[each, own] = np.inf
        outside = means.min(axis=1)
        scale = np.maximum(np.maximum(inside, outside), 1e-12)
        return np.where(sizes[own] > 1, (outside - inside) / scale, 0.0).astype(np.float32)

    def score(self, labels: Integers) -> float:
        """Mean silhouette of the sample, between -1 and 1; 0 for a single cluster."""
        return float(self.samples(labels).mean())
