"""Rows that were not fitted: half the heads, half the fitted rows near them."""

import numpy as np
import pytest
import torch

from models.nightfold import others
from models.nightfold.others import Fitted, in_batches, with_others


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take three rows at once, and hold each against two."""
    monkeypatch.setattr(others, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(others, "N_BESIDE", 2)


def test_batches_are_put_together_in_order() -> None:
    X = np.arange(16, dtype=np.float32).reshape(8, 2)
    sizes = []

    def doubled(rows: np.ndarray) -> np.ndarray:
        sizes.append(len(rows))
        return 2 * rows

    np.testing.assert_array_equal(in_batches(doubled, X), 2 * X)
    assert sizes == [3, 3, 2]


def test_heads_and_neighbours_have_a_say_each_and_fitted_rows_stay() -> None:
    X = np.array([[1, 0, 0], [0.6, 0.8, 0], [0.8, 0.6, 0], [0, 0, -1]], dtype=np.float32)
    soft = np.array([[0.9, 0.1], [0.2, 0.8]], dtype=np.float32)
    heads = np.array([0.5, 0.5], dtype=np.float32)
    found, latent = with_others(
        X,
        Fitted(np.array([0, 1]), X[:2], soft),
        lambda rows: (rows, np.tile(heads, (len(rows), 1))),
        torch.device("cpu"),
    )
    np.testing.assert_array_equal(latent, X)
    np.testing.assert_array_equal(found[:2], soft)
    nearness = X[2] @ X[:2].T
    np.testing.assert_allclose(found[2], (heads + nearness / nearness.sum() @ soft) / 2, rtol=1e-5)
    np.testing.assert_allclose(found[3], heads, rtol=1e-6)  # nothing fitted is near it


def test_of_very_many_fitted_rows_some_evenly_spaced_have_a_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(others, "N_BESIDE", 1)
    monkeypatch.setattr(others, "MOST_BESIDE", 2)
    X = np.eye(5, dtype=np.float32)
    X[4] = [0.8, 1, 0.9, 1, 0]  # nearest to the second and the fourth, then to the third
    soft = np.eye(4, dtype=np.float32)
    heads = np.full(4, 0.25, dtype=np.float32)
    found, latent = with_others(
        X,
        Fitted(np.arange(4), X[:4], soft),
        lambda rows: (rows, np.tile(heads, (len(rows), 1))),
        torch.device("cpu"),
    )
    np.testing.assert_array_equal(latent, X)
    np.testing.assert_allclose(found[4], (heads + soft[2]) / 2, rtol=1e-6)
