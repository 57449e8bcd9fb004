"""The choice of the number of clusters by votes: on planted ones, on almost nothing, and its rule."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs

from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours, neighbour_graph, scaled_neighbours
from models.counting import votes
from models.counting.halves import Halves, cut_in_halves
from models.counting.n_clusters import NClustersChoice, Numbers
from models.counting.votes import (
    Seen,
    Tried,
    _chosen,
    count_by_votes,
    tried_numbers,
    votes_of,
)


def _counted(X: NDArray[np.float32]) -> NClustersChoice:
    rows = normalise_rows(X - X.mean(axis=0))
    near = scaled_neighbours(len(X))
    walk = neighbour_graph(nearest_neighbours(rows, near), near)
    return count_by_votes(Seen(rows, rows, walk), 0, granularity=0.5)


def _blobs(n_clusters: int, n_samples: int) -> NDArray[np.float32]:
    X, _ = make_blobs(n_samples, 8, centers=n_clusters, cluster_std=0.5, random_state=4)
    return X.astype(np.float32)


@pytest.mark.parametrize(("n_clusters", "n_samples"), [(3, 30), (5, 100), (20, 200)])
def test_planted_clusters_are_counted(n_clusters: int, n_samples: int) -> None:
    choice = _counted(_blobs(n_clusters, n_samples))
    assert (choice.n_clusters, choice.n_themes) == (n_clusters, n_clusters)
    assert choice.range_of_themes[0] <= n_clusters <= choice.range_of_themes[1]


def test_the_same_seed_gives_the_same_choice() -> None:
    X = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    assert _counted(X) == _counted(X)


def test_halves_see_the_views_and_each_is_centred(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[NDArray[np.float32]]] = []

    def cut(X: NDArray[np.float32], n_clusters: int, rng: Any, views: Any) -> Halves:
        asked.append([X, *views])
        return cut_in_halves(X, n_clusters, rng)

    monkeypatch.setattr(votes, "cut_in_halves", cut)
    rows = np.random.default_rng(0).normal(5, 1, (20, 7)).astype(np.float32)
    walk = neighbour_graph(nearest_neighbours(normalise_rows(rows), 5), 5)
    tried = tried_numbers(Seen(rows, rows, walk, [rows[:, :3], rows[:, 3:]]), 0)
    assert len(asked) == len(tried) > 1
    for seen in asked:
        assert [it.shape[1] for it in seen] == [7, 3, 4]
        np.testing.assert_allclose(np.hstack([it.mean(axis=0) for it in seen]), 0, atol=1e-5)


@pytest.mark.parametrize("n_samples", [3, 5, 9, 15])
def test_tiny_data_gives_a_number_that_it_can_support(n_samples: int) -> None:
    X = np.random.default_rng(n_samples).normal(size=(n_samples, 3)).astype(np.float32)
    assert 1 <= _counted(X).n_clusters <= max(1, n_samples // 3)


def test_rows_that_are_all_alike_are_one_cluster() -> None:
    assert _counted(np.ones((40, 3), dtype=np.float32)).n_clusters == 1


def _tried(*rows: tuple[int, float, float, float]) -> list[Tried]:
    cuts = np.array([-0.01, 0.01])
    return [
        Tried(k, agreement + cuts, silhouette, dense) for k, agreement, silhouette, dense in rows
    ]


THREE = _tried((2, 1.0, 0.9, 0.1), (3, 0.9, 0.2, 0.2), (4, 0.5, 0.5, 0.3), (6, 0.895, 0.1, 0.4))


def test_each_kind_of_evidence_votes_for_its_best_number_and_two_is_hardly_one() -> None:
    assert votes_of(THREE) == (3, 4, 6)


def test_the_granularity_says_which_vote_counts() -> None:
    chosen = [_chosen(THREE, granularity, None) for granularity in (0.25, 0.5, 0.99, 1.0)]
    assert [it.n_clusters for it in chosen] == [3, 4, 4, 6]
    assert chosen[0].range_of_themes == (3, 6)


@pytest.mark.parametrize(("earlier", "expected"), [(6, 6), (2, 4)])
def test_an_earlier_number_stays_where_halves_agree_on_it_as_well(
    earlier: int, expected: int
) -> None:
    assert _chosen(THREE, 0.5, Numbers(earlier, earlier)).n_clusters == expected
