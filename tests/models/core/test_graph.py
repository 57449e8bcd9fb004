import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from models.core import graph
from models.core.arrays import normalise_rows
from models.core.graph import (
    SMOOTHING_ROUNDS,
    Neighbours,
    means_of,
    nearest_among,
    nearest_neighbours,
    neighbour_graph,
    neighbourhood_means,
    smooth,
    smooth_over_some,
)


def rows(n_samples: int = 60, n_features: int = 5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return normalise_rows(rng.normal(size=(n_samples, n_features)).astype(np.float32))


def test_neighbours_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "BLOCK_CELLS", 60 * 7)  # blocks of 7 rows, the last one smaller
    X = rows()
    ours = nearest_neighbours(X, 6)
    reference = NearestNeighbors(n_neighbors=6, metric="cosine").fit(X)
    distances, indices = reference.kneighbors()
    np.testing.assert_array_equal(ours.indices, indices)
    np.testing.assert_allclose(ours.similarities, 1 - distances, atol=1e-5)


@pytest.mark.parametrize(("n_samples", "kept"), [(1, 0), (2, 1), (4, 3), (9, 5)])
def test_there_are_no_more_neighbours_than_other_rows(n_samples: int, kept: int) -> None:
    assert nearest_neighbours(rows(n_samples), 5).indices.shape == (n_samples, kept)


def test_a_row_is_not_its_own_neighbour_even_beside_duplicates() -> None:
    X = np.repeat(rows(3), 4, axis=0)
    indices = nearest_neighbours(X, 3).indices
    assert np.all(indices != np.arange(len(X))[:, None])


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(1, 8), st.integers(0, 1000))
def test_the_walk_is_symmetric_before_it_is_normalised(n: int, k: int, seed: int) -> None:
    X = rows(n, seed=seed)
    walk = neighbour_graph(nearest_neighbours(X, k), k).toarray()
    linked = walk.sum(axis=1) > 0
    np.testing.assert_allclose(walk.sum(axis=1)[linked], 1.0, rtol=1e-5)
    np.testing.assert_array_equal(walk > 0, (walk > 0).T)
    assert walk.diagonal().sum() == 0


def test_weights_are_the_mean_of_both_directions() -> None:
    X = rows(20)
    cosines = X @ X.T
    np.fill_diagonal(cosines, -1)
    directed = np.zeros_like(cosines)
    for i, near in enumerate(np.argsort(-cosines, axis=1)[:, :4]):
        directed[i, near] = np.maximum(cosines[i, near], 0)
    symmetric = (directed + directed.T) / 2
    expected = symmetric / symmetric.sum(axis=1, keepdims=True)
    walk = neighbour_graph(nearest_neighbours(X, 6), 4)
    np.testing.assert_allclose(walk.toarray(), expected, atol=1e-6)


def test_smoothing_draws_neighbours_together_and_keeps_length_one() -> None:
    X = rows()
    walk = neighbour_graph(nearest_neighbours(X, 5), 5)
    smoothed = smooth(X, walk, 3)
    np.testing.assert_allclose(np.linalg.norm(smoothed, axis=1), 1.0, rtol=1e-5)
    near = nearest_neighbours(X, 1).indices[:, 0]
    assert np.mean(np.sum(smoothed * smoothed[near], axis=1)) > np.mean(np.sum(X * X[near], axis=1))


def test_the_neighbourhood_is_smoothed_over_the_graph_of_the_rows_themselves() -> None:
    X = expected = rows()
    distances = NearestNeighbors(n_neighbors=5, metric="cosine").fit(X)
    similarities = np.zeros((len(X), len(X)))
    for row, (gaps, near) in enumerate(zip(*distances.kneighbors(), strict=True)):
        similarities[row, near] = np.maximum(1 - gaps, 0)
    weights = (similarities + similarities.T) / 2
    walk = weights / weights.sum(axis=1, keepdims=True)
    for _ in range(SMOOTHING_ROUNDS):
        expected = normalise_rows((expected / 2 + walk @ expected).astype(np.float32))
    np.testing.assert_allclose(neighbourhood_means(X, 5), expected, atol=1e-5)


