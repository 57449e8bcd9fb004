import numpy as np
import pytest
from scipy.stats import fisher_exact

from models.insight.breakdown import FALSE_SHARE, find_excesses, frequent_values

RNG = np.random.default_rng(0)


def test_a_planted_excess_is_found_with_the_p_value_of_fishers_test() -> None:
    labels = RNG.integers(0, 5, 1_000)
    versions = RNG.integers(0, 4, 1_000)
    versions[np.flatnonzero(labels == 3)[:60]] = 2
    versions[::50] = -1
    found = find_excesses([versions], labels, 5)
    assert [(it.cluster, it.value) for it in found] == [(3, 2)]
    excess, there = found[0], versions >= 0
    has_it, is_in = (versions == 2)[there], (labels == 3)[there]
    table = [[(has_it & is_in).sum(), (~has_it & is_in).sum()]]
    table.append([(has_it & ~is_in).sum(), (~has_it & ~is_in).sum()])
    assert excess.p == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
    assert excess.p <= excess.q <= FALSE_SHARE
    assert excess.n == table[0][0]
    assert excess.lift == pytest.approx(has_it[is_in].mean() / has_it.mean())


def test_chance_is_seldom_said_to_be_a_pattern() -> None:
    n_found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = [rng.integers(0, 12, 600) for _ in range(3)]
        n_found += bool(find_excesses(columns, rng.integers(0, 20, 600), 20))
    assert n_found <= 3


def test_ids_texts_and_constants_are_no_categories() -> None:
    assert frequent_values(np.ones(500, int)).size == 0
    assert frequent_values(np.array([500])).size == 0
    assert frequent_values(np.array([40, 1, 1])).tolist() == [0]
    assert frequent_values(np.array([20, 1, 30, *[1] * 60])).size == 0
    assert len(frequent_values(np.full(80, 30))) == 50


def test_small_clusters_and_rare_values_are_not_tested() -> None:
    labels, values = np.zeros(300, int), np.zeros(300, int)
    labels[:9], values[:9] = 1, 1
    values[9:100] = 1
    assert find_excesses([values], labels, 2) == []
    values[100:300:2] = 2
    assert find_excesses([np.full(300, -1), values], labels, 2) == []
    assert find_excesses([], labels, 2) == []
