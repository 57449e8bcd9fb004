"""DCN: its loss, its alternation, what it finds, and that it repeats."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.dcn import DCN, FIRST_COUNT, Alternation, move_centers
from models.networks.autoencoder import build_autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule
from models.quality.metrics import clustering_accuracy


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _dcn(n_clusters: Any = 3, **params: Any) -> DCN:
    small = {"pretrain_epochs": 10, "clustering_epochs": 10, "batch_size": 32, "random_state": 0}
    return DCN(n_clusters, **{**small, **params})


def _alternation(weight: float = 0.1) -> Alternation:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(60, 6, generator=generator)
    centers = torch.randn(4, 2, generator=generator)
    labels = torch.randint(4, (60,), generator=generator)
    return Alternation(build_autoencoder(6, (8,), 2, seed=0), centers, labels, rows, weight)


@parametrize_with_checks([DCN(2, pretrain_epochs=2, clustering_epochs=2, random_state=0)])
def test_dcn_is_a_scikit_learn_estimator(estimator: DCN, check: Callable[[DCN], None]) -> None:
    check(estimator)


def test_planted_clusters_are_found() -> None:
    X, y = _blobs()
    dcn = _dcn().fit(X)
    assert clustering_accuracy(y, dcn.labels_) == 1.0
    assert dcn.n_clusters_ == 3
    assert not dcn.collapsed_


def test_loss_is_reconstruction_plus_half_the_weighted_squared_distance() -> None:
    alternation = _alternation(weight=0.25)
    indices = torch.tensor([5, 0, 9])
    losses = alternation.batch_losses(indices)
    x = alternation.rows[indices]
    z, x_hat = alternation.autoencoder(x)
    own = torch.stack([alternation.centers[alternation.labels[i]] for i in (5, 0, 9)])
    half_square = sum(((a - b) @ (a - b)) / 2 for a, b in zip(z, own, strict=True)) / 3
    torch.testing.assert_close(losses["reconstruction_loss"], reconstruction_loss(x, x_hat))
    torch.testing.assert_close(losses["clustering_loss"], half_square)
    torch.testing.assert_close(
        losses["loss"], losses["reconstruction_loss"] + 0.25 * losses["clustering_loss"]
    )


def test_more_weight_gives_tighter_clusters_and_a_worse_reconstruction() -> None:
    tightness, reconstruction = [], []
    for weight in (0.0, 10.0):
        history = _alternation(weight).fit(Schedule("refine", 20, 20, seed=0), 0.01)
        tightness.append(history[-1]["clustering_loss"])
        reconstruction.append(history[-1]["reconstruction_loss"])
    assert tightness[1] < tightness[0]
    assert reconstruction[1] > reconstruction[0]


def test_centres_move_as_row_after_row_by_one_over_the_count() -> None:
    rng = np.random.default_rng(0)
    centers, z = rng.normal(size=(3, 2)), rng.normal(size=(20, 2))
    counts, labels = np.array([100.0, 1.0, 7.0]), rng.integers(2, size=20)
    found, new_counts = move_centers(*map(torch.from_numpy, (centers, counts, z, labels)))
    for row, label in zip(z, labels, strict=True):
        counts[label] += 1
        centers[label] -= (centers[label] - row) / counts[label]
    np.testing.assert_allclose(found.numpy(), centers)
    np.testing.assert_array_equal(new_counts.numpy(), counts)
    assert new_counts[2] == 7.0


def test_clusters_are_updated_after_the_step_with_the_new_network() -> None:
    alternation = _alternation()
    first = alternation.centers.clone()
    indices = torch.arange(20)
    alternation.batch_losses(indices)
    assert torch.equal(alternation.centers, first)
    with torch.no_grad():
        alternation.autoencoder.encoder[-1].bias += 1.0
    z = alternation.autoencoder.encode(alternation.rows[indices]).detach()
    nearest = (z[:, None] - first).norm(dim=2).argmin(dim=1)
    untouched = alternation.labels[20:].clone()
    alternation.update_clusters()
    assert torch.equal(alternation.labels[:20], nearest)
    assert torch.equal(alternation.labels[20:], untouched)
    expected, _ = move_centers(first, torch.full((4,), FIRST_COUNT), z, nearest)
    torch.testing.assert_close(alternation.centers, expected)


def test_every_row_is_counted_once_in_each_epoch() -> None:
    alternation = _alternation()
    alternation.fit(Schedule("refine", 3, 25, seed=0), 0.001)
    assert alternation.counts.sum().item() == 4 * FIRST_COUNT + 3 * 60


def test_attributes_agree_with_each_other_and_with_predictions() -> None:
    X, _ = _blobs()
    dcn = _dcn(5).fit(X)
    np.testing.assert_allclose(dcn.soft_assignments_.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(dcn.predict(X), dcn.labels_)
    distances = np.linalg.norm(dcn.transform(X)[:, None] - dcn.cluster_centers_, axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), dcn.labels_)
    assert set(dcn.labels_) == set(range(dcn.n_clusters_))
    assert [record["epoch"] for record in dcn.history_] == list(range(1, 11))


def test_same_seed_gives_the_same_bits() -> None:
    X, _ = _blobs()
    first, second = _dcn().fit(X), _dcn().fit(X)
    for name in ("labels_", "soft_assignments_", "cluster_centers_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.history_ == second.history_


def test_a_failed_refinement_leaves_the_pretrained_state() -> None:
    X, _ = _blobs()
    dcn = _dcn().pretrain(X)
    latent = dcn.transform(X)
    with pytest.raises(RuntimeError, match="refine: the loss of epoch 1"):
        dcn.set_params(learning_rate=1e38).refine(X)
    np.testing.assert_array_equal(dcn.transform(X), latent)
    assert not hasattr(dcn, "cluster_centers_")


def test_a_loaded_estimator_predicts_the_same_bits(tmp_path: Path) -> None:
    X, _ = _blobs()
    dcn = _dcn().fit(X)
    dcn.save(tmp_path)
    loaded = DCN.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), dcn.predict_proba(X))
    assert loaded.get_params() == dcn.get_params()
