"""DBCV against networkx's trees and plain loops, where it is not defined, and in many dimensions."""

import itertools

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from models.quality.density import core_distances, dbcv, euclidean_distances, spanning_tree


def _clustering(n_features: int, n_samples: int = 60) -> tuple[NDArray[np.float32], NDArray]:
    rng = np.random.default_rng(n_features)
    labels = rng.integers(3, size=n_samples)
    centers = 3 * rng.normal(size=(3, n_features))
    X = centers[labels] + rng.normal(size=(n_samples, n_features))
    return X.astype(np.float32), labels


def _by_loops(X: NDArray, labels: NDArray, algorithm: str) -> float:
    """The definitions of the paper one by one, on trees of networkx."""
    rows, n_features = X.astype(np.float64), X.shape[1]

    def distance(i: int, j: int) -> float:
        return float(np.sqrt(((rows[i] - rows[j]) ** 2).sum()))

    core, inner, sparseness, members = {}, {}, {}, {}
    for cluster in set(labels.tolist()):
        here = members[cluster] = np.flatnonzero(labels == cluster).tolist()
        for i in here:
            powers = [distance(i, j) ** -n_features for j in here if j != i]
            core[i] = (sum(powers) / len(powers)) ** (-1 / n_features)
        graph = nx.Graph()
        for i, j in itertools.combinations(here, 2):
            mutual = max(core[i], core[j], distance(i, j))
            graph.add_edge(i, j, weight=mutual + 1e-9 * distance(i, j))
        tree = nx.minimum_spanning_tree(graph, algorithm=algorithm)
        inner[cluster] = [i for i in tree if tree.degree(i) > 1]
        edges = tree.subgraph(inner[cluster]).edges(data="weight")
        sparseness[cluster] = max(weight for _, _, weight in edges)
    total = 0.0
    for cluster, here in members.items():
        separation = min(
            max(core[i], core[j], distance(i, j))
            for other in members
            if other != cluster
            for i in inner[cluster]
            for j in inner[other]
        )
        widest = max(separation, sparseness[cluster])
        total += len(here) / len(X) * (separation - sparseness[cluster]) / widest
    return total


@pytest.mark.parametrize("n_features", [2, 3, 8, 32])
@pytest.mark.parametrize("algorithm", ["kruskal", "prim"])
def test_it_is_what_the_paper_defines(n_features: int, algorithm: str) -> None:
    X, labels = _clustering(n_features)
    assert dbcv(X, labels) == pytest.approx(_by_loops(X, labels, algorithm), abs=1e-6)


@pytest.mark.parametrize("n_features", [2, 8])
def test_order_of_rows_does_not_matter(n_features: int) -> None:
    X, labels = _clustering(n_features)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(X))
        assert dbcv(X[order], labels[order]) == pytest.approx(dbcv(X, labels))


def test_names_of_clusters_do_not_matter() -> None:
    X, labels = _clustering(3)
    assert dbcv(X, np.array([7, 3, 11])[labels]) == pytest.approx(dbcv(X, labels))


def test_regions_far_apart_score_near_one_and_halves_of_one_region_low() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2)).astype(np.float32)
    halves = np.repeat([0, 1], 40)
    apart = X + 100 * halves[:, None].astype(np.float32)
    assert dbcv(apart, halves) > 0.95
    assert dbcv(X, halves) < 0


def test_unit_rows_of_many_features_with_doubles_neither_overflow_nor_vanish() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    X = np.eye(384)[labels] + rng.normal(0, 0.01, (60, 384))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X[1], X[31] = X[0], X[30]
    score = dbcv(X.astype(np.float32), labels)
    assert score is not None
    assert 0.5 < score < 1


def test_core_distance_of_a_row_with_a_double_is_zero() -> None:
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    core = core_distances(euclidean_distances(X), 2)
    np.testing.assert_allclose(core, [0, 0, 1])


def test_outliers_and_single_rows_count_as_rows_and_score_nothing() -> None:
    X, labels = _clustering(3)
    more = np.vstack([X, X[:1] + 50, X[:1] - 50])
    inside = dbcv(X, labels)
    assert dbcv(more, [*labels, -1, -1]) == pytest.approx(inside * 60 / 62)
    assert dbcv(more, [*labels, 3, 4]) == pytest.approx(inside * 60 / 62)


@pytest.mark.parametrize("labels", [[], [0], [0, 0, 0], [0, 0, 1], [-1, -1, 0, 0]])
def test_it_is_none_without_two_clusters_of_two_rows(labels: list[int]) -> None:
    assert dbcv(np.zeros((len(labels), 2), dtype=np.float32), labels) is None


def test_clusters_without_an_inner_edge_are_taken_whole() -> None:
    X = np.array([[0], [1], [11], [12], [13]], dtype=np.float32)
    # Cluster 0: sparseness 1, separation 10 (rows 1 and 2 are out: the inner row of 1 is at 12).
    first, second = (11 - 1) / 11, (11 - 4 / 3) / 11
    expected = 0.4 * first + 0.6 * second
    assert dbcv(X, [0, 0, 1, 1, 1]) == pytest.approx(expected)


def test_many_rows_are_scored_on_a_fixed_sample() -> None:
    X, labels = _clustering(3, n_samples=400)
    sampled = dbcv(X, labels, sample_size=100)
    assert sampled == dbcv(X, labels, sample_size=100)
    assert sampled != dbcv(X, labels)


def test_a_tree_takes_the_lightest_edges() -> None:
    weights = np.array([[0, 3, 1], [3, 0, 2], [1, 2, 0]], dtype=np.float64)
    tree = spanning_tree(weights)
    assert tree.ends.tolist() == [[0, 2], [2, 1]]
    assert tree.weights.tolist() == [1, 2]
