"""k-means: what it finds, and that it repeats."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_info, threadpool_limits

from models.core import kmeans as module
from models.core.kmeans import fit_kmeans, fit_kmeans_of_many


def _blobs() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    X, y = make_blobs(200, n_features=3, centers=4, cluster_std=0.1, random_state=0)
    return X.astype(np.float32), y


def test_planted_clusters_are_found() -> None:
    X, y = _blobs()
    labels, centers = fit_kmeans(X, 4, n_init=3, seed=0)
    pairs = set(zip(y.tolist(), labels.tolist(), strict=True))
    assert len(pairs) == 4
    for label in range(4):
        np.testing.assert_allclose(centers[label], X[labels == label].mean(axis=0), atol=1e-5)


def test_the_same_seed_gives_the_same_bits() -> None:
    X = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    first, second = (fit_kmeans(X, 10, n_init=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_starts_on_a_sample_end_in_clusters_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = _blobs()
    monkeypatch.setattr(module, "SAMPLE_SIZE", 50)
    monkeypatch.setattr(module, "ROWS_PER_CLUSTER", 5)
    labels, centers = fit_kmeans_of_many(X, 4, n_init=3, seed=0)
    assert len(set(zip(y.tolist(), labels.tolist(), strict=True))) == 4
    np.testing.assert_allclose(centers[labels[0]], X[y == y[0]].mean(axis=0), atol=1e-5)


def test_as_many_rows_as_in_a_sample_are_clustered_as_well_as_by_scikit_learn() -> None:
    X = np.random.default_rng(0).normal(size=(600, 5)).astype(np.float32)

    def spread(found: tuple[NDArray[np.int64], NDArray[np.float32]]) -> float:
        labels, centers = found
        return float(((X - centers[labels]) ** 2).sum())

    theirs = [spread(fit_kmeans(X, 20, n_init=4, seed=it)) for it in range(5)]
    ours = [spread(fit_kmeans_of_many(X, 20, n_init=4, seed=it)) for it in range(5)]
    assert np.mean(ours) < 1.01 * np.mean(theirs)
    assert len(set(ours)) > 1  # the seed decides


def test_k_means_runs_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    fit = KMeans.fit

    def spy(kmeans: KMeans, X: NDArray[np.float32]) -> KMeans:
        threads.extend(
            pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"
        )
        return fit(kmeans, X)

    monkeypatch.setattr(KMeans, "fit", spy)
    with threadpool_limits(2, user_api="openmp"):
        fit_kmeans(_blobs()[0], 4, n_init=1, seed=0)
    assert set(threads) == {1}


def test_fewer_distinct_rows_than_clusters_is_no_warning() -> None:
    X = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    labels, centers = fit_kmeans(X, 5, n_init=2, seed=0)
    assert len(np.unique(labels)) == 3
    assert centers.shape == (5, 3)
