"""Two halves of a feed, held against each other: agreement, information, and what is asked for."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, mutual_info_score

from models.counting import halves
from models.counting.halves import cut_in_halves


@pytest.fixture
def given_cuts(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Have the halves place eight rows as is written here, in turn."""
    rng = np.random.default_rng(0)
    cuts = [rng.integers(0, 3, 8) for _ in range(2 * halves._REPEATS)]
    turn = iter(cuts)
    monkeypatch.setattr(halves, "_centers", lambda *_: None)
    monkeypatch.setattr(halves, "nearest_center", lambda *_: next(turn))
    return cuts


def test_the_figures_of_every_cut_are_those_of_scikit_learn(given_cuts: list[np.ndarray]) -> None:
    found = cut_in_halves(np.zeros((8, 1), np.float32), 3, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    pairs = list(zip(given_cuts[::2], given_cuts[1::2], strict=True))
    for repeat, (first, second) in enumerate(pairs):
        rng.permutation(8)  # the halves themselves
        by_chance = mutual_info_score(first, rng.permutation(second))
        assert found.agreement[repeat] == adjusted_rand_score(first, second)
        shared = mutual_info_score(first, second) - by_chance
        assert found.information[repeat] == pytest.approx(shared)
        asked = (entropy(np.bincount(first)) + entropy(np.bincount(second))) / 2
        assert found.asked_for[repeat] == pytest.approx(asked)
    assert len(found.agreement) == len(pairs)


def test_halves_of_planted_clusters_tell_all_that_is_asked_of_them() -> None:
    X, _ = make_blobs(200, 4, centers=4, cluster_std=0.1, random_state=1)
    found = cut_in_halves(X.astype(np.float32), 4, np.random.default_rng(0))
    assert np.median(found.agreement) == 1
    assert np.median(found.information / found.asked_for) > 0.95


@pytest.mark.parametrize(("few_rows", "n_few"), [(100, 100), (10, 80)])
def test_a_large_half_begins_with_few_rows_for_its_clusters_and_ends_with_all(
    monkeypatch: pytest.MonkeyPatch, few_rows: int, n_few: int
) -> None:
    X, _ = make_blobs(400, 4, centers=4, cluster_std=0.1, random_state=1)
    sizes: list[int] = []
    seedings: list[int] = []
    run, seed = halves.lloyd, halves.kmeans_plus_plus

    def seeded(X: np.ndarray, *given: object) -> np.ndarray:
        seedings.append(len(X))
        return seed(X, *given)  # type: ignore[arg-type]

    def counted(X: np.ndarray, *given: object) -> np.ndarray:
        sizes.append(len(X))
        return run(X, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(halves, "_FEW_ROWS", few_rows)
    monkeypatch.setattr(halves, "_FEW_SEEDING_ROWS", 5)
    monkeypatch.setattr(halves, "lloyd", counted)
    monkeypatch.setattr(halves, "kmeans_plus_plus", seeded)
    found = cut_in_halves(X.astype(np.float32), 4, np.random.default_rng(0))
    assert sizes == [n_few, 200] * 2 * halves._REPEATS
    assert set(seedings) == {16}, "four rows for each cluster"
    assert np.median(found.agreement) == 1


def test_of_very_many_rows_a_part_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "MAX_ROWS", 100)
    placed: list[int] = []
    place = halves.nearest_center

    def counted(X: np.ndarray, centers: np.ndarray) -> np.ndarray:
        placed.append(len(X))
        return place(X, centers)

    monkeypatch.setattr(halves, "nearest_center", counted)
    X, _ = make_blobs(400, 4, centers=4, cluster_std=0.1, random_state=1)
    found = cut_in_halves(X.astype(np.float32), 4, np.random.default_rng(0))
    assert set(placed) == {100}
    assert np.median(found.agreement) == 1


def test_halves_of_noise_share_no_more_than_chance() -> None:
    labels = np.random.default_rng(0).integers(0, 20, (2, 400))
    _, information, asked_for = halves.compare(*labels, np.random.default_rng(1))
    assert abs(information) < 0.1
    assert asked_for > 2.9


def test_many_clusters_are_cut_less_often() -> None:
    X = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    few, many = (cut_in_halves(X, k, np.random.default_rng(0)) for k in (2, 60))
    assert len(few.agreement) > len(many.agreement)


def test_many_rows_are_cut_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    assert halves._n_cuts(1_000, 3) == halves._REPEATS
    assert halves._n_cuts(halves.MAX_ROWS, 3) < halves._n_cuts(10_000, 3)
    assert halves._n_cuts(10**6, 3) == halves._n_cuts(halves.MAX_ROWS, 3)
    monkeypatch.setattr(halves, "_ROWS_CUT", 1)
    assert halves._n_cuts(1_000, 300) == halves._FEWEST_REPEATS
