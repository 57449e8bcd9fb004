"""Diffusion coordinates: groups of a graph come apart, whatever their shape, and always alike."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from models.core.arrays import normalise_rows
from models.core.diffusion import diffusion_coordinates
from models.quality.metrics import ari


def _arcs(n_samples: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Two long arcs on the sphere that k-means cuts across."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 2
    angle = rng.uniform(0, 2 * np.pi, n_samples)
    height = np.where(y == 0, 0.35, -0.35) + rng.normal(0, 0.03, n_samples)
    return normalise_rows(np.stack([np.cos(angle), np.sin(angle), height], axis=1)), y


@pytest.mark.parametrize("n_samples", [200, 600])  # all eigenvectors, and some of them
def test_groups_that_are_long_come_apart(n_samples: int) -> None:
    X, y = _arcs(n_samples)
    assert (ari(y, KMeans(2, n_init=4, random_state=0).fit_predict(X)) or 0) < 0.1
    found = diffusion_coordinates(X, 1)
    assert ari(y, (found[:, 0] > 0).astype(int)) == 1.0


def test_rows_are_of_length_one_and_bits_repeat() -> None:
    X, _ = _arcs(600)
    found = diffusion_coordinates(X)
    assert found.shape == (600, 16)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert found.tobytes() == diffusion_coordinates(X).tobytes()


@pytest.mark.parametrize("n_samples", [1, 2, 3, 12])
def test_few_rows_have_few_coordinates(n_samples: int) -> None:
    X, _ = _arcs(n_samples)
    found = diffusion_coordinates(X)
    assert found.shape == (n_samples, max(1, min(16, n_samples - 1)))
    assert np.isfinite(found).all()
