"""The losses of mutual information: against naive loops, with known answers, at their bounds."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from models.networks.mutual_information_losses import (
    adversarial_rows,
    conditional_entropy,
    consistency,
    marginal_entropy,
    pair_loss,
    pair_weights,
)


def _log_probabilities(seed: int, n_heads: int = 2, n_samples: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n_heads, n_samples, 3, generator=generator, dtype=torch.float64)
    return logits.log_softmax(dim=-1)


@pytest.mark.parametrize("beta", [0.3, 0.6, 1.0])
def test_pair_loss_is_that_of_a_loop(beta: float) -> None:
    student, teacher = _log_probabilities(0), _log_probabilities(1)
    marginal = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]], dtype=torch.float64)
    expected = np.zeros((2, 7))
    for head in range(2):
        for i in range(7):
            total = 0.0
            for c in range(3):
                both = math.exp(student[head, i, c]) * math.exp(teacher[head, i, c])
                total += both**beta / float(marginal[head, c])
            expected[head, i] = -math.log(total)
    found = pair_loss(student, teacher, marginal, beta)
    np.testing.assert_allclose(found.numpy(), expected)


def test_a_sure_pair_in_one_of_k_even_clusters_tells_log_k() -> None:
    sure = torch.tensor([[1.0, 1e-30, 1e-30]]).log()
    found = pair_loss(sure, sure, torch.full((3,), 1 / 3), beta=1.0)
    assert found.item() == pytest.approx(-math.log(3))


def test_an_empty_cluster_leaves_the_pair_loss_finite() -> None:
    found = pair_loss(
        _log_probabilities(0), _log_probabilities(1), torch.tensor([0.5, 0.5, 0.0]).double(), 0.6
    )
    assert found.isfinite().all()


def test_pairs_are_weighed_by_the_teachers_agreement() -> None:
    one, two = torch.eye(2)[[0, 0]], torch.eye(2)[[0, 1]]
    heads = torch.stack([one, one]).log(), torch.stack([two, one]).log()
    np.testing.assert_allclose(pair_weights(*heads), [1.0, 0.5])


def test_entropies_are_those_of_a_loop() -> None:
    log_p = _log_probabilities(0)
    p = log_p.exp().numpy()
    mean = p.mean(axis=1)
    np.testing.assert_allclose(marginal_entropy(log_p), -(mean * np.log(mean)).sum(axis=1))
    rows = [[-sum(q * math.log(q) for q in row) for row in head] for head in p]
    np.testing.assert_allclose(conditional_entropy(log_p), np.mean(rows, axis=1))
    assert (marginal_entropy(log_p) > conditional_entropy(log_p)).all()  # their difference is I


def test_consistency_is_the_mean_divergence_and_gives_its_target_no_gradient() -> None:
    target = _log_probabilities(0).requires_grad_()
    log_q = _log_probabilities(1).requires_grad_()
    found = consistency(target, log_q)
    t, q = (part.detach().exp().numpy() for part in (target, log_q))
    np.testing.assert_allclose(found.detach(), (t * np.log(t / q)).sum(axis=2).mean(axis=1))
    assert consistency(target, target.detach()).abs().max() < 1e-12
    found.sum().backward()
    assert target.grad is None
    assert log_q.grad is not None


def test_adversarial_rows_lie_on_the_radius_where_the_clusters_change() -> None:
    def one_boundary(x: Tensor) -> Tensor:  # only the first feature decides
        return torch.stack([x[:, 0], -x[:, 0]], dim=1).log_softmax(dim=1)[None]

    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    radius = torch.linspace(0.5, 1.0, 20)[:, None]
    moved = adversarial_rows(one_boundary, x, radius)
    np.testing.assert_allclose((moved - x).norm(dim=1), radius[:, 0], rtol=1e-4)
    np.testing.assert_allclose((moved - x)[:, 0].abs(), radius[:, 0], rtol=1e-4)
    assert not moved.requires_grad
