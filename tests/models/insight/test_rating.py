import numpy as np
import pytest
from scipy.stats import t

from models.insight.rating import rate_clusters

NAN = np.nan


def test_means_and_impacts_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    ratings, labels = rng.integers(1, 6, 300).astype(float), rng.integers(0, 4, 300)
    ratings[rng.random(300) < 0.2] = NAN
    found = rate_clusters(ratings, labels, 4)
    for cluster in range(4):
        inside, outside = ratings[labels == cluster], ratings[labels != cluster]
        assert found.n[cluster] == np.isfinite(inside).sum()
        assert found.mean[cluster] == pytest.approx(np.nanmean(inside))
        rise = np.nanmean(outside) - np.nanmean(ratings)
        assert found.impact[cluster] == pytest.approx(rise)


def test_the_interval_of_a_large_cluster_is_that_of_students_t() -> None:
    ratings = np.random.default_rng(1).integers(1, 6, 5_000).astype(float)
    found = rate_clusters(ratings, np.zeros(5_000, int), 1)
    known = t.interval(0.95, 4_999, ratings.mean(), ratings.std(ddof=1) / 5_000**0.5)
    assert (found.low[0], found.high[0]) == pytest.approx(known, abs=1e-3)


def test_few_alike_ratings_give_a_wide_interval_on_the_scale() -> None:
    ratings = np.array([5.0, 5.0, 5.0, 1.0, 2.0, 4.0, 3.0, NAN])
    found = rate_clusters(ratings, np.array([0, 0, 0, 1, 2, 2, 2, 3]), 4)
    assert found.high[0] == 5
    assert found.low[0] < 4
    assert (found.low[1], found.high[1]) == (1, 5)
    assert found.n.tolist() == [3, 1, 3, 0]
    assert np.isnan([it[3] for it in (found.mean, found.low, found.high, found.impact)]).all()


def test_intervals_of_small_clusters_hold_the_true_mean_nearly_as_often_as_they_say() -> None:
    rng, chances = np.random.default_rng(2), [0.1, 0.05, 0.1, 0.25, 0.5]
    labels = np.repeat(np.arange(2_000), 4)
    ratings = rng.choice(np.arange(1.0, 6.0), size=len(labels), p=chances)
    found = rate_clusters(ratings, labels, 2_000)
    is_held = (found.low <= 4.0) & (found.high >= 4.0)
    assert 0.9 < is_held.mean() < 1


def test_a_single_rating_has_no_interval_and_no_impact() -> None:
    found = rate_clusters(np.array([4.0, NAN]), np.array([0, 1]), 2)
    assert found.mean[0] == 4
    assert np.isnan([found.low[0], found.high[0], found.impact[0]]).all()
