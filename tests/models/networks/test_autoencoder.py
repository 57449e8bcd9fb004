"""The network: its shape, its standardization, its seed."""

import numpy as np
import pytest
import torch
from torch import nn

from models.networks.autoencoder import (
    Autoencoder,
    build_autoencoder,
    default_hidden_dims,
    default_latent_dim,
)


def _widths(network: nn.Module) -> list[tuple[int, int]]:
    linears = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    return [(linear.in_features, linear.out_features) for linear in linears]


def test_decoder_mirrors_encoder() -> None:
    autoencoder = Autoencoder(20, (16, 8), 3)
    assert _widths(autoencoder.encoder) == [(20, 16), (16, 8), (8, 3)]
    assert _widths(autoencoder.decoder) == [(3, 8), (8, 16), (16, 20)]


def test_code_and_output_are_linear() -> None:
    autoencoder = Autoencoder(20, (16, 8), 3)
    for network in (autoencoder.encoder, autoencoder.decoder):
        assert isinstance(list(network.children())[-1], nn.Linear)


@pytest.mark.parametrize(
    ("n_features", "hidden_dims", "latent_dim"),
    [(1, (4,), 1), (3, (12,), 3), (64, (256,), 10), (384, (256,), 10)],
)
def test_default_sizes_follow_the_stated_rule(
    n_features: int, hidden_dims: tuple[int, ...], latent_dim: int
) -> None:
    assert default_hidden_dims(n_features) == hidden_dims
    assert default_latent_dim(n_features) == latent_dim
    autoencoder = build_autoencoder(n_features, None, None, seed=0)
    assert autoencoder.hidden_dims == hidden_dims
    assert autoencoder.latent_dim == latent_dim


@pytest.mark.parametrize("n_samples", [1, 2, 3])
@pytest.mark.parametrize("n_features", [1, 5])
def test_a_few_rows_go_through(n_samples: int, n_features: int) -> None:
    autoencoder = build_autoencoder(n_features, (16,), 2, seed=0)
    x = torch.randn(n_samples, n_features)
    autoencoder.fit_standardization(x)
    z, x_hat = autoencoder(autoencoder.standardize(x))
    assert z.shape == (n_samples, 2)
    assert x_hat.shape == x.shape
    assert x_hat.isfinite().all()


def test_a_row_does_not_depend_on_its_batch() -> None:
    autoencoder = build_autoencoder(5, None, None, seed=0)
    x = torch.randn(8, 5)
    torch.testing.assert_close(autoencoder.encode(x)[2:3], autoencoder.encode(x[2:3]))


def test_standardized_rows_have_mean_zero_and_mean_square_one() -> None:
    autoencoder = build_autoencoder(4, None, None, seed=0)
    x = torch.from_numpy(np.random.default_rng(0).normal(7.0, [1, 2, 3, 4], (500, 4))).float()
    autoencoder.fit_standardization(x)
    rows = autoencoder.standardize(x)
    torch.testing.assert_close(rows.mean(dim=0), torch.zeros(4), atol=1e-5, rtol=0.0)
    assert rows.square().mean().item() == pytest.approx(1.0, abs=1e-5)


def test_standardization_keeps_the_proportions_of_distances() -> None:
    autoencoder = build_autoencoder(4, None, None, seed=0)
    x = torch.randn(30, 4) * torch.tensor([1.0, 2.0, 3.0, 4.0])
    autoencoder.fit_standardization(x)
    ratio = torch.pdist(autoencoder.standardize(x)) / torch.pdist(x)
    torch.testing.assert_close(ratio, ratio[:1].expand(len(ratio)))


def test_standardization_of_equal_rows_gives_zeros() -> None:
    autoencoder = build_autoencoder(3, None, None, seed=0)
    x = torch.full((4, 3), 7.0)
    autoencoder.fit_standardization(x)
    assert torch.equal(autoencoder.standardize(x), torch.zeros(4, 3))


def test_standardization_sees_rows_beyond_the_first_part(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.arange(20.0).reshape(10, 2)
    whole, parts = Autoencoder(2, (4,), 1), Autoencoder(2, (4,), 1)
    whole.fit_standardization(x)
    monkeypatch.setattr("models.networks.autoencoder._ROWS_AT_ONCE", 3)
    parts.fit_standardization(x)
    torch.testing.assert_close(parts.feature_mean, whole.feature_mean)
    torch.testing.assert_close(parts.feature_scale, whole.feature_scale)


def test_standardization_travels_with_the_weights() -> None:
    autoencoder = build_autoencoder(3, None, None, seed=0)
    autoencoder.fit_standardization(torch.randn(10, 3))
    other = build_autoencoder(3, None, None, seed=1)
    other.load_state_dict(autoencoder.state_dict())
    assert torch.equal(other.feature_mean, autoencoder.feature_mean)
    assert torch.equal(other.feature_scale, autoencoder.feature_scale)


def test_weights_depend_on_the_seed_alone() -> None:
    first, second, other = (build_autoencoder(5, None, None, seed) for seed in (0, 0, 1))
    torch.manual_seed(7)
    third = build_autoencoder(5, None, None, 0)
    for name, weights in first.state_dict().items():
        assert torch.equal(weights, second.state_dict()[name])
        assert torch.equal(weights, third.state_dict()[name])
    assert not torch.equal(first.state_dict()["encoder.0.weight"], other.encoder[0].weight)


def test_building_leaves_the_global_random_numbers_alone() -> None:
    before = torch.get_rng_state()
    build_autoencoder(5, None, None, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
