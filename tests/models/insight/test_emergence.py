from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom

from models.insight.emergence import Emergence, find_emergence

FIRST = date(2026, 3, 2)


def nights(n: int) -> list[date]:
    return [FIRST + timedelta(days=it) for it in range(n)]


def steady(n_nights: int = 30, seed: int = 0, n_clusters: int = 12) -> np.ndarray:
    """Counts of a steady feed: large and small themes, and nights that differ in size."""
    rng = np.random.default_rng(seed)
    sizes = 40 / np.arange(1, n_clusters + 1)
    return rng.poisson(np.outer(sizes, rng.uniform(0.5, 1.5, n_nights)))


def found(counts: np.ndarray, *new: list[int]) -> Emergence:
    """Look at a feed with further clusters that have documents on the last nights alone."""
    rows = [[0] * (counts.shape[1] - len(it)) + it for it in new]
    counts = np.vstack([counts, *[np.array([row]) for row in rows]]) if rows else counts
    return find_emergence(counts, nights(counts.shape[1]))


@pytest.mark.parametrize("last", [[6], [3, 3], [2, 2], [12], [1, 25]])
def test_a_new_story_rings_on_its_first_or_second_night(last: list[int]) -> None:
    emerged = found(steady(), last)
    assert emerged.kinds[-1] == "new_story"
    assert emerged.is_alarm.tolist() == [False] * 12 + [True]
    assert (emerged.low[-1], emerged.high[-1]) == (0, 0) or last[0] > 0


@pytest.mark.parametrize("last", [[3], [1, 1], [6, 0], [20, 1]])
def test_anecdotes_and_what_is_over_ring_nothing(last: list[int]) -> None:
    assert not found(steady(), last).is_alarm.any()


def test_a_known_theme_rises_and_falls() -> None:
    counts = steady()
    counts[4, -1], counts[0, -1] = 45, 3
    emerged = found(counts)
    assert emerged.kinds[4] == "rising"
    assert emerged.kinds[0] == "falling"
    assert np.flatnonzero(emerged.is_alarm).tolist() == [4]
    assert emerged.z[4] > 5
    assert emerged.z[0] < -3


def test_a_large_night_rings_nothing() -> None:
    counts = steady()
    counts[:, -1] *= 5
    emerged = found(counts)
    assert not emerged.is_alarm.any()
    np.testing.assert_allclose(emerged.expected, counts[:, -1], rtol=0.6, atol=15)


def test_a_steady_feed_rings_on_few_nights() -> None:
    n_alarms = sum(found(steady(seed=seed)).is_alarm.sum() for seed in range(60))
    assert n_alarms <= 6


def test_an_old_story_off_a_base_is_no_new_one() -> None:
    counts = np.vstack([steady(), [1] * 29 + [14]])
    emerged = find_emergence(counts, nights(30))
    assert emerged.kinds[-1] == "rising"
    assert emerged.low[-1] <= 1 <= emerged.high[-1] < 14


def test_on_the_second_night_only_what_has_no_past_is_new() -> None:
    counts = np.array([[300, 300], [20, 90], [0, 20]])
    assert find_emergence(counts, nights(2)).kinds == ["steady", "rising", "new_story"]


def test_a_weekday_has_its_own_rhythm_from_three_weeks_on() -> None:
    def mondays(n_nights: int) -> np.ndarray:
        counts = np.full((6, n_nights), 20)
        counts[0, [it.weekday() == 0 for it in nights(n_nights)]] = 60
        return counts

    assert not found(mondays(29)).is_alarm.any()
    assert found(mondays(29)).expected[0] == pytest.approx(60, rel=0.15)
    assert found(mondays(8)).expected[0] < 40


def test_a_small_cluster_that_grows_for_a_week_is_a_weak_signal() -> None:
    small = [0, 1, 0] * 7 + [0, 1, 0, 1, 2, 2, 2, 2, 2]
    emerged = find_emergence(np.vstack([steady(), small]), nights(30))
    assert emerged.kinds[-1] == "weak_signal"
    assert not emerged.is_alarm.any()
    short = np.vstack([steady(13), small[-13:]])
    assert "weak_signal" not in find_emergence(short, nights(13)).kinds


def test_the_band_is_that_of_a_negative_binomial() -> None:
    counts = np.array([[2, 2], [98, 98]])
    emerged = found(counts)
    mean = 100 * 2.5 / (1 + 100)
    size = 1 / (1 / 2.5 + 0.05 * 2)
    known: Any = nbinom(size, size / (size + mean))
    assert emerged.expected[0] == pytest.approx(mean)
    assert (emerged.low[0], emerged.high[0]) == (known.ppf(0.025), known.ppf(0.975))
