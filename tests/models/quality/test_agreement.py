"""Neighbour agreement against a plain loop, against chance, and where it is not defined."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.quality.agreement import neighbour_agreement


def _clustering(n_samples: int = 60) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=n_samples)
    centers = rng.normal(size=(4, 5))
    return (centers[labels] + 0.5 * rng.normal(size=(n_samples, 5))).astype(np.float32), labels


def _by_loops(X: NDArray[np.float32], labels: NDArray[np.int64], n_neighbors: int) -> float:
    n = len(X)
    hits, pairs = 0, 0
    for i in range(n):
        cosines = [
            -2 if i == j else X[i] @ X[j] / np.linalg.norm(X[i]) / np.linalg.norm(X[j])
            for j in range(n)
        ]
        for j in np.argsort(cosines)[::-1][:n_neighbors]:
            hits += int(labels[i] == labels[j])
        pairs += sum(int(labels[i] == labels[j]) for j in range(n) if i != j)
    share, expected = hits / (n * n_neighbors), pairs / (n * (n - 1))
    return (share - expected) / (1 - expected)


@pytest.mark.parametrize("n_neighbors", [1, 5])
def test_it_is_the_share_of_like_neighbours_beyond_chance(n_neighbors: int) -> None:
    X, labels = _clustering()
    expected = _by_loops(X, labels, n_neighbors)
    assert neighbour_agreement(X, labels, n_neighbors) == pytest.approx(expected)


def test_random_labels_score_near_zero_however_skewed() -> None:
    X, _ = _clustering(n_samples=2000)
    rng = np.random.default_rng(1)
    for shares in ([0.5, 0.5], [0.95, 0.05]):
        assert abs(neighbour_agreement(X, rng.choice(2, 2000, p=shares))) < 0.03


def test_clusters_apart_score_one() -> None:
    X = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], 20)]
    assert neighbour_agreement(X, np.repeat([0, 1, 2], 20)) == 1


def test_outliers_are_left_out() -> None:
    X, labels = _clustering()
    with_outliers = labels.copy()
    with_outliers[::5] = -1
    kept = with_outliers != -1
    assert neighbour_agreement(X, with_outliers) == neighbour_agreement(X[kept], labels[kept])


@pytest.mark.parametrize("labels", [[], [0], [0, 0, 0], [-1, 0, 0]])
def test_it_is_none_without_two_clusters(labels: list[int]) -> None:
    assert neighbour_agreement(np.zeros((len(labels), 2), dtype=np.float32), labels) is None


def test_many_rows_are_scored_on_a_fixed_sample() -> None:
    X, labels = _clustering(n_samples=400)
    sampled = neighbour_agreement(X, labels, sample_size=100)
    assert sampled == neighbour_agreement(X, labels, sample_size=100)
    assert sampled != neighbour_agreement(X, labels)
