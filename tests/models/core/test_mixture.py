"""Labels by maximum likelihood: Bayes' rule, the library's mixture, data that is hard."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture

from models.core.arrays import AnyFloats
from models.core.mixture import Mixture, fit_mixture
from models.quality.metrics import clustering_accuracy

Doubles = NDArray[np.float64]


def _blobs() -> tuple[Doubles, NDArray[Any], Doubles]:
    X, y = make_blobs(200, 3, centers=3, cluster_std=1.0, random_state=1)
    return X, y, 0.8 * np.eye(3)[y] + 0.2 / 3


def _posterior(X: AnyFloats, q: AnyFloats) -> AnyFloats:
    return fit_mixture(X, q).assignments(X)


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
    np.testing.assert_allclose(mixture.assignments(X), joint / joint.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(mixture.log_density(X), np.log(joint.sum(axis=1)))


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
    posterior = _posterior(X, q)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
    assert np.mean(posterior.argmax(axis=1) == y) == 1.0


@pytest.mark.parametrize(("scale", "place"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e6)])
def test_scale_and_place_do_not_matter(scale: float, place: float) -> None:
    X, y, q = _blobs()
    posterior = _posterior(X * scale + place, q)
    assert clustering_accuracy(y, posterior.argmax(axis=1)) == 1.0
    np.testing.assert_allclose(posterior, _posterior(X, q), atol=1e-4)


def test_the_floor_keeps_a_cluster_of_equal_rows_finite() -> None:
    X = np.vstack([np.zeros((20, 2)), np.random.default_rng(0).normal(3, 1, (20, 2))])
    mixture = fit_mixture(X, np.eye(2)[np.repeat([0, 1], 20)])
    assert (mixture.variances > 0).all()
    assert np.isfinite(mixture.assignments(X)).all()


@pytest.mark.parametrize("n_samples", [1, 2])
def test_a_few_equal_rows_have_a_posterior(n_samples: int) -> None:
    posterior = _posterior(np.ones((n_samples, 3)), np.ones((n_samples, 1)))
    np.testing.assert_array_equal(posterior, np.ones((n_samples, 1)))


def test_a_column_without_rows_is_survived() -> None:
    X, y, _ = _blobs()
    posterior = _posterior(X, np.eye(4)[y])
    assert np.isfinite(posterior).all()
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
