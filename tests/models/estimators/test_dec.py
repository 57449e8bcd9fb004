"""DEC: that it trains on the divergence alone, what it finds, and that it repeats."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.estimators.dec import DEC, EncoderRefinement
from models.estimators.idec import IDEC
from models.networks.autoencoder import build_autoencoder
from models.networks.functional import kl_divergence, soft_assignment, target_distribution
from models.quality.metrics import clustering_accuracy


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _dec(n_clusters: Any = 3, **params: Any) -> DEC:
    small = {"pretrain_epochs": 10, "clustering_epochs": 10, "batch_size": 32, "random_state": 0}
    return DEC(n_clusters, **{**small, **params})


def _refinement() -> EncoderRefinement:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(60, 6, generator=generator)
    centers = torch.randn(4, 2, generator=generator)
    autoencoder = build_autoencoder(6, (8,), 2, seed=0)
    return EncoderRefinement(autoencoder, centers, rows, clustering_loss_weight=1.0)


@parametrize_with_checks([DEC(2, pretrain_epochs=2, clustering_epochs=2, random_state=0)])
def test_dec_is_a_scikit_learn_estimator(estimator: DEC, check: Callable[[DEC], None]) -> None:
    check(estimator)


def test_planted_clusters_are_found() -> None:
    X, y = _blobs()
    dec = _dec().fit(X)
    assert clustering_accuracy(y, dec.labels_) == 1.0
    assert dec.n_clusters_ == 3
    assert not dec.collapsed_


def test_loss_is_the_divergence_from_the_target_of_all_rows() -> None:
    refinement = _refinement()
    indices = torch.tensor([5, 0, 9])
    losses = refinement.batch_losses(indices)
    q = soft_assignment(refinement.autoencoder.encode(refinement.rows), refinement.centers)
    expected = kl_divergence(target_distribution(q)[indices], q[indices])
    torch.testing.assert_close(losses["loss"], expected)
    torch.testing.assert_close(losses["clustering_loss"], expected)


def test_the_encoder_is_trained_and_the_decoder_is_not() -> None:
    X, _ = _blobs()
    dec = _dec().pretrain(X)
    before = {name: w.clone() for name, w in dec.autoencoder_.state_dict().items()}
    after = dec.refine(X).autoencoder_.state_dict()
    for name, weights in before.items():
        is_encoder = name.startswith("encoder")
        assert torch.equal(weights, after[name]) is not is_encoder, name


def test_it_goes_as_idec_does_with_hardly_any_reconstruction() -> None:
    X, _ = _blobs()
    common = {"pretrain_epochs": 5, "clustering_epochs": 1, "batch_size": 32, "random_state": 0}
    idec = IDEC(3, clustering_loss_weight=1e6, **common).fit(X)  # Adam does not see the scale
    dec = DEC(3, **common).fit(X)
    np.testing.assert_allclose(dec.cluster_centers_, idec.cluster_centers_, atol=1e-3)


def test_refinement_makes_the_clusters_surer() -> None:
    X, _ = _blobs()
    start = _dec(clustering_epochs=0).fit(X).soft_assignments_.max(axis=1).mean()
    assert _dec(tol=0.0).fit(X).soft_assignments_.max(axis=1).mean() > start


def test_refinement_ends_early_when_the_clusters_stand() -> None:
    dec = _dec(clustering_epochs=50, update_interval=2).fit(_blobs()[0])
    assert dec.n_iter_ == len(dec.history_) < 50
    assert dec.history_[-1]["label_change"] < dec.tol
    assert dec.history_[-1].keys() == {"epoch", "loss", "clustering_loss", "label_change"}


def test_same_seed_gives_the_same_bits() -> None:
    X, _ = _blobs()
    first, second = _dec().fit(X), _dec().fit(X)
    for name in ("labels_", "soft_assignments_", "cluster_centers_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.history_ == second.history_


def test_a_loaded_estimator_predicts_the_same_bits(tmp_path: Path) -> None:
    X, _ = _blobs()
    dec = _dec().fit(X)
    dec.save(tmp_path)
    loaded = DEC.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), dec.predict_proba(X))
    assert loaded.get_params() == dec.get_params()
    with pytest.raises(ValueError, match="estimator must be IDEC, got DEC"):
        IDEC.load(tmp_path)
