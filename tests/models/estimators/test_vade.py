"""VaDE: what it finds, that it repeats, that its attributes agree, that a collapse is told."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.vade import VaDE
from models.networks.vade_network import Mixture, variance_floor
from models.quality.metrics import clustering_accuracy


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _vade(n_clusters: Any = 3, **params: Any) -> VaDE:
    small = {"pretrain_epochs": 10, "clustering_epochs": 10, "warmup_epochs": 3}
    return VaDE(n_clusters, **{**small, "batch_size": 32, "random_state": 0, **params})


@parametrize_with_checks(
    [VaDE(2, pretrain_epochs=2, clustering_epochs=2, warmup_epochs=1, random_state=0)]
)
def test_vade_is_a_scikit_learn_estimator(estimator: VaDE, check: Callable[[VaDE], None]) -> None:
    check(estimator)


@pytest.mark.parametrize("hidden_dims", [None, (), (16, 8)])
def test_planted_clusters_are_found(hidden_dims: Any) -> None:
    X, y = _blobs()
    vade = _vade(hidden_dims=hidden_dims).fit(X)
    assert clustering_accuracy(y, vade.labels_) == 1.0
    assert vade.n_clusters_ == 3
    assert not vade.collapsed_


def test_planted_clusters_stand_a_long_training_at_full_weight() -> None:
    X, y = _blobs()
    vade = _vade(clustering_epochs=60).fit(X)
    assert clustering_accuracy(y, vade.labels_) == 1.0
    assert vade.history_[-1]["loss"] < vade.history_[3]["loss"]  # from there on the weight is 1


def test_probabilities_are_the_posterior_at_the_encoders_mean() -> None:
    X, _ = _blobs()
    vade = _vade(5).fit(X)
    reference = GaussianMixture(vade.n_clusters_, covariance_type="diag")
    reference.weights_ = vade.weights_.astype(np.float64)
    reference.means_ = vade.cluster_centers_.astype(np.float64)
    reference.covariances_ = vade.covariances_.astype(np.float64)
    reference.precisions_cholesky_ = 1 / np.sqrt(reference.covariances_)
    expected = reference.predict_proba(vade.transform(X).astype(np.float64))
    np.testing.assert_allclose(vade.predict_proba(X), expected, atol=1e-5)


def test_attributes_agree_with_each_other_and_with_predictions() -> None:
    X, _ = _blobs()
    vade = _vade(5).fit(X)
    shape = (vade.n_clusters_, vade.transform(X).shape[1])
    assert vade.cluster_centers_.shape == vade.covariances_.shape == shape
    np.testing.assert_allclose(vade.weights_.sum(), 1.0, rtol=1e-5)
    np.testing.assert_allclose(vade.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(vade.soft_assignments_.argmax(axis=1), vade.labels_)
    np.testing.assert_array_equal(vade.predict(X), vade.labels_)
    assert set(vade.labels_) == set(range(vade.n_clusters_))
    assert [record["epoch"] for record in vade.history_] == list(range(1, 11))
    assert vade.n_iter_ == 10


def test_without_refinement_epochs_the_mixture_is_that_of_the_pretrained_space() -> None:
    X, _ = _blobs()
    vade = _vade(clustering_epochs=0).pretrain(X)
    latent = vade.transform(X)
    vade.refine(X)
    assert vade.history_ == []
    for label, center in enumerate(vade.cluster_centers_):
        np.testing.assert_allclose(latent[vade.labels_ == label].mean(axis=0), center, atol=1e-3)


def test_no_variance_is_below_the_floor() -> None:
    X, _ = _blobs()
    vade = _vade().pretrain(X)
    floor = variance_floor(vade.transform(X))
    assert (vade.refine(X).covariances_ >= np.float32(floor)).all()


def test_same_seed_gives_the_same_bits_and_leaves_the_global_random_numbers_alone() -> None:
    X, _ = _blobs()
    first = _vade().fit(X)
    torch.manual_seed(9)
    state = torch.get_rng_state()
    second = _vade().fit(X)
    assert torch.equal(torch.get_rng_state(), state)
    for name in ("labels_", "soft_assignments_", "cluster_centers_", "covariances_", "weights_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.history_ == second.history_


def test_a_collapse_is_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    X, y = _blobs()
    far = np.array([[0.0], [1e4], [1e4]], dtype=np.float32) * np.ones((3, 10), dtype=np.float32)
    mixture = Mixture(np.full(3, 1 / 3, dtype=np.float32), far, np.ones_like(far))
    monkeypatch.setattr("models.estimators.vade.fit_mixture", lambda *_: (y, mixture))
    with caplog.at_level(logging.WARNING):
        vade = _vade(clustering_epochs=0).fit(X)
    assert vade.collapsed_
    assert vade.n_clusters_ == len(vade.weights_) == 1
    np.testing.assert_allclose(vade.weights_, [1.0])
    assert "1 of 3 have rows" in caplog.text


def test_a_loaded_estimator_predicts_and_refines_the_same_bits(tmp_path: Path) -> None:
    X, _ = _blobs()
    vade = _vade().fit(X)
    vade.save(tmp_path)
    loaded = VaDE.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), vade.predict_proba(X))
    for name in ("weights_", "covariances_"):
        assert getattr(loaded, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(loaded, name), getattr(vade, name))
    assert loaded.get_params() == vade.get_params()
    np.testing.assert_array_equal(loaded.refine(X).weights_, vade.refine(X).weights_)


def test_a_pretrained_estimator_is_saved_and_refined_elsewhere(tmp_path: Path) -> None:
    X, _ = _blobs()
    _vade().pretrain(X).save(tmp_path)
    loaded = VaDE.load(tmp_path)
    assert not hasattr(loaded, "weights_")
    np.testing.assert_array_equal(
        loaded.refine(X).soft_assignments_, _vade().fit(X).soft_assignments_
    )


@pytest.mark.parametrize("value", [-1, 2.5, None])
def test_warm_up_epochs_that_cannot_be_used_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="warmup_epochs must be an integer of at least 0, got"):
        _vade(warmup_epochs=value).pretrain(_blobs()[0])


@pytest.mark.parametrize("n_samples", [1, 2, 3])
@pytest.mark.parametrize("n_clusters", [1, "auto"])
def test_a_few_rows_are_clustered(n_samples: int, n_clusters: Any) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4)).astype(np.float32)
    vade = _vade(n_clusters).fit(X)
    assert vade.n_clusters_ == 1
    np.testing.assert_array_equal(vade.labels_, np.zeros(n_samples))


def test_a_failed_refinement_leaves_the_pretrained_state() -> None:
    X, _ = _blobs()
    vade = _vade().pretrain(X)
    latent = vade.transform(X)
    with pytest.raises(RuntimeError, match="refine: the loss of epoch 1"):
        vade.set_params(learning_rate=1e38).refine(X)
    np.testing.assert_array_equal(vade.transform(X), latent)
    assert not hasattr(vade, "cluster_centers_")
