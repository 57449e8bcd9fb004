"""The formulas of VaDE: pure functions of tensors, without any state."""

import math

import torch
from torch import Tensor


def mixture_log_joint(z: Tensor, log_weights: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    r"""Compute the log joint density of latent vectors and components of a diagonal mixture.

    .. math::
        \log p(z, c) = \log \pi_c + \sum_j \log \mathcal{N}(z_j; \mu_{cj}, \sigma_{cj}^2)

    Parameters
    ----------
    z
        Latent vectors, shape (n_samples, latent_dim).
    log_weights
        Log of the weights π, shape (n_components,).
    means
        Shape (n_components, latent_dim).
    variances
        Same shape, positive.

    Returns
    -------
    Shape (n_samples, n_components); its softmax is the posterior p(c | z) of the components.

    References
    ----------
    Jiang, Zheng, Tan, Tang, Zhou (2017), Variational Deep Embedding, eq. 1-2 and 16.
    """
    # (n_samples, n_components, latent_dim): the expanded square would lose the digits.
    squares = (z.to(means.dtype)[:, None] - means).square() / variances
    log_density = -(squares + variances.log() + math.log(2 * math.pi)).sum(dim=2) / 2
    return log_weights + log_density


def mixture_kl(
    latent: tuple[Tensor, Tensor],
    posterior: Tensor,
    log_weights: Tensor,
    means: Tensor,
    variances: Tensor,
) -> Tensor:
    r"""Measure how far the encoder's Gaussian and a posterior are from the mixture.

    .. math::
        KL(q(z, c | x) \| p(z, c)) = \frac{1}{n} \sum_i \Big[
        \frac{1}{2} \sum_c \gamma_c \sum_j \big( \log \sigma_{cj}^2
        + \frac{\tilde\sigma_j^2}{\sigma_{cj}^2}
        + \frac{(\tilde\mu_j - \mu_{cj})^2}{\sigma_{cj}^2} \big)
        - \sum_c \gamma_c \log \frac{\pi_c}{\gamma_c}
        - \frac{1}{2} \sum_j (1 + \log \tilde\sigma_j^2) \Big]

    Parameters
    ----------
    latent
        Means and log-variances of the encoder, each of shape (n_samples, latent_dim).
    posterior
        The γ, shape (n_samples, n_components); rows sum to 1.
    log_weights
        Log of the weights π, shape (n_components,).
    means
        Shape (n_components, latent_dim).
    variances
        Same shape, positive.

    Returns
    -------
    A scalar, not negative.

    References
    ----------
    Jiang, Zheng, Tan, Tang, Zhou (2017), Variational Deep Embedding, eq. 12: all of the negative
    ELBO but the reconstruction.
    """
    mean, log_variance = (part.to(means.dtype) for part in latent)
    distances = (mean[:, None] - means).square() + log_variance.exp()[:, None]
    to_component = (distances / variances + variances.log()).sum(dim=2)  # (n, n_components)
    entropy = (1 + log_variance).sum(dim=1) / 2
    log_posterior = posterior.clamp_min(torch.finfo(posterior.dtype).tiny).log()
    per_component = to_component / 2 - log_weights + log_posterior
    return ((posterior * per_component).sum(dim=1) - entropy).mean()
