"""Labels by maximum likelihood and by optimal transport: bounds, references, known answers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture

from models.labels import (
    Mixture,
    fit_mixture,
    likelihood_assignments,
    transport_assignments,
    update_marginal,
)
from models.metrics import clustering_accuracy

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


def _blobs() -> tuple[Doubles, NDArray[Any], Doubles]:
    X, y = make_blobs(200, 3, centers=3, cluster_std=1.0, random_state=1)
    return X, y, 0.8 * np.eye(3)[y] + 0.2 / 3


@given(SHAPES)
@settings(max_examples=40, deadline=None)
def test_transport_rows_sum_to_one_and_columns_to_the_marginal(
    shape: tuple[int, int, int],
) -> None:
    q = _soft(*shape)
    marginal = _soft(1, shape[1], shape[2] + 1)[0] * 0.5 + 0.5 / shape[1]
    plan = transport_assignments(q, marginal, epsilon=1.0)
    assert (plan >= 0).all()
    np.testing.assert_allclose(plan.sum(axis=1), 1.0, rtol=1e-9)
    np.testing.assert_allclose(plan.mean(axis=0), marginal, atol=2e-6)


@pytest.mark.parametrize("epsilon", [0.3, 1.0])
def test_transport_is_the_naive_loop_s(epsilon: float) -> None:
    q, marginal = _soft(50, 4, 0), np.array([0.1, 0.2, 0.3, 0.4])
    expected = _naive_sinkhorn(q, marginal, epsilon, 5000)
    np.testing.assert_allclose(transport_assignments(q, marginal, epsilon), expected, atol=1e-4)


def test_equal_shares_make_balanced_clusters() -> None:
    y = np.repeat([0, 1, 2], [160, 30, 10])
    q = _soft(200, 3, 0) * 0.6 + 0.4 * np.eye(3)[y]
    plan = transport_assignments(q)
    sizes = np.bincount(plan.argmax(axis=1), minlength=3)
    assert np.bincount(q.argmax(axis=1)).max() > 120
    np.testing.assert_allclose(plan.mean(axis=0), 1 / 3, atol=2e-6)
    np.testing.assert_allclose(sizes, 200 / 3, atol=10)


def test_the_marginal_of_the_rows_themselves_changes_almost_no_label() -> None:
    y = np.repeat([0, 1, 2], [160, 30, 10])
    q = 0.1 * _soft(200, 3, 0) + 0.9 * np.eye(3)[y]
    plan = transport_assignments(q, np.array([0.8, 0.15, 0.05]))
    np.testing.assert_array_equal(plan.argmax(axis=1), y)


def test_hard_rows_and_a_small_epsilon_stay_finite() -> None:
    plan = transport_assignments(np.eye(3)[[0, 0, 1, 2]], np.array([0.5, 0.25, 0.25]), 1e-3)
    np.testing.assert_allclose(plan, np.eye(3)[[0, 0, 1, 2]], atol=1e-6)


@pytest.mark.parametrize(
    "marginal", [[0.5, 0.5], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [1.2, -0.1, -0.1]]
)
def test_a_marginal_that_is_none_is_refused(marginal: list[float]) -> None:
    with pytest.raises(ValueError, match="marginal must be 3 positive shares of sum 1"):
        transport_assignments(_soft(5, 3, 0), np.array(marginal))


def test_an_epsilon_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="epsilon must be positive, got 0"):
        transport_assignments(_soft(5, 3, 0), epsilon=0)


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


def test_posterior_is_bayes_rule() -> None:
    rng = np.random.default_rng(0)
    mixture = Mixture(np.array([0.3, 0.7]), rng.normal(size=(2, 4)), rng.uniform(1, 2, (2, 4)))
    X = rng.normal(size=(20, 4))
    joint = np.stack(
        [
            weight * multivariate_normal(mean, np.diag(variance)).pdf(X)
            for weight, mean, variance in zip(
                mixture.weights, mixture.means, mixture.variances, strict=True
            )
        ],
        axis=1,
    )
    np.testing.assert_allclose(mixture.posterior(X), joint / joint.sum(axis=1, keepdims=True))


def test_the_mixture_is_the_library_s_up_to_the_floor() -> None:
    X, _, q = _blobs()
    ours = fit_mixture(X, q)
    theirs = GaussianMixture(3, covariance_type="diag", means_init=ours.means, random_state=0)
    theirs.fit(X)
    np.testing.assert_allclose(ours.means, theirs.means_, atol=0.02)
    np.testing.assert_allclose(ours.variances, theirs.covariances_, rtol=0.1)
    np.testing.assert_allclose(ours.weights, theirs.weights_, atol=0.01)


def test_labels_by_likelihood_find_planted_clusters_in_the_order_of_the_columns() -> None:
    X, y, q = _blobs()
    posterior = likelihood_assignments(X, q)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
    assert np.mean(posterior.argmax(axis=1) == y) == 1.0


@pytest.mark.parametrize(("scale", "place"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e6)])
def test_scale_and_place_do_not_matter(scale: float, place: float) -> None:
    X, y, q = _blobs()
    posterior = likelihood_assignments(X * scale + place, q)
    assert clustering_accuracy(y, posterior.argmax(axis=1)) == 1.0
    np.testing.assert_allclose(posterior, likelihood_assignments(X, q), atol=1e-4)


def test_the_floor_keeps_a_cluster_of_equal_rows_finite() -> None:
    X = np.vstack([np.zeros((20, 2)), np.random.default_rng(0).normal(3, 1, (20, 2))])
    mixture = fit_mixture(X, np.eye(2)[np.repeat([0, 1], 20)])
    assert (mixture.variances > 0).all()
    assert np.isfinite(mixture.posterior(X)).all()


@pytest.mark.parametrize("n_samples", [1, 2])
def test_a_few_equal_rows_have_a_posterior(n_samples: int) -> None:
    posterior = likelihood_assignments(np.ones((n_samples, 3)), np.ones((n_samples, 1)))
    np.testing.assert_array_equal(posterior, np.ones((n_samples, 1)))


def test_a_column_without_rows_is_survived() -> None:
    X, y, _ = _blobs()
    posterior = likelihood_assignments(X, np.eye(4)[y])
    assert np.isfinite(posterior).all()
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
