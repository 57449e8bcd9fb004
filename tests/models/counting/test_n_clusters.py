"""The choice of the number of clusters: on planted ones, on almost nothing, and its rule."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs

from models.counting import n_clusters as counting
from models.counting.n_clusters import (
    LADDER,
    NClustersChoice,
    Numbers,
    _chosen,
    _Tried,
    choose_n_clusters,
    most_agreed,
    range_around,
)


def _blobs(n_clusters: int, n_samples: int = 600, n_features: int = 8) -> NDArray[np.float32]:
    X, _ = make_blobs(n_samples, n_features, centers=n_clusters, cluster_std=0.5, random_state=4)
    return X.astype(np.float32)


@pytest.fixture(scope="module")
def five() -> NClustersChoice:
    """The choice for five planted clusters."""
    return choose_n_clusters(_blobs(5), random_state=0)


@pytest.mark.parametrize("n_clusters", [3, 12, 20])
def test_planted_clusters_are_counted(n_clusters: int) -> None:
    assert choose_n_clusters(_blobs(n_clusters), random_state=0).n_clusters == n_clusters


def test_few_rows_with_planted_clusters_are_counted() -> None:
    assert choose_n_clusters(_blobs(3, n_samples=30), random_state=0).n_clusters == 3


def test_the_same_seed_gives_the_same_choice() -> None:
    X = np.random.default_rng(0).normal(size=(80, 5)).astype(np.float32)
    assert choose_n_clusters(X, random_state=3) == choose_n_clusters(X, random_state=3)


def test_the_choice_does_not_depend_on_where_the_data_lies(five: NClustersChoice) -> None:
    moved = choose_n_clusters(_blobs(5) + np.float32(3e4), random_state=0)
    assert moved.n_clusters == five.n_clusters


@pytest.mark.parametrize("n_samples", [*range(1, 10), 15, 23, 39])
def test_tiny_data_gives_a_number_that_it_can_support(n_samples: int) -> None:
    X = np.random.default_rng(n_samples).normal(size=(n_samples, 3)).astype(np.float32)
    choice = choose_n_clusters(X, random_state=0)
    assert 1 <= choice.n_clusters <= max(1, n_samples // 3)


@pytest.mark.parametrize("n_samples", [1, 2, 5, 100])
def test_equal_rows_are_one_cluster(n_samples: int) -> None:
    choice = choose_n_clusters(np.ones((n_samples, 3), dtype=np.float32), random_state=0)
    assert choice == NClustersChoice(1)


def test_no_more_clusters_are_tried_than_there_are_distinct_rows() -> None:
    X = np.repeat(_blobs(4, n_samples=5), 40, axis=0)
    choice = choose_n_clusters(X, random_state=0)
    assert max(choice.candidates) == 4


def test_the_evidence_holds_figures_for_each_candidate(two_levels: NClustersChoice) -> None:
    choice = two_levels
    tried = len(choice.candidates)
    assert choice.candidates == LADDER[:tried]
    assert len(choice.shared) == tried
    considered = choice.candidates[: len(choice.agreements)]
    assert considered[-1] == choice.limit == choice.n_themes
    assert choice.n_clusters == most_agreed(considered, choice.agreements)
    assert max(choice.agreements) > 0.9


@pytest.mark.parametrize(
    ("agreements", "chosen"),
    [
        ([1.0, 0.5, 0.8, 0.7, 0.6], 4),  # two clusters are always found again
        ([1.0, 0.8, 0.8, 0.8, 0.8], 3),  # the fewest of equals
        ([1.0], 2),  # nothing from 3 on
    ],
)
def test_the_number_is_the_one_that_halves_agree_on(agreements: list[float], chosen: int) -> None:
    assert most_agreed([2, 3, 4, 5, 6][: len(agreements)], agreements) == chosen


def _two_levels() -> NDArray[np.float32]:
    """Four groups far apart, each of three clusters that lie near one another."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(4, 6) * 30, 3, axis=0) + rng.normal(size=(12, 6)) * 2
    return (centres[np.arange(600) % 12] + 0.3 * rng.normal(size=(600, 6))).astype(np.float32)


@pytest.fixture(scope="module")
def two_levels() -> NClustersChoice:
    return choose_n_clusters(_two_levels(), random_state=0)


def test_topics_and_the_themes_under_them_are_both_counted(two_levels: NClustersChoice) -> None:
    assert (two_levels.n_clusters, two_levels.n_themes) == (4, 12)
    assert len(two_levels.shared) == len(two_levels.candidates)
    first, last = two_levels.range_of_themes
    assert first <= 12 <= last


