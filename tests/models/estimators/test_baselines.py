"""The classical clusterings: the interface of the deep ones, and what the libraries find."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.baseline import Baseline
from models.estimators.baselines import (
    GaussianMixtureBaseline,
    HDBSCANBaseline,
    KMeansBaseline,
    SpectralBaseline,
    WardBaseline,
)
from models.quality.metrics import clustering_accuracy

WITH_N_CLUSTERS = [KMeansBaseline, WardBaseline, SpectralBaseline, GaussianMixtureBaseline]
CLASSES = [*WITH_N_CLUSTERS, HDBSCANBaseline]

each_class = pytest.mark.parametrize("cls", CLASSES)


def _blobs(n_clusters: int = 3) -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 6, centers=n_clusters, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _made(cls: type[Baseline], n_clusters: Any = 3) -> Baseline:
    return cls("auto" if cls is HDBSCANBaseline else n_clusters, random_state=0)


def _with_noise() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    X, _ = _blobs()
    far = np.random.default_rng(0).uniform(-60, 60, size=(8, 6)).astype(np.float32)
    X = np.vstack([X, far])
    return X, HDBSCAN(min_cluster_size=10, copy=True).fit(X).labels_ < 0


def _expected_to_fail(estimator: Baseline) -> dict[str, str]:
    if not isinstance(estimator, HDBSCANBaseline):
        return {}
    checks = [
        "check_clustering",
        "check_dont_overwrite_parameters",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
    ]
    return dict.fromkeys(checks, "sets n_clusters to a number, which HDBSCAN cannot keep")


@parametrize_with_checks(
    [_made(cls, 2) for cls in CLASSES],
    expected_failed_checks=_expected_to_fail,
    xfail_strict=True,
)
def test_each_is_a_scikit_learn_estimator(
    estimator: Baseline, check: Callable[[Baseline], None]
) -> None:
    check(estimator)


@each_class
def test_planted_clusters_are_found(cls: type[Baseline]) -> None:
    X, y = _blobs()
    model = _made(cls).fit(X)
    assert model.n_clusters_ == len(model.cluster_centers_) == 3
    assert clustering_accuracy(y, model.labels_) > 0.95
    assert clustering_accuracy(y, model.predict(X)) > 0.95


@pytest.mark.parametrize("cls", WITH_N_CLUSTERS)
def test_the_number_of_planted_clusters_is_found(cls: type[Baseline]) -> None:
    X, y = _blobs(5)
    model = _made(cls, "auto").fit(X)
    assert model.n_clusters_ == 5
    assert clustering_accuracy(y, model.labels_) == 1.0


@each_class
def test_two_steps_are_one_fit(cls: type[Baseline]) -> None:
    X, _ = _blobs()
    whole, steps = _made(cls).fit(X), _made(cls).pretrain(X)
    with pytest.raises(NotFittedError):
        steps.predict(X)
    np.testing.assert_array_equal(steps.transform(X), X)
    steps.refine(X)
    np.testing.assert_array_equal(whole.labels_, steps.labels_)
    np.testing.assert_array_equal(whole.soft_assignments_, steps.soft_assignments_)


@each_class
def test_pretraining_forgets_an_earlier_fit(cls: type[Baseline]) -> None:
    X, _ = _blobs()
    model = _made(cls).fit(X).pretrain(X[:, :4])
    assert set(vars(model)) - set(model.get_params()) == {"n_features_in_", "seed_"}


@each_class
@pytest.mark.parametrize("refined", [False, True])
def test_a_saved_estimator_comes_back(cls: type[Baseline], refined: bool, tmp_path: Path) -> None:
    X, _ = _blobs()
    unseen = X[::7] + 0.1
    model = _made(cls).set_params(random_state=np.random.RandomState(3)).pretrain(X)
    if refined:
        model.refine(X)
    model.save(tmp_path)
    loaded = cls.load(tmp_path)
    np.testing.assert_array_equal(loaded.transform(unseen), model.transform(unseen))
    if not refined:
        model.refine(X)
        loaded.refine(X)
    np.testing.assert_array_equal(loaded.labels_, model.labels_)
    np.testing.assert_array_equal(loaded.soft_assignments_, model.soft_assignments_)
    np.testing.assert_array_equal(loaded.predict_proba(unseen), model.predict_proba(unseen))
    assert loaded.n_clusters_ == model.n_clusters_


def test_names_of_features_are_saved(tmp_path: Path) -> None:
    frame = pd.DataFrame(_blobs()[0], columns=list("abcdef"))
    model = _made(KMeansBaseline).fit(frame)
    model.save(tmp_path)
    np.testing.assert_array_equal(KMeansBaseline.load(tmp_path).predict(frame), model.labels_)


def test_another_class_is_not_loaded(tmp_path: Path) -> None:
    _made(WardBaseline).fit(_blobs()[0]).save(tmp_path)
    with pytest.raises(ValueError, match="estimator must be KMeansBaseline, got WardBaseline"):
        KMeansBaseline.load(tmp_path)


@pytest.mark.parametrize("cls", [KMeansBaseline, GaussianMixtureBaseline])
def test_labels_of_methods_with_centres_are_their_predictions(cls: type[Baseline]) -> None:
    X, _ = make_blobs(200, 2, centers=2, cluster_std=4.0, random_state=0)
    model = _made(cls, 6).fit(X)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(model.predict_proba(X), model.soft_assignments_)
    np.testing.assert_allclose(model.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    assert set(model.labels_) == set(range(model.n_clusters_))


def test_ward_is_the_library_s() -> None:
    X, _ = make_blobs(100, 2, centers=1, random_state=0)
    X = X.astype(np.float32)
    theirs = AgglomerativeClustering(5, linkage="ward").fit_predict(X)
    model = _made(WardBaseline, 5).fit(X)
    np.testing.assert_array_equal(model.labels_, theirs)
    np.testing.assert_array_equal(model.soft_assignments_, np.eye(5)[theirs])


def test_spectral_clusters_have_any_shape() -> None:
    X, y = make_moons(200, noise=0.04, random_state=0)
    assert clustering_accuracy(y, _made(SpectralBaseline, 2).fit_predict(X)) > 0.98


def test_a_mixture_knows_that_clusters_differ_in_width() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 0.1, (300, 2)), rng.normal(1.5, 1.0, (300, 2))])
    y = np.repeat([0, 1], 300)
    mixture = clustering_accuracy(y, _made(GaussianMixtureBaseline, 2).fit_predict(X))
    kmeans = clustering_accuracy(y, _made(KMeansBaseline, 2).fit_predict(X))
    assert mixture > kmeans + 0.03


def test_noise_gets_the_nearest_cluster_and_no_confidence() -> None:
    X, is_noise = _with_noise()
    model = _made(HDBSCANBaseline).fit(X)
    assert 0 < is_noise.sum() < len(X) // 2
    assert set(model.labels_) == {0, 1, 2}
    distances = np.linalg.norm(X[:, None] - model.cluster_centers_, axis=2)
    np.testing.assert_array_equal(model.labels_[is_noise], distances.argmin(axis=1)[is_noise])
    np.testing.assert_array_equal(model.soft_assignments_[is_noise], 0.0)
    members = model.soft_assignments_[~is_noise]
    np.testing.assert_array_equal(members.argmax(axis=1), model.labels_[~is_noise])
    assert (members.max(axis=1) > 0).all()


def test_noise_does_not_move_the_centres() -> None:
    X, is_noise = _with_noise()
    model = _made(HDBSCANBaseline).fit(X)
    for label, center in enumerate(model.cluster_centers_):
        members = X[~is_noise & (model.labels_ == label)]
        np.testing.assert_allclose(members.mean(axis=0), center, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_samples", [1, 2, 12])
def test_where_all_is_noise_there_is_one_cluster(n_samples: int) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4))
    model = _made(HDBSCANBaseline).fit(X)
    assert model.n_clusters_ == 1
    np.testing.assert_array_equal(model.labels_, 0)
    np.testing.assert_array_equal(model.soft_assignments_, np.zeros((n_samples, 1)))


@pytest.mark.parametrize("cls", WITH_N_CLUSTERS)
@pytest.mark.parametrize("n_samples", [1, 2, 3])
@pytest.mark.parametrize("n_clusters", [1, "auto"])
def test_a_few_rows_are_one_cluster(cls: type[Baseline], n_samples: int, n_clusters: Any) -> None:
    X = np.random.default_rng(0).normal(size=(n_samples, 4))
    model = _made(cls, n_clusters).fit(X)
    assert model.n_clusters_ == 1
    np.testing.assert_array_equal(model.labels_, np.zeros(n_samples))
    np.testing.assert_array_equal(model.soft_assignments_, np.ones((n_samples, 1)))


@pytest.mark.parametrize("cls", WITH_N_CLUSTERS)
def test_equal_rows_are_one_cluster(cls: type[Baseline]) -> None:
    model = _made(cls, "auto").fit(np.ones((20, 4)))
    assert model.n_clusters_ == 1
    np.testing.assert_array_equal(model.predict_proba(np.zeros((2, 4))), np.ones((2, 1)))


@pytest.mark.parametrize("cls", WITH_N_CLUSTERS)
@pytest.mark.parametrize("n_clusters", [0, 1.5, "many"])
def test_a_number_that_is_none_is_refused_before_anything_is_done(
    cls: type[Baseline], n_clusters: Any
) -> None:
    with pytest.raises(ValueError, match="n_clusters must be an integer of at least 1"):
        _made(cls, n_clusters).pretrain(_blobs()[0])


def test_hdbscan_refuses_what_it_cannot_keep() -> None:
    X, _ = _blobs()
    with pytest.raises(ValueError, match="n_clusters must be 'auto' for HDBSCAN, got 3"):
        HDBSCANBaseline(3).pretrain(X)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="min_cluster_size must be at least 2, got 1"):
        HDBSCANBaseline(min_cluster_size=1).pretrain(X)


@pytest.mark.parametrize("cls", WITH_N_CLUSTERS)
def test_more_clusters_than_distinct_rows_are_refused(cls: type[Baseline]) -> None:
    with pytest.raises(ValueError, match="at most the number of distinct rows"):
        _made(cls, 3).fit([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
