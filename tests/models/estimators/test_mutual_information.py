"""Clustering by mutual information: what it finds, from which start, and that it repeats."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.autoencoder_clusterer import Given
from models.estimators.mutual_information import MutualInformationClustering
from models.quality.metrics import clustering_accuracy


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _model(n_clusters: Any = 3, **params: Any) -> MutualInformationClustering:
    small = {"pretrain_epochs": 10, "clustering_epochs": 10, "batch_size": 32, "n_neighbors": 10}
    return MutualInformationClustering(n_clusters, **{**small, "random_state": 0, **params})


@parametrize_with_checks(
    [MutualInformationClustering(2, pretrain_epochs=2, clustering_epochs=2, random_state=0)]
)
def test_it_is_a_scikit_learn_estimator(
    estimator: MutualInformationClustering, check: Callable[[MutualInformationClustering], None]
) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "params", [{}, {"goal": "imsat"}, {"goal": "imsat", "partners": "adversarial"}]
)
def test_planted_clusters_are_found(params: dict[str, str]) -> None:
    X, y = _blobs()
    model = _model(**params).fit(X)
    assert clustering_accuracy(y, model.labels_) == 1.0
    assert (model.n_clusters_, model.n_lost_clusters_, model.collapsed_) == (3, 0, False)
    assert [record["n_clusters"] for record in model.history_] == [3] * 10


def test_without_epochs_the_labels_are_those_of_k_means_in_the_latent_space() -> None:
    X, _ = _blobs()
    model = _model(5, clustering_epochs=0, n_heads=1).pretrain(X)
    labels, centers = model._start(Given(X, model.transform(X), 5))
    model.refine(X)
    np.testing.assert_array_equal(model.labels_, labels)
    np.testing.assert_array_equal(model.cluster_centers_, centers)
    assert model.history_ == []


def test_a_random_start_is_another_one_and_is_learned_from() -> None:
    X, _ = _blobs()
    losses = []
    for n_epochs in (1, 15):
        model = _model(start="random", clustering_epochs=n_epochs, learning_rate=0.01).fit(X)
        losses.append(model.history_[-1]["loss"])
    assert losses[1] < losses[0]
    assert not np.array_equal(model.labels_, _model().fit(X).labels_)


def test_a_lost_cluster_is_told_counted_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    X, _ = _blobs()

    class WithAFarPrototype(MutualInformationClustering):
        def _first_centers(self, *arguments: Any) -> NDArray[np.float32]:
            first = super()._first_centers(*arguments)
            first[:, 1] = 1e3
            return first

    model = WithAFarPrototype(3, pretrain_epochs=5, clustering_epochs=2, random_state=0)
    with caplog.at_level(logging.WARNING):
        model.fit(X)
    assert "clusters are lost: 2 of 3 have rows" in caplog.text
    assert (model.n_clusters_, model.n_lost_clusters_) == (2, 1)
    assert [record["n_clusters"] for record in model.history_] == [2, 2]
    assert set(model.labels_) == {0, 1}


def test_attributes_agree_with_each_other_and_with_predictions() -> None:
    X, _ = _blobs()
    model = _model(5).fit(X)
    np.testing.assert_allclose(model.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X), model.soft_assignments_)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    distances = np.linalg.norm(model.transform(X)[:, None] - model.cluster_centers_, axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), model.labels_)


@pytest.mark.parametrize("partners", ["neighbours", "adversarial"])
def test_same_seed_gives_the_same_bits_and_leaves_the_global_random_numbers_alone(
    partners: str,
) -> None:
    X, _ = _blobs()
    params = {"goal": "imsat", "partners": partners, "clustering_epochs": 3}
    first = _model(**params).fit(X)
    torch.manual_seed(9)
    state = torch.get_rng_state()
    second = _model(**params).fit(X)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(first.soft_assignments_, second.soft_assignments_)
    assert first.history_ == second.history_


def test_a_loaded_estimator_predicts_the_same_bits_and_goes_on(tmp_path: Path) -> None:
    X, _ = _blobs()
    model = _model().pretrain(X)
    model.save(tmp_path / "pretrained")
    model.refine(X).save(tmp_path / "refined")
    resumed = MutualInformationClustering.load(tmp_path / "pretrained").refine(X)
    loaded = MutualInformationClustering.load(tmp_path / "refined")
    np.testing.assert_array_equal(resumed.soft_assignments_, model.soft_assignments_)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.get_params() == model.get_params()
    assert loaded.history_ == model.history_
    np.testing.assert_array_equal(loaded.refine(X).labels_, model.refine(X).labels_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"goal": "elbo"}, "goal must be one of temi, imsat, got 'elbo'"),
        ({"start": "ward"}, "start must be one of kmeans, random, got 'ward'"),
        ({"partners": "all"}, "partners must be one of neighbours, adversarial, got 'all'"),
        ({"n_heads": 0}, "n_heads must be an integer of at least 1, got 0"),
        ({"beta": 1.5}, "beta must be between 0 and 1, got 1.5"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _model(**params).pretrain(_blobs()[0])


@pytest.mark.parametrize("n_samples", [1, 3])
@pytest.mark.parametrize("n_clusters", [1, "auto"])
def test_a_few_rows_are_clustered(n_samples: int, n_clusters: Any) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4)).astype(np.float32)
    assert _model(n_clusters).fit(X).n_clusters_ == 1


def test_a_failed_refinement_leaves_the_pretrained_state() -> None:
    X, _ = _blobs()
    model = _model().pretrain(X)
    latent = model.transform(X)
    with pytest.raises(RuntimeError, match="refine: the loss of epoch 1"):
        model.set_params(learning_rate=1e38).refine(X)
    np.testing.assert_array_equal(model.transform(X), latent)
    assert not hasattr(model, "cluster_centers_")
