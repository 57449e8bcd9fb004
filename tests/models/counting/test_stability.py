"""How stable a number of clusters is: beside rows of the same shape without any."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from models.counting import stability
from models.counting.stability import represent, stabilities, without_clusters


def _blobs(n_clusters: int, n_samples: int = 600) -> NDArray[np.float32]:
    X, _ = make_blobs(n_samples, 6, centers=n_clusters, cluster_std=0.5, random_state=4)
    return np.asarray(X - X.mean(axis=0), dtype=np.float32)


def test_the_planted_number_is_the_most_stable_one() -> None:
    rng = np.random.default_rng(0)
    apart = np.eye(6)[np.arange(600) % 6] * 8 + rng.normal(size=(600, 6))
    X = (apart - apart.mean(axis=0)).astype(np.float32)
    found = stabilities(X, (3, 4, 5, 6, 8, 12), rng)
    assert found.shape == (6, stability._CUTS)
    assert found.mean(axis=1).argmax() == 3
    assert found.max() <= 1


def test_rows_along_a_line_have_no_clusters_though_halves_agree_on_them() -> None:
    rng = np.random.default_rng(0)
    line = (rng.normal(size=(2_000, 4)) * [9, 1, 1, 1]).astype(np.float32)
    rows = line - line.mean(axis=0)
    agreed = stability._agreements(represent(rows, rng), (2, 3), 6, rng).mean(axis=1)
    assert agreed.min() > 0.8
    assert abs(stabilities(rows, (2, 3), rng).mean()) < 0.6


def test_what_is_drawn_has_the_shape_of_the_rows_up_to_a_turn() -> None:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(4_000, 3)) @ np.array([[3.0, 1, 0], [0, 2, 0], [0, 0, 0.5]])
    drawn = without_clusters(mixed.astype(np.float32), rng)
    there, here = (np.linalg.eigvalsh(np.cov(it.T)) for it in (mixed, drawn))
    np.testing.assert_allclose(here, there, rtol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.diag(np.diag(np.cov(drawn.T))), atol=0.3)


def test_few_rows_stand_for_themselves_and_many_are_stood_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X = _blobs(6, 300)
    own = represent(X, np.random.default_rng(0))
    np.testing.assert_array_equal(own.points[own.of_row], X)
    monkeypatch.setattr(stability, "_REPRESENTATIVES", 40)
    few = represent(X, np.random.default_rng(0))
    assert 6 < len(few.points) <= 40
    assert np.bincount(few.of_row).min() > 0, "no point stands for nothing"
    spread = ((X - few.points[few.of_row]) ** 2).sum() / (X**2).sum()
    assert spread < 0.05


def test_more_starts_are_tried_where_clusters_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []
    seed = stability.kmeans_plus_plus

    def noted(X: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
        starts.append(n_clusters)
        return seed(X, n_clusters, rng)

    monkeypatch.setattr(stability, "kmeans_plus_plus", noted)
    stabilities(_blobs(3, 400), (3, 15, 30, 50), np.random.default_rng(0))
    n_halves = 2 * (stability._CUTS + stability._DRAWS * stability._CUTS_OF_A_DRAW)
    assert {k: starts.count(k) / n_halves for k in (3, 15, 30, 50)} == {3: 4, 15: 4, 30: 2, 50: 1}


def test_of_several_starts_the_tightest_counts() -> None:
    X = _blobs(8, 800)
    found = represent(X, np.random.default_rng(0))
    wanted = min(
        KMeans(8, n_init=20, random_state=0).fit(found.points, sample_weight=counts).inertia_
        for counts in [np.bincount(found.of_row)]
    )
    centers = stability._centers(found.points, found.of_row, 8, np.random.default_rng(2))
    gaps = ((found.points[:, None] - centers) ** 2).sum(axis=2).min(axis=1)
    assert gaps @ np.bincount(found.of_row) == pytest.approx(wanted, rel=0.01)


def test_rows_that_a_half_lacks_are_placed_too() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1]], dtype=np.float32)
    centers = stability._centers(points, np.array([0, 0, 2]), 2, np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(centers, axis=0), [[0.0], [5.0]])


def test_of_very_many_rows_a_random_part_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "MAX_ROWS", 200)
    X = np.repeat(_blobs(4, 8), 100, axis=0)  # sorted: the first 200 rows are two texts
    rng = np.random.default_rng(0)
    taken: list[int] = []
    kept = stability.represent

    def noted(rows: np.ndarray, rng: np.random.Generator) -> stability.Representatives:
        taken.append(len(np.unique(rows, axis=0)))
        return kept(rows, rng)

    monkeypatch.setattr(stability, "represent", noted)
    stabilities(X, (3,), rng)
    assert taken[0] == 8
