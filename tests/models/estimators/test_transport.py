"""Labels by optimal transport: bounds, references, known answers, shares that are learned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.core.arrays import AnyFloats
from models.estimators.transport import (
    EPSILON,
    fit_transport,
    transport_plan,
    transport_potentials,
    update_marginal,
)
from models.quality.metrics import clustering_accuracy

Doubles = NDArray[np.float64]

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(0, 2**32 - 1))


def _soft(n_samples: int, n_clusters: int, seed: int) -> Doubles:
    return np.random.default_rng(seed).dirichlet(np.ones(n_clusters), size=n_samples)


def _naive_sinkhorn(q: Doubles, marginal: Doubles, epsilon: float, n_iter: int) -> Doubles:
    kernel = q ** (1 / epsilon)
    v = np.ones(len(marginal))
    for _ in range(n_iter):
        u = 1 / (kernel @ v)
        v = len(q) * marginal / (kernel.T @ u)
    return kernel * v / (kernel @ v)[:, None]


def _plan(q: AnyFloats, marginal: AnyFloats | None = None, epsilon: float = EPSILON) -> AnyFloats:
    return transport_plan(q, transport_potentials(q, marginal, epsilon), epsilon)


def _uneven() -> tuple[Doubles, NDArray[np.int64], Doubles]:
    """Give rows of three touching clusters of 160, 30 and 10, their labels, and the centres."""
    y = np.repeat([0, 1, 2], [160, 30, 10])
    centers = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    return centers[y] + np.random.default_rng(0).normal(size=(200, 2)), y, centers


@given(SHAPES)
@settings(max_examples=40, deadline=None)
def test_transport_rows_sum_to_one_and_columns_to_the_marginal(
    shape: tuple[int, int, int],
) -> None:
    q = _soft(*shape)
    marginal = _soft(1, shape[1], shape[2] + 1)[0] * 0.5 + 0.5 / shape[1]
    plan = _plan(q, marginal, epsilon=1.0)
    assert (plan >= 0).all()
    np.testing.assert_allclose(plan.sum(axis=1), 1.0, rtol=1e-9)
    np.testing.assert_allclose(plan.mean(axis=0), marginal, atol=2e-6)


@pytest.mark.parametrize("epsilon", [0.3, 1.0])
def test_transport_is_the_naive_loop_s(epsilon: float) -> None:
    q, marginal = _soft(50, 4, 0), np.array([0.1, 0.2, 0.3, 0.4])
    expected = _naive_sinkhorn(q, marginal, epsilon, 5000)
    np.testing.assert_allclose(_plan(q, marginal, epsilon), expected, atol=1e-4)


def test_equal_shares_make_balanced_clusters() -> None:
    y = np.repeat([0, 1, 2], [160, 30, 10])
    q = _soft(200, 3, 0) * 0.6 + 0.4 * np.eye(3)[y]
    plan = _plan(q)
    sizes = np.bincount(plan.argmax(axis=1), minlength=3)
    assert np.bincount(q.argmax(axis=1)).max() > 120
    np.testing.assert_allclose(plan.mean(axis=0), 1 / 3, atol=2e-6)
    np.testing.assert_allclose(sizes, 200 / 3, atol=10)


def test_the_marginal_of_the_rows_themselves_changes_almost_no_label() -> None:
    y = np.repeat([0, 1, 2], [160, 30, 10])
    q = 0.1 * _soft(200, 3, 0) + 0.9 * np.eye(3)[y]
    plan = _plan(q, np.array([0.8, 0.15, 0.05]))
    np.testing.assert_array_equal(plan.argmax(axis=1), y)


def test_hard_rows_and_a_small_epsilon_stay_finite() -> None:
    plan = _plan(np.eye(3)[[0, 0, 1, 2]], np.array([0.5, 0.25, 0.25]), 1e-3)
    np.testing.assert_allclose(plan, np.eye(3)[[0, 0, 1, 2]], atol=1e-6)


@pytest.mark.parametrize(
    "marginal", [[0.5, 0.5], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [1.2, -0.1, -0.1]]
)
def test_a_marginal_that_is_none_is_refused(marginal: list[float]) -> None:
    with pytest.raises(ValueError, match="marginal must be 3 positive shares of sum 1"):
        _plan(_soft(5, 3, 0), np.array(marginal))


def test_an_epsilon_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="epsilon must be positive, got 0"):
        _plan(_soft(5, 3, 0), epsilon=0)


@given(SHAPES, st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_an_updated_marginal_sums_to_one_and_lies_between(
    shape: tuple[int, int, int], momentum: float
) -> None:
    q = _soft(*shape)
    old, mean = np.full(shape[1], 1 / shape[1]), q.mean(axis=0)
    new = update_marginal(old, q, momentum)
    assert new.sum() == pytest.approx(1.0)
    assert (new >= np.minimum(old, mean) - 1e-12).all()
    assert (new <= np.maximum(old, mean) + 1e-12).all()


def test_the_marginal_learns_the_shares_in_the_end() -> None:
    q = _soft(100, 3, 0) * 0.3 + 0.7 * np.eye(3)[np.repeat([0, 1, 2], [70, 20, 10])]
    marginal = np.full(3, 1 / 3)
    for _ in range(200):
        marginal = update_marginal(marginal, q)
    np.testing.assert_allclose(marginal, q.mean(axis=0), atol=1e-6)


def test_a_momentum_outside_is_refused() -> None:
    with pytest.raises(ValueError, match=r"momentum must be between 0 and 1, got 1\.5"):
        update_marginal(np.ones(1), np.ones((2, 1)), 1.5)


def test_a_start_near_by_leads_to_the_same_plan() -> None:
    q, marginal = _soft(50, 4, 0), np.array([0.1, 0.2, 0.3, 0.4])
    potentials = transport_potentials(q, marginal)
    again = transport_potentials(q, marginal, start=potentials + 0.1)
    np.testing.assert_allclose(transport_plan(q, again), transport_plan(q, potentials), atol=1e-4)


def test_learned_shares_are_those_of_uneven_clusters() -> None:
    X, y, centers = _uneven()
    clusters, _ = fit_transport(X, centers, 1.0, 100, 1e-3)
    np.testing.assert_allclose(clusters.marginal, [0.8, 0.15, 0.05], atol=0.03)
    assert clustering_accuracy(y, clusters.assignments(X).argmax(axis=1)) > 0.97
    equal = _plan(clusters.posterior(X)).argmax(axis=1)
    assert clustering_accuracy(y, equal) < 0.8


def test_shares_follow_slowly() -> None:
    X, _, centers = _uneven()
    asked = fit_transport(X, centers, 1.0, 0, 0.0)[0].posterior(X).mean(axis=0)
    after = fit_transport(X, centers, 1.0, 2, 0.0)[0]
    expected = 0.9 * asked + 0.1 * after.posterior(X).mean(axis=0)
    np.testing.assert_allclose(after.marginal, expected)


def test_the_transport_stops_when_labels_stand_and_its_plan_can_be_had_again() -> None:
    X, _, centers = _uneven()
    clusters, history = fit_transport(X, centers + 1.0, 1.0, 50, 0.02)
    assert [record["epoch"] for record in history] == list(range(1, len(history) + 1))
    assert len(history) < 50
    assert history[-1]["label_change"] < 0.02
    shares = clusters.assignments(X).mean(axis=0)
    np.testing.assert_allclose(shares, clusters.marginal, atol=2e-6)


def test_centres_move_to_their_rows() -> None:
    X, _, centers = _uneven()
    clusters, _ = fit_transport(X, centers + 1.0, 1.0, 5, 0.0)
    assert np.abs(clusters.centers[:2] - centers[:2]).max() < 0.5


def test_without_rounds_the_labels_are_the_nearest_centres() -> None:
    X, _, centers = _uneven()
    clusters, history = fit_transport(X, centers, 1.0, 0, 0.0)
    nearest = np.linalg.norm(X[:, None] - centers, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(clusters.assignments(X).argmax(axis=1), nearest)
    assert history == []
