"""How well neighbours stay together: modularity with a resolution, against a naive sum."""

import numpy as np
import pytest
from scipy import sparse

from models.counting.density import density


def test_density_is_modularity_with_a_resolution() -> None:
    rng = np.random.default_rng(0)
    links = rng.random((40, 40)) < 0.2
    symmetric = np.triu(links, 1) | np.triu(links, 1).T
    symmetric |= np.roll(np.eye(40, dtype=bool), 1, axis=0) | np.roll(np.eye(40, dtype=bool), -1, 0)
    walk = symmetric / symmetric.sum(axis=1, keepdims=True)
    labels = rng.integers(0, 3, 40)
    own = labels[:, None] == labels
    naive = np.mean([walk[i][own[i]].sum() for i in range(40)])
    naive -= 1.5 * sum(np.mean(labels == c) ** 2 for c in range(3))
    measured = density(sparse.csr_array(walk.astype(np.float32)), labels, 1.5)
    assert measured == pytest.approx(naive, abs=1e-6)
