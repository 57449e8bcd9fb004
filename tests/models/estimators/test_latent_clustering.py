"""Clusters in the latent space as it is: three ways to make labels, each with its own record."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.latent_clustering import Assignment, LatentClustering
from models.quality.metrics import clustering_accuracy

WORDS = get_args(Assignment)


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _model(assignment: Assignment, n_clusters: Any = 3, **params: Any) -> LatentClustering:
    small = {"pretrain_epochs": 10, "batch_size": 32, "random_state": 0}
    return LatentClustering(n_clusters, assignment=assignment, **{**small, **params})


@parametrize_with_checks(
    [LatentClustering(2, assignment=word, pretrain_epochs=2, random_state=0) for word in WORDS]
)
def test_it_is_a_scikit_learn_estimator(
    estimator: LatentClustering, check: Callable[[LatentClustering], None]
) -> None:
    check(estimator)


@pytest.mark.parametrize("word", WORDS)
def test_planted_clusters_are_found_and_the_network_stays_as_pretrained(word: Assignment) -> None:
    X, y = _blobs()
    model = _model(word).pretrain(X)
    latent = model.transform(X)
    model.refine(X)
    assert clustering_accuracy(y, model.labels_) == 1.0
    assert (model.n_clusters_, model.n_lost_clusters_, model.collapsed_) == (3, 0, False)
    np.testing.assert_array_equal(model.transform(X), latent)


@pytest.mark.parametrize("word", WORDS)
def test_attributes_agree_with_each_other_and_with_predictions(word: Assignment) -> None:
    X, _ = _blobs()
    model = _model(word, 6).fit(X)
    np.testing.assert_allclose(model.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X), model.soft_assignments_)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    assert set(model.labels_) == set(range(model.n_clusters_))
    if word != "k-means":
        assert model.weights_.sum() == pytest.approx(1.0)


def test_the_likelihood_is_that_of_the_librarys_mixture() -> None:
    X, _ = _blobs()
    model = _model("likelihood").fit(X)
    theirs = GaussianMixture(3, covariance_type="diag")
    theirs.weights_, theirs.means_ = model.weights_, model.cluster_centers_
    theirs.covariances_ = model.covariances_
    theirs.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    latent = model.transform(X).astype(np.float64)
    np.testing.assert_allclose(model.score_samples(X), theirs.score_samples(latent), rtol=1e-5)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(latent), atol=1e-6)
    assert model.history_[-1]["loss"] == pytest.approx(-theirs.score(latent))


def test_only_a_mixture_has_densities() -> None:
    assert not hasattr(_model("k-means"), "score_samples")
    assert not hasattr(_model("transport"), "score_samples")
    X, _ = _blobs()
    near_and_far = np.vstack([X[:1], X[:1] + 100]).astype(np.float32)
    near, far = _model("likelihood").fit(X).score_samples(near_and_far)
    assert near > far


def test_the_transport_gives_each_cluster_its_learned_share() -> None:
    X, _ = make_blobs((100, 40, 10), 10, cluster_std=1.0, random_state=0)
    model = _model("transport").fit(X)
    np.testing.assert_allclose(model.soft_assignments_.mean(axis=0), model.weights_, atol=1e-4)
    np.testing.assert_allclose(np.sort(model.weights_), np.array([10, 40, 100]) / 150, atol=0.03)
    assert model.history_[-1]["label_change"] < model.tol
    assert model.n_iter_ == len(model.history_)


def test_another_assignment_of_the_same_latent_space_leaves_nothing_of_the_last() -> None:
    X, _ = _blobs()
    model = _model("likelihood").fit(X)
    model.set_params(assignment="k-means").refine(X)
    assert not hasattr(model, "covariances_")
    np.testing.assert_array_equal(model.labels_, _model("k-means").fit(X).labels_)


@pytest.mark.parametrize("word", WORDS)
def test_same_seed_and_a_saved_estimator_give_the_same_bits(
    word: Assignment, tmp_path: Path
) -> None:
    X, _ = _blobs()
    model = _model(word).fit(X)
    np.testing.assert_array_equal(model.soft_assignments_, _model(word).fit(X).soft_assignments_)
    model.save(tmp_path)
    loaded = LatentClustering.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.get_params() == model.get_params()
    assert loaded.history_ == model.history_


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("n_samples", [1, 3])
def test_a_few_rows_are_clustered(word: Assignment, n_samples: int) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4)).astype(np.float32)
    assert _model(word, "auto").fit(X).n_clusters_ == 1


def test_an_assignment_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="assignment must be one of k-means, likelihood, transp"):
        _model("nearest").fit(_blobs()[0])  # type: ignore[arg-type]
