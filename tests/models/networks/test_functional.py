"""The formulas against the same formulas written as loops."""

import math

import pytest
import torch
from torch import Tensor

from models.networks.functional import (
    kl_divergence,
    reconstruction_loss,
    soft_assignment,
    target_distribution,
)


def _points(n_samples: int = 7, n_clusters: int = 3, latent_dim: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(n_samples, latent_dim, generator=generator, dtype=torch.float64)
    return z, torch.randn(n_clusters, latent_dim, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_soft_assignment_is_equation_1(alpha: float) -> None:
    z, centers = _points()
    q = soft_assignment(z, centers, alpha)
    for i in range(len(z)):
        kernel = [
            (1 + sum((a - b) ** 2 for a, b in zip(z[i].tolist(), center, strict=True)) / alpha)
            ** (-(alpha + 1) / 2)
            for center in centers.tolist()
        ]
        expected = [value / sum(kernel) for value in kernel]
        assert q[i].tolist() == pytest.approx(expected, rel=1e-12)


def test_target_distribution_is_equation_3() -> None:
    q = soft_assignment(*_points())
    frequencies = [sum(row[j] for row in q.tolist()) for j in range(q.shape[1])]
    for row, p in zip(q.tolist(), target_distribution(q).tolist(), strict=True):
        weights = [value**2 / f for value, f in zip(row, frequencies, strict=True)]
        assert p == pytest.approx([weight / sum(weights) for weight in weights], rel=1e-12)


def test_kl_divergence_is_equation_2_as_a_mean() -> None:
    q = soft_assignment(*_points())
    p = target_distribution(q)
    expected = sum(
        a * math.log(a / b)
        for p_row, q_row in zip(p.tolist(), q.tolist(), strict=True)
        for a, b in zip(p_row, q_row, strict=True)
    ) / len(q)
    assert kl_divergence(p, q).item() == pytest.approx(expected, rel=1e-12)


def test_reconstruction_loss_is_the_mean_square_of_all_differences() -> None:
    x, x_hat = _points(4, 4, 5)
    pairs = zip(x.flatten().tolist(), x_hat.flatten().tolist(), strict=True)
    expected = sum((a - b) ** 2 for a, b in pairs) / x.nelement()
    assert reconstruction_loss(x, x_hat).item() == pytest.approx(expected, rel=1e-12)


def test_rows_of_assignments_and_target_sum_to_one() -> None:
    q = soft_assignment(*_points(50, 6, 4))
    for distribution in (q, target_distribution(q)):
        torch.testing.assert_close(distribution.sum(dim=1), torch.ones(50, dtype=torch.float64))


def test_a_sample_belongs_most_to_its_nearest_centre() -> None:
    z, centers = _points(50, 6, 4)
    nearest = torch.cdist(z, centers).argmin(dim=1)
    assert torch.equal(soft_assignment(z, centers).argmax(dim=1), nearest)


def test_target_is_sharper_than_the_assignments() -> None:
    q = torch.tensor([[0.6, 0.4], [0.4, 0.6]])
    assert target_distribution(q)[0, 0] > q[0, 0]


def test_target_of_all_rows_is_not_the_target_of_a_batch() -> None:
    q = soft_assignment(*_points(50, 6, 4))
    assert not torch.allclose(target_distribution(q)[:10], target_distribution(q[:10]), atol=1e-3)


def test_target_carries_no_gradient() -> None:
    z, centers = _points()
    q = soft_assignment(z.requires_grad_(), centers)
    assert q.requires_grad
    assert not target_distribution(q).requires_grad


def test_gradient_of_a_sample_on_its_centre_is_finite() -> None:
    z = torch.zeros(1, 2, requires_grad=True)
    centers = torch.tensor([[0.0, 0.0], [1.0, 0.0]], requires_grad=True)
    q = soft_assignment(z, centers)
    kl_divergence(torch.tensor([[0.5, 0.5]]), q).backward()
    for tensor in (z, centers):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()


def test_divergence_from_itself_is_zero_also_with_empty_clusters() -> None:
    p = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    assert kl_divergence(p, p).item() == pytest.approx(0.0, abs=1e-7)


def test_target_of_a_cluster_without_weight_is_zero() -> None:
    q = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert torch.equal(target_distribution(q), q)


def test_points_far_from_the_origin_keep_their_digits() -> None:
    z, centers = (tensor.float() for tensor in _points(50, 6, 4))
    moved = soft_assignment(z + 1000.0, centers + 1000.0)
    torch.testing.assert_close(moved, soft_assignment(z, centers), atol=1e-3, rtol=0.0)
