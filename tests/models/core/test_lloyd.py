import numpy as np
import pytest
from sklearn.cluster import KMeans

from models.core import lloyd as core
from models.core.lloyd import (
    cluster_means,
    indicator,
    kmeans,
    kmeans_plus_plus,
    lloyd,
    nearest_center,
    spread,
)


def blobs(n_samples: int = 120, n_clusters: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(n_samples) % n_clusters
    X = 10 * rng.normal(size=(n_clusters, 3))[labels] + rng.normal(size=(n_samples, 3))
    return X.astype(np.float32), labels


def test_lloyd_ends_where_scikit_learn_ends() -> None:
    X, _ = blobs()
    start = X[:4]
    reference = KMeans(4, init=start, n_init=1, algorithm="lloyd").fit(X)
    np.testing.assert_array_equal(lloyd(X, start), reference.labels_)


@pytest.mark.parametrize("cells", [200, 1 << 17])
def test_every_row_has_its_nearest_centre_however_many_are_looked_at_at_once(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _ = blobs()
    monkeypatch.setattr(core, "_CELLS_AT_ONCE", cells)
    expected = ((X[:, None] - X[2:6]) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest_center(X, X[2:6]), expected)


def test_no_more_steps_are_taken_than_are_allowed() -> None:
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    one = nearest_center(X, cluster_means(X, nearest_center(X, X[:9]), 9))
    np.testing.assert_array_equal(lloyd(X, X[:9], 1), one)
    assert (lloyd(X, X[:9]) != one).any()


def test_far_blobs_are_found_from_any_seed() -> None:
    X, truth = blobs()
    for seed in range(5):
        labels = kmeans(X, 4, np.random.default_rng(seed), seeding_samples=60)
        assert len(set(zip(labels.tolist(), truth.tolist(), strict=True))) == 4


def test_the_same_seed_gives_the_same_labels() -> None:
    X, _ = blobs()
    one, other = (kmeans(X, 9, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("n_clusters", [1, 5, 12])
def test_no_cluster_is_empty_even_among_duplicates(n_clusters: int) -> None:
    X = np.repeat(blobs(4)[0], 3, axis=0)
    labels = kmeans(X, n_clusters, np.random.default_rng(0))
    assert len(np.unique(labels)) == n_clusters


def test_first_centres_are_distinct_rows() -> None:
    X, _ = blobs()
    centers = kmeans_plus_plus(X, 10, np.random.default_rng(0))
    assert len(np.unique(centers, axis=0)) == 10
    assert all(np.any(np.all(center == X, axis=1)) for center in centers)


def test_first_centres_are_spread_over_far_blobs() -> None:
    X, truth = blobs()
    order = np.argsort(truth)  # the first rows are all of one blob
    for seed in range(5):
        centers = kmeans_plus_plus(X[order], 4, np.random.default_rng(seed))
        rows = [int(np.argmin(((X - center) ** 2).sum(axis=1))) for center in centers]
        assert len({int(truth[row]) for row in rows}) == 4


def test_centres_given_are_not_changed() -> None:
    X, _ = blobs()
    start = X[:4].copy()
    lloyd(X, start)
    np.testing.assert_array_equal(start, X[:4])


def test_means_are_those_of_a_loop() -> None:
    X, labels = blobs()
    expected = np.array([X[labels == c].mean(axis=0) for c in range(4)] + [np.zeros(3)])
    np.testing.assert_allclose(cluster_means(X, labels, 5), expected, atol=1e-5)


def test_a_row_with_a_weight_counts_so_many_times() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)).astype(np.float32)
    weights = rng.integers(1, 5, 30).astype(np.float32)
    repeated = np.repeat(np.arange(30), weights.astype(int))
    labels = lloyd(X, X[:3], weights=weights)
    np.testing.assert_array_equal(labels[repeated], lloyd(X[repeated], X[:3]))
    for measure in (cluster_means, spread):
        weighted = measure(X, labels, 3, weights)
        np.testing.assert_allclose(weighted, measure(X[repeated], labels[repeated], 3), rtol=1e-4)


def test_the_indicator_has_one_entry_per_row() -> None:
    onehot = indicator(np.array([2, 0, 2]), 4).toarray()
    np.testing.assert_array_equal(onehot, [[0, 1, 0], [0, 0, 0], [1, 0, 1], [0, 0, 0]])
