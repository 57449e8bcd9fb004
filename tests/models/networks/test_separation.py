"""The separation regulariser: its value, its gradient, the network it is made for."""

from itertools import combinations

import pytest
import torch
from torch import Tensor

from models.networks.functional import reconstruction_loss
from models.networks.separation import (
    SeparationTraining,
    SigmoidAutoencoder,
    means_of,
    projected_distance,
    separation,
)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _network() -> SigmoidAutoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SigmoidAutoencoder(6, (5,), 3)


def _training(weight: float) -> SeparationTraining:
    rows = torch.cat([0.1 * _random(20, 6) - 1, 0.1 * _random(20, 6, seed=1) + 1])
    return SeparationTraining(_network(), rows, 2, weight, seed=0)


def test_of_two_clusters_it_is_the_formula_as_written() -> None:
    w1, w2, mu, mu2 = _random(5, 6), _random(3, 5), _random(2, 6), _random(2, 5)
    first = sum(abs(float(w1[i] @ (mu[0] - mu[1]))) for i in range(5)) / 2
    second = sum(abs(float(w2[i] @ (mu2[0] - mu2[1]))) for i in range(3)) / 2
    assert separation([w1, w2], [mu, mu2]).item() == pytest.approx(first + second, rel=1e-5)


def test_of_many_clusters_it_is_the_mean_over_pairs() -> None:
    w, mu = _random(5, 6), _random(4, 6)
    pairs = [projected_distance(w, mu[[a, b]]).item() for a, b in combinations(range(4), 2)]
    assert projected_distance(w, mu).item() == pytest.approx(sum(pairs) / 6, rel=1e-5)


def test_the_order_and_the_place_of_the_clusters_do_not_matter() -> None:
    w, mu = _random(5, 6), _random(4, 6)
    r = projected_distance(w, mu)
    torch.testing.assert_close(projected_distance(w, mu[[2, 0, 3, 1]]), r)
    torch.testing.assert_close(projected_distance(w, mu + _random(6, seed=2)), r)


def test_it_grows_with_the_weights_and_is_never_negative() -> None:
    w, mu = _random(5, 6), _random(4, 6)
    r = projected_distance(w, mu)
    assert r > 0
    torch.testing.assert_close(projected_distance(-3 * w, mu), 3 * r)


def test_a_single_cluster_has_no_separation_and_a_gradient_of_zero() -> None:
    w = _random(5, 6).requires_grad_()
    r = projected_distance(w, _random(1, 6))
    r.backward()
    assert r.item() == 0.0
    assert w.grad is not None
    assert not w.grad.any()


def test_as_written_a_step_shrinks_the_weights_along_the_direction_between_centroids() -> None:
    w, mu = _random(5, 6).requires_grad_(), _random(2, 6)
    projected_distance(w, mu).backward()
    assert w.grad is not None
    direction = mu[0] - mu[1]
    after = w.detach() - 1e-3 * w.grad
    assert ((after @ direction).abs() < (w.detach() @ direction).abs()).all()
    across = (
        direction.roll(1) - direction * (direction.roll(1) @ direction) / direction.square().sum()
    )
    torch.testing.assert_close(after @ across, w.detach() @ across)


def test_the_encoder_is_the_one_of_the_formula() -> None:
    network, x = _network(), _random(4, 6)
    w1, w2 = network.weights
    b1, b2 = network.encoder.get_parameter("0.bias"), network.encoder.get_parameter("2.bias")
    hidden = torch.tanh(x @ w1.T + b1)
    torch.testing.assert_close(network.hidden(x), hidden)
    torch.testing.assert_close(network.encode(x), torch.sigmoid(hidden @ w2.T + b2))
    assert network.decode(network.encode(x)).shape == x.shape


def test_means_are_those_of_the_clusters_that_have_rows() -> None:
    values, labels = _random(6, 3), torch.tensor([0, 2, 0, 2, 2, 5])
    expected = torch.stack([values[labels == label].mean(dim=0) for label in (0, 2, 5)])
    torch.testing.assert_close(means_of(values, labels), expected)


def test_centroids_lie_in_the_input_space_of_their_layer() -> None:
    training = _training(0.1)
    halves = training.rows[:20], training.rows[20:]
    order = [0, 1] if torch.allclose(training.centers[0][0], halves[0].mean(dim=0)) else [1, 0]
    for index, half in zip(order, halves, strict=True):
        torch.testing.assert_close(training.centers[0][index], half.mean(dim=0))
        hidden = training.network.hidden(half).mean(dim=0)
        torch.testing.assert_close(training.centers[1][index], hidden)
    assert not training.centers[1].requires_grad


@pytest.mark.parametrize("weight", [0.1, -0.1])
def test_the_loss_is_reconstruction_and_the_weighted_regulariser(weight: float) -> None:
    training = _training(weight)
    losses = training.batch_losses(torch.arange(10))
    x = training.rows[:10]
    reconstruction = reconstruction_loss(x, training.network(x)[1])
    torch.testing.assert_close(losses["reconstruction_loss"], reconstruction)
    torch.testing.assert_close(losses["loss"], reconstruction + weight * losses["separation"])
