"""The choice of the number of clusters: on planted ones, on almost nothing, and its rule."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.datasets import make_blobs

from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours, neighbour_graph
from models.core.n_clusters import (
    LADDER,
    NClustersChoice,
    choose_n_clusters,
    density,
    most_agreed,
)


def _blobs(n_clusters: int, n_samples: int = 600, n_features: int = 8) -> NDArray[np.float32]:
    X, _ = make_blobs(n_samples, n_features, centers=n_clusters, cluster_std=0.5, random_state=4)
    return X.astype(np.float32)


@pytest.mark.parametrize("n_clusters", [3, 5, 12, 20])
def test_planted_clusters_are_counted(n_clusters: int) -> None:
    assert choose_n_clusters(_blobs(n_clusters), random_state=0).n_clusters == n_clusters


def test_few_rows_with_planted_clusters_are_counted() -> None:
    assert choose_n_clusters(_blobs(3, n_samples=30), random_state=0).n_clusters == 3


def test_the_same_seed_gives_the_same_choice() -> None:
    X = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    assert choose_n_clusters(X, random_state=3) == choose_n_clusters(X, random_state=3)


def test_the_choice_does_not_depend_on_where_the_data_lies() -> None:
    X = _blobs(5)
    moved = choose_n_clusters(X + np.float32(3e4), random_state=0)
    assert moved.n_clusters == choose_n_clusters(X, random_state=0).n_clusters


@pytest.mark.parametrize("n_samples", range(1, 40))
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


def test_the_evidence_holds_figures_for_each_candidate() -> None:
    choice = choose_n_clusters(_blobs(5), random_state=0)
    tried = len(choice.candidates)
    assert choice.candidates == LADDER[:tried]
    assert len(choice.agreements) == len(choice.densities) == tried
    assert choice.n_clusters == most_agreed(choice.candidates, choice.agreements, choice.limit)
    assert max(choice.agreements) > 0.99


@pytest.mark.parametrize(
    ("agreements", "limit", "chosen"),
    [
        ([1.0, 0.5, 0.8, 0.7, 0.6], 6, 4),  # two clusters are always found again
        ([1.0, 0.5, 0.8, 0.7, 0.9], 5, 4),  # beyond the limit are clusters of near-duplicates
        ([1.0, 0.8, 0.8, 0.8, 0.8], 6, 3),  # the fewest of equals
        ([1.0, 0.5, 0.8, 0.7, 0.6], 2, 6),  # nothing between 3 and the limit
    ],
)
def test_the_number_is_the_one_that_halves_agree_on(
    agreements: list[float], limit: int, chosen: int
) -> None:
    assert most_agreed([2, 3, 4, 5, 6], agreements, limit) == chosen


def test_density_is_modularity_with_a_resolution() -> None:
    rng = np.random.default_rng(0)
    links = rng.random((40, 40)) < 0.2
    symmetric = np.triu(links, 1) | np.triu(links, 1).T
    symmetric |= np.roll(np.eye(40, dtype=bool), 1, axis=0) | np.roll(np.eye(40, dtype=bool), -1, 0)
    walk = symmetric / symmetric.sum(axis=1, keepdims=True)
    labels = rng.integers(0, 3, 40)
    own = labels[:, None] == labels
    naive = np.mean([walk[i][own[i]].sum() for i in range(40)])
    naive -= 1.5 * sum(np.mean(labels == c) ** 2 for c in range(3))
    measured = density(sparse.csr_array(walk.astype(np.float32)), labels, 1.5)
    assert measured == pytest.approx(naive, abs=1e-6)


def test_a_coarser_granularity_considers_fewer_clusters() -> None:
    rng = np.random.default_rng(1)
    groups = rng.normal(size=(4, 8)) * 6
    centers = np.repeat(groups, 5, axis=0) + rng.normal(size=(20, 8)) * 2
    X = (centers[np.arange(1000) % 20] + rng.normal(size=(1000, 8))).astype(np.float32)
    limits = [choose_n_clusters(X, 0, granularity=g).limit for g in (0.2, 2.0, 8.0)]
    assert limits == sorted(limits)
    assert limits[0] < limits[2]


def test_k_means_runs_in_the_latent_space_and_the_neighbours_are_of_the_other() -> None:
    X, noise = _blobs(6), np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    both = choose_n_clusters(X, 0)
    blind = choose_n_clusters(X, 0, latent=noise)
    deaf = choose_n_clusters(noise, 0, latent=X)
    assert max(both.agreements[1:]) > 0.95
    assert max(blind.agreements[1:]) < 0.7
    assert max(both.densities) > 0.5
    assert max(deaf.densities) < 0.1


def test_a_walk_that_is_there_already_is_not_built_again() -> None:
    X = _blobs(5)
    centred = normalise_rows(X - X.mean(axis=0))
    walk = neighbour_graph(nearest_neighbours(centred, 20), 20)
    assert choose_n_clusters(X, 0, walk=walk) == choose_n_clusters(X, 0)


def test_the_evidence_survives_json() -> None:
    choice = choose_n_clusters(_blobs(3, n_samples=60), random_state=0)
    assert NClustersChoice.from_json(json.loads(json.dumps(asdict(choice)))) == choice
