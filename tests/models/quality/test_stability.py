"""Clusterwise stability against sets and loops, on planted clusters, and where little is drawn."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.quality.stability import (
    Resample,
    cluster_stability,
    mean_stability,
    recluster_resamples,
)

PLANTED = np.repeat([0, 1, 2], 30)


def _apart() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return (10 * np.eye(3)[PLANTED] + rng.normal(size=(90, 3))).astype(np.float32)


def test_it_is_the_mean_of_the_best_jaccards() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(-1, 4, size=50)
    resamples = []
    for _ in range(6):
        rows = np.sort(rng.choice(50, 30, replace=False))
        resamples.append(Resample(rows, rng.integers(5, size=30)))
    found = cluster_stability(labels, resamples)
    for cluster in range(4):
        best = []
        for rows, new in resamples:
            here = {row for row in rows.tolist() if labels[row] == cluster}
            others = [set(rows[new == number].tolist()) for number in range(5)]
            best.append(max(len(here & other) / len(here | other) for other in others))
        assert found[cluster] == pytest.approx(np.mean(best))
    assert set(found) == {0, 1, 2, 3}


def test_planted_clusters_come_back_and_halves_of_one_do_not() -> None:
    X = _apart()
    resamples = recluster_resamples(X, 3, np.random.default_rng(0))
    whole = cluster_stability(PLANTED, resamples)
    # k-means++ can seed one cluster twice; a few resamples of twenty may be cut otherwise.
    assert min(whole.values()) > 0.75
    halved = np.where((PLANTED == 0) & (np.arange(90) % 2 == 0), 3, PLANTED)
    found = cluster_stability(halved, resamples)
    assert found[0] < 0.6
    assert found[3] < 0.6
    assert found[1] == whole[1]


def test_resamples_are_bootstraps_with_each_row_once() -> None:
    resamples = recluster_resamples(_apart(), 3, np.random.default_rng(0), n_resamples=5)
    assert len(resamples) == 5
    for rows, labels in resamples:
        assert np.unique(rows).tolist() == rows.tolist()
        assert 0.5 < len(rows) / 90 < 0.76  # 1 - 1/e
        assert len(labels) == len(rows)
    again = recluster_resamples(_apart(), 3, np.random.default_rng(0), n_resamples=5)
    assert [it.labels.tolist() for it in again] == [it.labels.tolist() for it in resamples]


def test_many_rows_are_resampled_from_one_sample() -> None:
    rng = np.random.default_rng(0)
    resamples = recluster_resamples(_apart(), 3, rng, sample_size=40)
    assert len(np.unique(np.concatenate([rows for rows, _ in resamples]))) <= 40


def test_a_cluster_that_is_never_drawn_has_no_stability() -> None:
    labels = np.array([0, 0, 0, 1])
    resamples = [Resample(np.array([0, 1, 2]), np.array([0, 0, 1]))]
    found = cluster_stability(labels, resamples)
    assert found == {0: pytest.approx(2 / 3)}
    assert mean_stability(labels, found) == pytest.approx(2 / 3)


def test_the_mean_is_weighed_by_size_and_leaves_outliers_out() -> None:
    labels = np.array([0, 0, 0, 1, -1, -1])
    assert mean_stability(labels, {0: 1.0, 1: 0.2}) == pytest.approx(0.8)
    assert mean_stability(np.array([-1, -1]), {}) is None


def test_more_clusters_than_rows_are_as_many_as_rows() -> None:
    X = np.eye(4, dtype=np.float32)
    for rows, labels in recluster_resamples(X, 10, np.random.default_rng(0), n_resamples=3):
        assert len(np.unique(labels)) == len(rows)
