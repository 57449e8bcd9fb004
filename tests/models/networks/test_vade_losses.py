"""The formulas of VaDE against torch's distributions."""

import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from models.networks.vade_losses import mixture_kl, mixture_log_joint

GENERATOR = torch.Generator().manual_seed(0)
Z = torch.randn(20, 3, generator=GENERATOR, dtype=torch.float64)
LOG_VARIANCE = torch.randn(20, 3, generator=GENERATOR, dtype=torch.float64)
MEANS = torch.randn(4, 3, generator=GENERATOR, dtype=torch.float64)
VARIANCES = torch.rand(4, 3, generator=GENERATOR, dtype=torch.float64) + 0.1
LOG_WEIGHTS = torch.randn(4, generator=GENERATOR, dtype=torch.float64).log_softmax(dim=0)


def _posterior() -> Tensor:
    return mixture_log_joint(Z, LOG_WEIGHTS, MEANS, VARIANCES).softmax(dim=1)


def test_log_joint_sums_to_the_density_of_the_mixture() -> None:
    components = Independent(Normal(MEANS, VARIANCES.sqrt()), 1)
    mixture = MixtureSameFamily(Categorical(logits=LOG_WEIGHTS), components)
    log_joint = mixture_log_joint(Z, LOG_WEIGHTS, MEANS, VARIANCES)
    torch.testing.assert_close(log_joint.logsumexp(dim=1), mixture.log_prob(Z))


def test_kl_is_that_of_the_components_and_that_of_the_posterior() -> None:
    encoded = Normal(Z[:, None], (LOG_VARIANCE / 2).exp()[:, None])
    of_components = kl_divergence(encoded, Normal(MEANS, VARIANCES.sqrt())).sum(dim=2)
    posterior = _posterior()
    of_posterior = kl_divergence(Categorical(posterior), Categorical(logits=LOG_WEIGHTS))
    expected = ((posterior * of_components).sum(dim=1) + of_posterior).mean()
    found = mixture_kl((Z, LOG_VARIANCE), posterior, LOG_WEIGHTS, MEANS, VARIANCES)
    torch.testing.assert_close(found, expected)


def test_kl_is_nothing_for_one_component_that_the_encoder_meets() -> None:
    mean, variance = MEANS[:1], VARIANCES[:1]
    log_weight = torch.zeros(1, dtype=torch.float64)
    found = mixture_kl(
        (mean, variance.log()), torch.ones_like(mean[:, :1]), log_weight, mean, variance
    )
    torch.testing.assert_close(found, torch.zeros((), dtype=torch.float64))


def test_a_posterior_of_zero_gives_finite_gradients() -> None:
    far = MEANS.float().clone().requires_grad_()
    z = Z.float() + torch.tensor([1e4, 0.0, 0.0])
    mixture = (LOG_WEIGHTS.float(), far, VARIANCES.float())
    posterior = mixture_log_joint(z, *mixture).softmax(dim=1)
    assert (posterior == 0).any()
    mixture_kl((z, LOG_VARIANCE.float()), posterior, *mixture).backward()
    assert far.grad is not None
    assert far.grad.isfinite().all()
