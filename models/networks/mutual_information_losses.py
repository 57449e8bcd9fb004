"""The formulas of clustering by mutual information: pure functions of tensors."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

_TRIAL: Final = 0.1
"""Length of the trial step of `adversarial_rows`, as a share of the radius."""


def pair_loss(student: Tensor, teacher: Tensor, marginal: Tensor, beta: float) -> Tensor:
    r"""Measure how little two rows of a pair tell about each other, by their clusters.

    .. math::
        \ell_i = -\log \sum_c \frac{\big(q_s(c | x_i) \, q_t(c | x'_i)\big)^\beta}{q_t(c)}

    With β = 1 this is minus the pointwise mutual information of the pair. A β below 1 takes away
    the gain from very sure assignments, and with it the pull towards a few large clusters.

    Parameters
    ----------
    student
        Log-probabilities of the rows, shape (..., n_samples, n_clusters).
    teacher
        Log-probabilities of their partners, same shape.
    marginal
        Share of all rows in each cluster by the teacher, shape (..., n_clusters).
    beta
        The β, from 0 to 1.

    Returns
    -------
    One number for each pair, shape (..., n_samples).

    References
    ----------
    Adaloglou, Michels, Kalisch, Kollmann (2023), Exploring the Limits of Deep Image Clustering
    using Pretrained Models (TEMI), eq. 6-8.
    """
    smallest = torch.finfo(marginal.dtype).tiny
    log_marginal = marginal.clamp_min(smallest).log()[..., None, :]
    return -torch.logsumexp(beta * (student + teacher) - log_marginal, dim=-1)


def pair_weights(teacher: Tensor, other: Tensor) -> Tensor:
    r"""Trust a pair as far as the teacher puts both of its rows in one cluster.

    .. math::
        w_i = \frac{1}{H} \sum_h \sum_c q_t^h(c | x_i) \, q_t^h(c | x'_i)

    Parameters
    ----------
    teacher, other
        Log-probabilities of the rows and of their partners, (n_heads, n_samples, n_clusters).

    Returns
    -------
    From 0 to 1, shape (n_samples,).

    References
    ----------
    Adaloglou, Michels, Kalisch, Kollmann (2023), eq. 9-10.
    """
    return (teacher + other).exp().sum(dim=-1).mean(dim=0)


def marginal_entropy(log_probabilities: Tensor) -> Tensor:
    r"""Compute :math:`H(Y)`, the entropy of the mean assignment: high where clusters are even.

    Parameters
    ----------
    log_probabilities
        Shape (..., n_samples, n_clusters).

    Returns
    -------
    In nats, shape (...).
    """
    mean = log_probabilities.exp().mean(dim=-2)
    entropy: Tensor = torch.special.entr(mean).sum(dim=-1)
    return entropy


def conditional_entropy(log_probabilities: Tensor) -> Tensor:
    r"""Compute :math:`H(Y | X)`, the mean entropy of the assignments: low where they are sure.

    Parameters and result are as in `marginal_entropy`; the difference of the two is the mutual
    information of rows and clusters.
    """
    entropies = -(log_probabilities.exp() * log_probabilities).sum(dim=-1)
    return entropies.mean(dim=-1)


def consistency(target: Tensor, log_probabilities: Tensor) -> Tensor:
    r"""Compute the mean divergence :math:`KL(t \| q)` of assignments from their targets.

    Parameters
    ----------
    target, log_probabilities
        Logarithms of t, which carries no gradient, and of q: (..., n_samples, n_clusters).

    Returns
    -------
    Not negative, shape (...).
    """
    fixed = target.detach()
    return (fixed.exp() * (fixed - log_probabilities)).sum(dim=-1).mean(dim=-1)


def adversarial_rows(
    log_probabilities: Callable[[Tensor], Tensor], x: Tensor, radius: Tensor
) -> Tensor:
    """Move rows to where their assignments change most, near them.

    One step of the power iteration: from a random direction to the gradient of the divergence.

    Parameters
    ----------
    log_probabilities
        From rows to log-probabilities of any heads, (..., n_samples, n_clusters).
    x
        Rows, shape (n_samples, n_features).
    radius
        How far each is moved, shape (n_samples, 1).

    Returns
    -------
    The moved rows, same shape; they carry no gradient.

    References
    ----------
    Miyato, Maeda, Koyama, Ishii (2018), Virtual Adversarial Training, algorithm 1; the self-
    augmentation of Hu et al. (2017), see `models.estimators.mutual_information`.
    """
    trial = _TRIAL * radius * torch.nn.functional.normalize(torch.randn_like(x), dim=1)
    trial.requires_grad_()
    with torch.enable_grad():
        divergence = consistency(log_probabilities(x), log_probabilities(x + trial)).sum()
        (gradient,) = torch.autograd.grad(divergence, trial)
    return x + radius * torch.nn.functional.normalize(gradient, dim=1)
