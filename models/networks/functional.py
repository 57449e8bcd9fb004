"""The formulas of deep clustering: pure functions of tensors, without any state."""

import torch
from torch import Tensor
from torch.nn.functional import kl_div, mse_loss


def soft_assignment(z: Tensor, centers: Tensor, alpha: float = 1.0) -> Tensor:
    r"""Measure how much each sample belongs to each cluster, with a Student t kernel.

    .. math::
        q_{ij} = \frac{(1 + \|z_i - \mu_j\|^2 / \alpha)^{-(\alpha + 1) / 2}}
                      {\sum_{j'} (1 + \|z_i - \mu_{j'}\|^2 / \alpha)^{-(\alpha + 1) / 2}}

    Parameters
    ----------
    z
        Latent vectors, shape (n_samples, latent_dim).
    centers
        Cluster centres, shape (n_clusters, latent_dim).
    alpha
        Degrees of freedom of the t distribution.

    Returns
    -------
    Soft assignments q, shape (n_samples, n_clusters), in the type of ``centers``; rows sum to 1.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 1.
    """
    # The direct form: |a|^2 + |b|^2 - 2ab loses the digits of points that are far from the origin.
    distances = torch.cdist(
        z.to(centers.dtype), centers, compute_mode="donot_use_mm_for_euclid_dist"
    )  # (n_samples, n_clusters)
    log_kernel = -(alpha + 1) / 2 * torch.log1p(distances.square() / alpha)
    return torch.softmax(log_kernel, dim=1)


def target_distribution(q: Tensor) -> Tensor:
    r"""Sharpen soft assignments into the DEC target; clusters of many samples weigh no more.

    .. math::
        p_{ij} = \frac{q_{ij}^2 / f_j}{\sum_{j'} q_{ij'}^2 / f_{j'}}, \quad f_j = \sum_i q_{ij}

    The frequencies f are those of the rows given: give all of them. A target made of one batch is
    a different and noisier one.

    Parameters
    ----------
    q
        Soft assignments of the whole data set, shape (n_samples, n_clusters); rows sum to 1.

    Returns
    -------
    Target p, same shape; rows sum to 1. Carries no gradient.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 3.
    """
    q = q.detach()
    tiny = torch.finfo(q.dtype).tiny
    weight = q.square() / q.sum(dim=0).clamp_min(tiny)  # (n_samples, n_clusters)
    return weight / weight.sum(dim=1, keepdim=True).clamp_min(tiny)


def sharpened(q: Tensor) -> Tensor:
    r"""Sharpen soft assignments row by row, so that large clusters stay large.

    .. math::
        p_{ij} = \frac{q_{ij}^2}{\sum_{j'} q_{ij'}^2}

    Parameters
    ----------
    q
        Soft assignments, shape (n_samples, n_clusters); rows sum to 1.

    Returns
    -------
    Target p, same shape; rows sum to 1. Carries no gradient.
    """
    squares = q.detach().square()
    return squares / squares.sum(dim=1, keepdim=True).clamp_min(torch.finfo(q.dtype).tiny)


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    r"""Measure how far q is from the target p, as a mean over the samples.

    .. math::
        KL(P \| Q) = \frac{1}{n} \sum_i \sum_j p_{ij} \log \frac{p_{ij}}{q_{ij}}

    Parameters
    ----------
    p
        Target distribution, shape (n_samples, n_clusters).
    q
        Soft assignments, same shape.

    Returns
    -------
    A scalar, not negative.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 2; the
    mean in place of the sum, as in the authors' code, keeps it independent of the batch size.
    """
    log_q = q.clamp_min(torch.finfo(q.dtype).tiny).log()
    return kl_div(log_q, p, reduction="batchmean")


def reconstruction_loss(x: Tensor, x_hat: Tensor) -> Tensor:
    r"""Measure how far an autoencoder's output is from its input.

    .. math::
        L_r = \frac{1}{n d} \sum_i \|x_i - \hat{x}_i\|^2

    Parameters
    ----------
    x
        Inputs, shape (n_samples, n_features). Where their mean square is 1 (see
        `models.networks.autoencoder.Autoencoder.standardize`), so is the loss of a constant output,
        and the published weight of a clustering loss beside it means what it meant there.
    x_hat
        Reconstructions, same shape.

    Returns
    -------
    A scalar, not negative.

    References
    ----------
    Guo, Gao, Liu, Yin (2017), Improved Deep Embedded Clustering with Local Structure
    Preservation, eq. 7; divided by n and d as in the authors' code.
    """
    return mse_loss(x_hat.to(x.dtype), x)