def test_a_row_without_neighbours_stays_where_it_is() -> None:
    X = np.eye(3, dtype=np.float32)  # no two rows have a positive cosine
    walk = neighbour_graph(nearest_neighbours(X, 2), 2)
    assert walk.nnz == 0 or walk.sum() == 0
    np.testing.assert_allclose(smooth(X, walk, 4), X)


def test_the_nearest_are_found_in_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X, known = (normalise_rows(rng.normal(size=(n, 6)).astype(np.float32)) for n in (50, 30))
    monkeypatch.setattr(graph, "BLOCK_CELLS", 8 * 30)
    found = nearest_among(X, known, 4)
    expected = np.argsort(-(X @ known.T), axis=1)[:, :4]
    np.testing.assert_array_equal(found.indices, expected)
    cosines = np.take_along_axis(X @ known.T, expected, axis=1)
    np.testing.assert_allclose(found.similarities, cosines, rtol=1e-5)


def test_there_are_no_more_than_are_known() -> None:
    assert nearest_among(
        np.eye(3, dtype=np.float32), np.eye(2, 3, dtype=np.float32), 5
    ).indices.shape == (3, 2)


@given(st.integers(1, 90), st.integers(1, 12), st.integers(0, 2**31), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_greatest_of_a_row_are_found_in_bundles_as_without(
    n_columns: int, kept: int, seed: int, has_ties: bool
) -> None:
    drawn = np.random.default_rng(seed).normal(size=(3, n_columns)).astype(np.float32)
    cosines = torch.from_numpy(drawn.round() if has_ties else drawn)
    kept = min(kept, n_columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "_FEWEST_BUNDLED", 1)
        values, columns = graph.greatest(cosines, kept)
    assert torch.equal(values, cosines.topk(kept, dim=1).values)
    assert torch.equal(cosines.gather(1, columns), values)
    assert all(len(set(row)) == kept for row in columns.tolist())


def test_rows_beside_a_graph_are_drawn_as_those_in_it() -> None:
    X = normalise_rows(np.repeat(rows(4, 6), 30, axis=0) + 0.3 * rows(120, 6, seed=1))
    theme = np.repeat(np.arange(4), 30)
    whole, some = smooth_over_some(X, 5, 120), smooth_over_some(X, 5, 40)
    np.testing.assert_array_equal(whole, neighbourhood_means(X, 5))
    in_graph = np.arange(40) * 3
    np.testing.assert_array_equal(some[in_graph], neighbourhood_means(X[in_graph], 5))
    np.testing.assert_allclose(np.linalg.norm(some, axis=1), 1, rtol=1e-5)
    centre = normalise_rows(np.stack([X[theme == it].mean(axis=0) for it in range(4)]))[theme]
    beside = np.setdiff1d(np.arange(120), in_graph)
    before, after = ((it * centre).sum(axis=1)[beside] for it in (X, some))
    assert (after > before).mean() > 0.95


def test_a_row_beside_a_graph_is_joined_to_its_nearest() -> None:
    X = np.eye(3, dtype=np.float32)[[0, 2, 0, 1, 1, 1]]
    X[1] = [0.8, 0, 0.6]
    found = smooth_over_some(X, 1, 3)  # rows 0, 2 and 4 are in the graph
    np.testing.assert_allclose(found[1], normalise_rows(0.5 * X[[1]] + X[[0]])[0], rtol=1e-5)
    np.testing.assert_array_equal(found[3], X[4])


def test_neighbours_weigh_by_their_cosines_and_opposite_ones_not_at_all() -> None:
    values = np.array([[1, 0], [0, 1], [5, 5]], dtype=np.float32)
    near = Neighbours(
        np.array([[0, 1, 2], [2, 1, 0]]),
        np.array([[0.6, 0.2, -0.9], [0, -0.1, -0.2]], dtype=np.float32),
    )
    np.testing.assert_allclose(means_of(near, values), [[0.75, 0.25], [0, 0]], rtol=1e-6)
