"""The two steps of a deep clusterer, what it refuses, and how it is saved."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from models.core.arrays import top_two
from models.estimators.idec import IDEC
from tests.models.clusterer.small import X, assert_same, small_idec


def test_fit_is_pretrain_then_refine() -> None:
    assert_same(small_idec().fit(X), small_idec().pretrain(X).refine(X))


def test_refine_needs_pretrain() -> None:
    with pytest.raises(NotFittedError):
        small_idec().refine(X)


def test_a_pretrained_estimator_has_a_latent_space_and_no_clusters() -> None:
    idec = small_idec().pretrain(X)
    assert idec.transform(X).shape == (90, 6)
    with pytest.raises(NotFittedError):
        idec.predict(X)


def test_pretraining_again_forgets_the_clusters() -> None:
    idec = small_idec().fit(X)
    assert_same(idec.pretrain(X), small_idec().pretrain(X))


def test_confidence_and_margin_are_of_the_first_and_the_second_cluster() -> None:
    idec = small_idec()
    with pytest.raises(NotFittedError):
        _ = idec.confidence_
    idec.fit(X)
    for q, confidence, margin in zip(
        idec.soft_assignments_, idec.confidence_, idec.margin_, strict=True
    ):
        second, first = sorted(q)[-2:]
        assert confidence == first
        assert margin == pytest.approx(first - second)
    np.testing.assert_array_equal(small_idec(n_clusters=1).fit(X).margin_, np.ones(90))


def test_other_rows_can_be_refined_than_were_pretrained() -> None:
    assert small_idec().pretrain(X).refine(X[:40]).labels_.shape == (40,)


def test_progress_is_told_of_both_steps() -> None:
    calls: list[tuple[str, int, int]] = []

    def progress(step: str, done: int, total: int, loss: float) -> None:
        assert np.isfinite(loss)
        calls.append((step, done, total))

    small_idec(tol=0.0).pretrain(X, progress).refine(X, progress)
    assert calls == [(step, done, 3) for step in ("pretrain", "refine") for done in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("n_clusters", 0, "an integer of at least 1"),
        ("n_clusters", 2.0, "an integer of at least 1"),
        ("n_clusters", "many", "an integer of at least 1"),
        ("latent_dim", 0, "an integer of at least 1"),
        ("pretrain_epochs", -1, "an integer of at least 0"),
        ("clustering_epochs", None, "an integer of at least 0"),
        ("batch_size", 0, "an integer of at least 1"),
        ("update_interval", 0, "an integer of at least 1"),
        ("learning_rate", -0.1, "at least 0"),
        ("clustering_loss_weight", float("nan"), "at least 0"),
        ("tol", -1, "at least 0"),
        ("device", "gpu", "'auto', 'cpu', 'cuda'"),
        ("hidden_dims", (8, 0), "integers of at least 1"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(name: str, value: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be {rule}.*got"):
        small_idec(**{name: value}).pretrain(X)


def test_more_clusters_than_distinct_rows_are_refused_before_the_training() -> None:
    idec = small_idec(n_clusters=4)
    with pytest.raises(ValueError, match="n_clusters=4 for 3 distinct rows of n_samples=30"):
        idec.fit(np.repeat(X[:3], 10, axis=0))
    assert not hasattr(idec, "autoencoder_")


def test_more_clusters_than_distinct_rows_are_refused_before_the_refinement() -> None:
    rows = np.repeat(X[:3], 10, axis=0)
    idec = small_idec(n_clusters=4).pretrain(rows)
    with pytest.raises(ValueError, match="n_clusters=4 for 3 distinct rows of n_samples=30"):
        idec.refine(rows)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    rows = X.copy()
    rows[3, 1] = value
    with pytest.raises(ValueError, match="Input X contains"):
        small_idec().pretrain(rows)


def test_rows_of_another_width_are_refused() -> None:
    idec = small_idec().fit(X)
    for method in (idec.refine, idec.transform, idec.predict):
        with pytest.raises(ValueError, match="X has 5 features"):
            method(X[:, :5])


def test_read_only_rows_are_taken() -> None:
    rows = X.copy()
    rows.flags.writeable = False
    np.testing.assert_array_equal(small_idec().fit_predict(rows), small_idec().fit_predict(X))


def test_a_clone_has_the_parameters_and_nothing_learned() -> None:
    idec = small_idec(latent_dim=2).fit(X)
    copied: IDEC = clone(idec)
    assert copied.get_params() == idec.get_params()
    assert not hasattr(copied, "autoencoder_")


def test_latent_features_have_names() -> None:
    names: NDArray[Any] = small_idec(latent_dim=2).pretrain(X).get_feature_names_out()
    assert names.tolist() == ["idec0", "idec1"]


def test_confidence_and_margin_are_the_best_two() -> None:
    q = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    confidence, margin = top_two(q)
    np.testing.assert_allclose(confidence, [0.5, 1.0])
    np.testing.assert_allclose(margin, [0.2, 1.0], atol=1e-7)
    np.testing.assert_array_equal(top_two(np.ones((3, 1))), np.ones((2, 3)))
    np.testing.assert_array_equal(top_two(np.zeros((3, 1))), np.zeros((2, 3)))
