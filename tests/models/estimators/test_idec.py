"""IDEC: what it finds, that it repeats, and that its attributes agree."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.counting.n_clusters import NClustersChoice
from models.estimators.idec import IDEC
from models.quality.metrics import clustering_accuracy


def _blobs(n_clusters: int = 3, n_samples: int = 150) -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(n_samples, 10, centers=n_clusters, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _idec(n_clusters: Any = 3, **params: Any) -> IDEC:
    small = {"pretrain_epochs": 10, "clustering_epochs": 10, "batch_size": 32, "random_state": 0}
    return IDEC(n_clusters, **{**small, **params})


@parametrize_with_checks([IDEC(2, pretrain_epochs=2, clustering_epochs=2, random_state=0)])
def test_idec_is_a_scikit_learn_estimator(estimator: IDEC, check: Callable[[IDEC], None]) -> None:
    check(estimator)


def test_planted_clusters_are_found() -> None:
    X, y = _blobs()
    idec = _idec().fit(X)
    assert clustering_accuracy(y, idec.labels_) == 1.0
    assert idec.n_clusters_ == 3
    assert not idec.collapsed_


def test_the_number_of_planted_clusters_is_found() -> None:
    X, y = _blobs(5, 300)
    idec = _idec("auto", pretrain_epochs=40).fit(X)
    assert idec.n_clusters_choice_.n_clusters == idec.n_clusters_ == 5
    assert clustering_accuracy(y, idec.labels_) == 1.0


def test_the_number_is_sought_in_the_latent_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, _ = _blobs()
    idec = _idec("auto").pretrain(X)
    latent = idec.transform(X)
    chosen = NClustersChoice(2, (2,), ((0.5,),), (2,))
    calls: list[Any] = []
    monkeypatch.setattr(
        "models.estimators.autoencoder_clusterer.choose_n_clusters",
        lambda *a: (calls.append(a), chosen)[1],
    )
    assert idec.refine(X).n_clusters_choice_ is chosen
    np.testing.assert_equal(calls, [(latent, idec.seed_)])
    assert idec.n_clusters_ == 2


def test_the_number_that_was_given_is_not_chosen() -> None:
    assert _idec().fit(_blobs()[0]).n_clusters_choice_ is None


def test_same_seed_gives_the_same_bits_and_leaves_the_global_random_numbers_alone() -> None:
    X, _ = _blobs()
    first = _idec().fit(X)
    torch.manual_seed(9)
    np.random.seed(9)  # noqa: NPY002 -- the global state that must not matter
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    second = _idec().fit(X)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state[1])  # noqa: NPY002
    for name in ("labels_", "soft_assignments_", "cluster_centers_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.history_ == second.history_
    for name, weights in first.autoencoder_.state_dict().items():
        assert torch.equal(weights, second.autoencoder_.state_dict()[name])


def test_attributes_agree_with_each_other_and_with_predictions() -> None:
    X, _ = _blobs()
    idec = _idec(5).fit(X)
    assert idec.cluster_centers_.shape == (idec.n_clusters_, idec.transform(X).shape[1])
    assert idec.soft_assignments_.shape == (len(X), idec.n_clusters_)
    np.testing.assert_allclose(idec.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(idec.soft_assignments_.argmax(axis=1), idec.labels_)
    np.testing.assert_array_equal(idec.predict(X), idec.labels_)
    np.testing.assert_array_equal(idec.predict_proba(X), idec.soft_assignments_)
    assert set(idec.labels_) == set(range(idec.n_clusters_))
    distances = np.linalg.norm(idec.transform(X)[:, None] - idec.cluster_centers_, axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), idec.labels_)


def test_without_refinement_epochs_the_labels_are_those_of_k_means() -> None:
    X, _ = _blobs()
    idec = _idec(clustering_epochs=0).fit(X)
    for label, center in enumerate(idec.cluster_centers_):
        members = idec.transform(X)[idec.labels_ == label]
        np.testing.assert_allclose(members.mean(axis=0), center, atol=1e-4)
    assert idec.history_ == []
    assert idec.n_iter_ == 0


def test_history_has_a_record_for_each_epoch() -> None:
    idec = _idec(clustering_epochs=3, update_interval=2, tol=0.0).fit(_blobs()[0])
    assert [record["epoch"] for record in idec.pretrain_history_] == list(range(1, 11))
    assert [record["epoch"] for record in idec.history_] == [1, 2, 3]
    assert idec.n_iter_ == 3
    names = {"epoch", "loss", "reconstruction_loss", "clustering_loss", "label_change"}
    assert all(record.keys() == names for record in idec.history_)


def test_refinement_ends_early_when_the_clusters_stand() -> None:
    idec = _idec(clustering_epochs=50, update_interval=2).fit(_blobs()[0])
    assert idec.n_iter_ == len(idec.history_) < 50
    assert idec.history_[-1]["label_change"] < idec.tol


def test_refinement_changes_the_latent_space() -> None:
    X, _ = _blobs()
    idec = _idec().pretrain(X)
    before = idec.transform(X)
    assert not np.allclose(idec.refine(X).transform(X), before, atol=1e-3)


def test_centres_without_rows_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = _blobs()

    def with_a_far_centre(*_: object, **__: object) -> tuple[NDArray[Any], NDArray[np.float32]]:
        means = [latent[y == label].mean(axis=0) for label in range(3)]
        return y, np.stack([means[0], np.full_like(means[0], 1e4), means[1], means[2]])

    idec = _idec(4, clustering_epochs=0).pretrain(X)
    latent = idec.transform(X)
    monkeypatch.setattr("models.estimators.autoencoder_clusterer.fit_kmeans", with_a_far_centre)
    idec.refine(X)
    assert idec.n_clusters_ == len(idec.cluster_centers_) == 3
    np.testing.assert_array_equal(idec.labels_, y)


def test_a_collapse_is_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    X, y = _blobs()

    def three_in_one_place(*_: object, **__: object) -> tuple[NDArray[Any], NDArray[np.float32]]:
        far = np.full((2, 10), 1e4, dtype=np.float32)
        return y, np.vstack([np.zeros((1, 10), dtype=np.float32), far])

    monkeypatch.setattr("models.estimators.autoencoder_clusterer.fit_kmeans", three_in_one_place)
    with caplog.at_level(logging.WARNING):
        idec = _idec(clustering_epochs=0).fit(X)
    assert idec.collapsed_
    assert idec.n_clusters_ == 1
    assert "1 of 3 have rows" in caplog.text


def test_a_failed_refinement_leaves_the_pretrained_state() -> None:
    X, _ = _blobs()
    idec = _idec().pretrain(X)
    latent = idec.transform(X)
    with pytest.raises(RuntimeError, match="refine: the loss of epoch 1"):
        idec.set_params(learning_rate=1e38).refine(X)
    np.testing.assert_array_equal(idec.transform(X), latent)
    assert not hasattr(idec, "cluster_centers_")


@pytest.mark.parametrize("n_samples", [1, 2, 3])
@pytest.mark.parametrize("n_clusters", [1, "auto"])
def test_a_few_rows_are_clustered(n_samples: int, n_clusters: Any) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4)).astype(np.float32)
    idec = _idec(n_clusters).fit(X)
    assert idec.n_clusters_ == 1
    np.testing.assert_array_equal(idec.labels_, np.zeros(n_samples))


def test_as_many_clusters_as_rows_are_possible() -> None:
    X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert sorted(_idec(3).fit_predict(X)) == [0, 1, 2]


def test_equal_rows_are_one_cluster() -> None:
    X = np.ones((20, 4), dtype=np.float32)
    idec = _idec("auto").fit(X)
    assert idec.n_clusters_ == 1
    assert idec.pretrain_history_[-1]["loss"] < 1.0


def test_scale_and_place_of_the_data_do_not_matter() -> None:
    X, y = _blobs()
    assert clustering_accuracy(y, _idec().fit_predict(X * 1e-4 + 3.0)) == 1.0
    assert clustering_accuracy(y, _idec().fit_predict(X * 1e4 - 7e4)) == 1.0
