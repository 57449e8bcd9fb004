import math

import numpy as np
import pytest

from models.core import graph
from models.core.arrays import normalise_rows
from models.quality import drift
from models.quality.drift import (
    MIN_NEWCOMERS,
    Placement,
    centroid_movement,
    count_novel,
    place,
    population_stability,
    unknown_word_share,
)


def around(direction: int, n_rows: int, seed: int, spread: float = 0.1) -> np.ndarray:
    """Rows of length one around an axis of a space of eight dimensions."""
    rng = np.random.default_rng(seed)
    return normalise_rows(
        (np.eye(8)[direction] + spread * rng.normal(size=(n_rows, 8))).astype(np.float32)
    )


REFERENCE = np.vstack([around(0, 200, 0), around(1, 100, 1)])
LABELS = np.repeat([0, 1], [200, 100])


def test_newcomers_of_a_known_theme_are_placed_and_seldom_far() -> None:
    newcomers = np.vstack([around(0, 100, 2), around(1, 50, 3)])
    placement = place(REFERENCE, LABELS, newcomers)
    assert placement.clusters.tolist() == [0] * 100 + [1] * 50
    assert placement.is_far.mean() < 0.12
    assert count_novel(REFERENCE, newcomers, placement.is_far) == 0


def test_a_new_theme_is_far_and_in_company() -> None:
    newcomers = np.vstack([around(0, 100, 2), around(5, 40, 3)])
    placement = place(REFERENCE, LABELS, newcomers)
    assert placement.is_far[100:].all()
    assert count_novel(REFERENCE, newcomers, placement.is_far) == 40


def test_strays_are_far_but_no_theme() -> None:
    strays = np.vstack([around(axis, 1, axis) for axis in range(2, 8)])
    newcomers = np.vstack([around(0, 100, 2), strays])
    placement = place(REFERENCE, LABELS, newcomers)
    assert placement.is_far[100:].all()
    assert count_novel(REFERENCE, newcomers, placement.is_far) == 0


def test_of_very_many_far_ones_some_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    newcomers = np.vstack([around(5, 40, 3), around(0, 60, 2)])
    monkeypatch.setattr(graph, "BLOCK_CELLS", 3 * 400)
    assert count_novel(REFERENCE, newcomers, np.arange(100) < 60) == 40
    monkeypatch.setattr(drift, "MOST_LOOKED_AT", 30)
    assert count_novel(REFERENCE, newcomers, np.arange(100) < 60) == 40


def test_so_few_rows_have_no_neighbourhood() -> None:
    newcomers = around(5, 2, 0)
    assert count_novel(REFERENCE[:3], newcomers, np.array([True, True])) == 0


def test_equal_shares_are_stable_and_others_are_as_the_formula_says() -> None:
    same = np.repeat([0, 1], 500)
    assert population_stability(same, same, 2) == 0
    shifted = np.repeat([0, 1], [900, 100])
    p, q = 900.5 / 1001, 0.5
    exact = (p - q) * math.log(p / q) + (q - p) * math.log((1 - p) / (1 - q)) - 2 / 1000
    assert population_stability(same, shifted, 2) == pytest.approx(exact, rel=1e-9)


def test_chance_alone_leaves_small_nights_stable() -> None:
    rng = np.random.default_rng(0)
    large = rng.integers(0, 20, 5000)
    indexes = [population_stability(large, rng.integers(0, 20, 60), 20) for _ in range(100)]
    assert np.mean(indexes) < 0.12


def test_the_cluster_that_moved_most_decides() -> None:
    newcomers = np.vstack([around(0, 50, 2), normalise_rows(around(1, 50, 3) + around(5, 50, 4))])
    clusters = np.repeat([0, 1], 50)
    placement = Placement(clusters, np.zeros(100, dtype=bool))
    moved = centroid_movement(REFERENCE, LABELS, newcomers, placement)
    assert moved == pytest.approx(1 - math.sqrt(0.5), abs=0.05)
    few = Placement(
        np.repeat([0, 1], [100 - MIN_NEWCOMERS + 1, MIN_NEWCOMERS - 1]), placement.is_far
    )
    assert centroid_movement(REFERENCE, LABELS, newcomers[:100], few) < moved


def test_unknown_words_are_counted_as_often_as_they_occur() -> None:
    vocabulary = frozenset({"battery", "charger"})
    assert unknown_word_share(["The battery, the charger", "zeppelin zeppelin"], vocabulary) == 0.5
    assert unknown_word_share([], vocabulary) == 0


def test_a_newcomer_is_no_company_for_itself() -> None:
    for n_rows, n_novel in ((9, 0), (10, 10)):
        is_far = np.ones(n_rows, dtype=bool)
        assert count_novel(REFERENCE, around(5, n_rows, 3), is_far) == n_novel