def test_the_evidence_survives_json(two_levels: NClustersChoice) -> None:
    assert NClustersChoice.from_json(json.loads(json.dumps(asdict(two_levels)))) == two_levels


def test_the_clusters_are_the_only_level_where_themes_are_hardly_finer(
    five: NClustersChoice,
) -> None:
    choice = five
    assert (choice.n_clusters, choice.n_themes, choice.range_of_themes) == (5, 5, (5, 5))


def test_detail_is_dearer_where_the_granularity_is_coarse(two_levels: NClustersChoice) -> None:
    assert choose_n_clusters(_two_levels(), 0, granularity=0.3).n_themes < two_levels.n_themes


FIGURES = [(2, 0.9, 0.1), (3, 0.8, 0.2), (4, 0.78, 0.3), (6, 0.5, 0.4), (8, 0.5, 0.48)]
FIGURES += [(10, 0.5, 0.5), (12, 0.5, 0.49), (15, 0.5, 0.2)]


def _from(spread: float, near: Numbers | None, n_stable: int = 6) -> NClustersChoice:
    """Choose by figures with these means and, over three cuts, a spread."""
    cuts = np.array([-spread, 0, spread])
    tried = [_Tried(k, shared + cuts) for k, _, shared in FIGURES]
    return _chosen(tried, [it[1] + cuts for it in FIGURES[:n_stable]], near)


def test_an_earlier_number_stays_where_the_evidence_is_flat_and_goes_where_it_is_clear() -> None:
    near = Numbers(4, 12)
    alone, flat, clear = (_from(*it) for it in ((0.1, None), (0.1, near), (0.001, near)))
    assert (alone.n_clusters, alone.n_themes) == (3, 10)
    assert (flat.n_clusters, flat.n_themes) == (4, 12)
    assert (clear.n_clusters, clear.n_themes) == (3, 10)
    assert alone.range_of_themes == flat.range_of_themes == (8, 12)
    assert clear.range_of_themes == (10, 10)


def test_an_earlier_number_out_of_all_reach_is_let_go() -> None:
    assert _from(0.1, Numbers(400, 400)) == _from(0.1, None)


def test_an_earlier_number_stays_only_where_it_could_be_chosen() -> None:
    # Two halves of almost any feed agree on two clusters: a feed that was tiny does not stay there.
    assert _from(0.5, Numbers(2, 12)).n_clusters == 3
    assert _from(0.5, Numbers(4, 12)).n_clusters == 4
    assert _from(0.5, Numbers(4, 12), n_stable=2).n_clusters == 3


def test_topics_are_considered_up_to_the_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, ...]] = []

    def finer_is_better(_: object, candidates: tuple[int, ...], __: object) -> np.ndarray:
        asked.append(candidates)
        return np.repeat(np.arange(len(candidates))[:, None], 2, axis=1)

    monkeypatch.setattr(counting, "stabilities", finer_is_better)
    choice = choose_n_clusters(_two_levels(), random_state=0)
    assert asked == [LADDER[: LADDER.index(12) + 1]]
    assert (choice.n_clusters, choice.n_themes) == (12, 12)


def test_a_feed_without_clusters_has_few() -> None:
    noise = np.random.default_rng(0).normal(size=(500, 20)).astype(np.float32)
    choice = choose_n_clusters(noise, random_state=0)
    assert choice.n_clusters == choice.n_themes == 3
    assert choice.candidates[-1] == 40, "the peak is looked for that far in any case"
    assert choice.limit >= 3, "halves of almost any feed agree on how to cut it in two"


def test_repeated_texts_do_not_make_many_topics() -> None:
    """Any two halves agree on clusters of one text each, which are themes at most."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(5, 12) * 4, 24, axis=0) + rng.normal(size=(120, 12))
    X = np.repeat(groups, 6, axis=0).astype(np.float32)
    assert choose_n_clusters(X, random_state=0).n_clusters <= 6


def test_the_range_ends_at_the_first_candidate_that_is_worse() -> None:
    figures = [np.array([it - 0.1, it, it + 0.1]) for it in (0.99, 0.5, 0.97, 1.0, 0.98, 0.2, 1.0)]
    assert range_around([2, 3, 4, 5, 6, 8, 10], figures, 5) == (4, 6)
    assert range_around([2, 3, 4, 5, 6, 8, 10], figures, 10) == (10, 10)
    assert range_around([2, 3], [np.array([1.0, 1.2])] * 2, 3) == (2, 3)


def test_the_same_feed_keeps_its_numbers(two_levels: NClustersChoice) -> None:
    near = Numbers(two_levels.n_clusters, two_levels.n_themes)
    again = choose_n_clusters(_two_levels(), random_state=9, near=near)
    assert Numbers(again.n_clusters, again.n_themes) == near
