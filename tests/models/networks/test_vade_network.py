"""What VaDE trains: the first mixture, the bound and its warm-up, the floor."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from models.networks.autoencoder import build_autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule
from models.networks.vade_losses import mixture_kl, mixture_log_joint
from models.networks.vade_network import Mixture, MixtureVAE, fit_mixture, variance_floor


def _latent() -> tuple[NDArray[np.float32], NDArray[Any]]:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], (60, 30, 10))
    spread = np.array([[1.0, 0.2], [0.3, 0.3], [0.1, 1.0]])[y]
    z = np.array([[-9.0, 0.0], [0.0, 9.0], [9.0, 0.0]])[y] + spread * rng.normal(size=(100, 2))
    return z.astype(np.float32), y


def _network() -> MixtureVAE:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(60, 6, generator=generator)
    rng = np.random.default_rng(0)
    variances = rng.uniform(0.1, 1.0, size=(4, 2)).astype(np.float32)
    weights = np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32)
    mixture = Mixture(weights, rng.normal(size=(4, 2)).astype(np.float32), variances)
    return MixtureVAE(build_autoencoder(6, (8,), 2, seed=0), mixture, 0.01, rows)


def test_first_mixture_is_the_planted_one() -> None:
    z, y = _latent()
    labels, mixture = fit_mixture(z, 3, 1e-6, seed=0)
    order = [labels[y == label][0] for label in range(3)]
    np.testing.assert_array_equal(labels, np.array(order)[y])
    np.testing.assert_allclose(mixture.weights[order], [0.6, 0.3, 0.1], atol=1e-4)
    for label, component in enumerate(order):
        np.testing.assert_allclose(mixture.means[component], z[y == label].mean(axis=0), atol=1e-3)
        np.testing.assert_allclose(
            mixture.variances[component], z[y == label].var(axis=0), rtol=1e-2
        )


def test_first_mixture_is_as_likely_as_scikit_learns() -> None:
    z = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    _, mixture = fit_mixture(z, 4, 1e-6, seed=0)
    tensors = [torch.from_numpy(part) for part in mixture]
    log_joint = mixture_log_joint(torch.from_numpy(z), tensors[0].log(), tensors[1], tensors[2])
    theirs = GaussianMixture(4, covariance_type="diag", random_state=0).fit(z).score(z)
    assert log_joint.logsumexp(dim=1).mean().item() > theirs - 0.1


def test_no_variance_is_below_the_floor() -> None:
    z = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    floor = variance_floor(z)
    assert floor == pytest.approx(1e-3 * 0.25)
    _, mixture = fit_mixture(z, 2, floor, seed=0)
    assert (mixture.variances >= np.float32(floor)).all()
    network = MixtureVAE(build_autoencoder(6, (8,), 2, seed=0), mixture, floor, torch.zeros(2, 6))
    with torch.no_grad():
        network.log_above_floor -= 100.0
    assert (network.mixture().variances >= np.float32(floor)).all()
    assert variance_floor(np.ones((3, 2), dtype=np.float32)) > 0


def test_the_network_starts_with_the_first_mixture_and_the_pretrained_code() -> None:
    network = _network()
    weights, _, variances = network.mixture()
    np.testing.assert_allclose(weights, [0.1, 0.2, 0.3, 0.4], rtol=1e-5)
    mean, log_variance = network.encode(network.rows)
    torch.testing.assert_close(mean, network.autoencoder.encode(network.rows))
    expected = torch.full_like(mean, float(np.log(0.1 * variances.mean())))
    torch.testing.assert_close(log_variance, expected, rtol=1e-5, atol=1e-5)


def test_loss_is_reconstruction_plus_weighted_divergence_per_feature() -> None:
    network = _network()
    network.kl_weight = 0.5
    indices = torch.tensor([5, 0, 9])
    torch.manual_seed(3)
    losses = network.batch_losses(indices)
    torch.manual_seed(3)
    x = network.rows[indices]
    mean, log_variance = network.encode(x)
    z = mean + (log_variance / 2).exp() * torch.randn(3, 2)
    mixture = network.mixture_tensors()
    posterior = mixture_log_joint(z, *mixture).softmax(dim=1)
    kl = mixture_kl((mean, log_variance), posterior, *mixture)
    reconstruction = reconstruction_loss(x, network.autoencoder.decode(z))
    torch.testing.assert_close(losses["reconstruction_loss"], reconstruction)
    torch.testing.assert_close(losses["clustering_loss"], kl)
    torch.testing.assert_close(losses["loss"], reconstruction + 0.5 / 6 * kl)


def test_weight_of_the_divergence_rises_from_nothing_and_stays_at_one() -> None:
    history = _network().fit(Schedule("refine", 4, 30, seed=0), 2, 1e-3)
    per_feature = [6 * record["clustering_loss_weight"] for record in history]
    np.testing.assert_allclose(per_feature, [0.125, 0.625, 1.0, 1.0])  # 0, 1/4 | 2/4, 3/4 | 1 …


def test_without_warm_up_the_weight_is_one_at_once() -> None:
    history = _network().fit(Schedule("refine", 1, 30, seed=0), 0, 1e-3)
    assert history[0]["clustering_loss_weight"] == pytest.approx(1 / 6)


def test_training_lowers_the_bound_and_moves_network_and_mixture() -> None:
    network = _network()
    before = {name: w.clone() for name, w in network.named_parameters()}
    history = network.fit(Schedule("refine", 20, 20, seed=0), 0, 0.01)
    assert history[-1]["loss"] < history[0]["loss"]
    for name, weights in network.named_parameters():
        assert not torch.equal(weights, before[name]), name
