"""From soft assignments to labels: by maximum likelihood, or by optimal transport."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

Floats = NDArray[np.floating[Any]]

VARIANCE_FLOOR: Final = 1e-3
"""Added to every variance, as a share of the mean variance of the data."""

EPSILON: Final = 0.1
"""Entropy weight of the optimal transport: that of RSTC."""

_TINY: Final = float(np.finfo(np.float64).tiny)
_MAX_SWEEPS: Final = 1000
_MARGINAL_ERROR: Final = 1e-6


@dataclass(frozen=True)
class Mixture:
    """A mixture of Gaussians with diagonal covariances.

    Attributes
    ----------
    weights
        Shape (n_clusters,); they sum to 1.
    means, variances
        Shape (n_clusters, n_features).
    """

    weights: Floats
    means: Floats
    variances: Floats

    def posterior(self, X: Floats) -> Floats:
        r"""Compute :math:`p(j \mid x_i)`, shape (n_samples, n_clusters); rows sum to 1."""
        columns = [
            np.log(weight) - 0.5 * (np.square(X - mean) / variance + np.log(variance)).sum(axis=1)
            for weight, mean, variance in zip(self.weights, self.means, self.variances, strict=True)
        ]
        return np.asarray(softmax(np.stack(columns, axis=1), axis=1))


def fit_mixture(X: Floats, q: Floats, n_iter: int = 100) -> Mixture:
    """Fit a Gaussian mixture by EM, from the clusters of given soft assignments.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    q
        Soft assignments to start from, shape (n_samples, n_clusters); rows sum to 1.
    n_iter
        Steps of EM, at most.

    Returns
    -------
    The mixture, its components in the order of the columns of ``q``.
    """
    X = np.asarray(X, dtype=np.float64)
    center = X.mean(axis=0)
    scale = float(np.sqrt(np.square(X - center).mean())) or 1.0
    rows = (X - center) / scale
    start = _maximisation(rows, q)
    if len(rows) == 1:  # the library asks for two rows
        return Mixture(start.weights, X.repeat(q.shape[1], axis=0), start.variances * scale**2)
    gaussians = GaussianMixture(
        q.shape[1],
        covariance_type="diag",
        reg_covar=VARIANCE_FLOOR,
        max_iter=n_iter,
        init_params="random_from_data",  # not used, as all three starts are given, and cheap
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=1.0 / start.variances,
        random_state=0,
    )
    with warnings.catch_warnings():
        # A mixture that still moves after so many steps is as good a one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        gaussians.fit(rows)
    variances = gaussians.covariances_ * scale**2
    return Mixture(gaussians.weights_, gaussians.means_ * scale + center, variances)


def likelihood_assignments(latent: Floats, q: Floats) -> Floats:
    r"""Assign by maximum likelihood, under a Gaussian mixture fitted in the latent space.

    .. math::
        p_{ij} \propto \pi_j \, N(z_i; \mu_j, \mathrm{diag}(\sigma_j^2))

    Parameters
    ----------
    latent
        Latent vectors, shape (n_samples, latent_dim).
    q
        Soft assignments that EM starts from, shape (n_samples, n_clusters).

    Returns
    -------
    Posterior, shape (n_samples, n_clusters); rows sum to 1.
    """
    return fit_mixture(latent, q).posterior(latent)


def transport_assignments(
    q: Floats, marginal: Floats | None = None, epsilon: float = EPSILON
) -> Floats:
    r"""Assign by optimal transport over the whole set, with entropy, by Sinkhorn's iteration.

    .. math::
        \min_T \sum_{ij} T_{ij} (-\log q_{ij}) + \epsilon \sum_{ij} T_{ij} (\log T_{ij} - 1)
        \quad \text{with} \quad \sum_j T_{ij} = 1, \; \frac{1}{n} \sum_i T_{ij} = b_j

    Parameters
    ----------
    q
        Soft assignments, shape (n_samples, n_clusters); rows sum to 1.
    marginal
        The b: share of the rows that each cluster gets, shape (n_clusters,), positive, sums to 1.
        None: equal shares.
    epsilon
        Positive; the smaller, the harder.

    Returns
    -------
    The T, shape (n_samples, n_clusters); rows sum to 1, column means are ``marginal``.

    Raises
    ------
    ValueError
        If ``marginal`` or ``epsilon`` cannot be used.

    References
    ----------
    Cuturi (2013), Sinkhorn Distances; Zheng et al. (2023), Robust Representation Learning with
    Reliable Pseudo-labels Generation via Self-Adaptive Optimal Transport for Short Text Clustering.
    """
    n_clusters = q.shape[1]
    b = np.full(n_clusters, 1.0 / n_clusters) if marginal is None else np.asarray(marginal)
    if not (b.shape == (n_clusters,) and (b > 0).all() and np.isclose(b.sum(), 1.0)):
        raise ValueError(f"marginal must be {n_clusters} positive shares of sum 1, got {marginal}")
    if not epsilon > 0:
        raise ValueError(f"epsilon must be positive, got {epsilon}")
    scores = np.log(np.maximum(q, _TINY, dtype=np.float64)) / epsilon
    target = np.log(b) + np.log(len(q))
    potentials = np.zeros(n_clusters)
    for _ in range(_MAX_SWEEPS):  # in logarithms: at a small epsilon the plan itself underflows
        plan = softmax(scores + potentials, axis=1)
        if np.abs(plan.mean(axis=0) - b).max() < _MARGINAL_ERROR:
            break
        rows = logsumexp(scores + potentials, axis=1, keepdims=True)
        potentials = target - logsumexp(scores - rows, axis=0)
    return np.asarray(plan)


def update_marginal(marginal: Floats, q: Floats, momentum: float = 0.9) -> Floats:
    r"""Move the shares of the clusters towards those that the soft assignments give them.

    .. math::
        b \leftarrow m \, b + (1 - m) \frac{1}{n} \sum_i q_i

    To be called between two rounds of training, on the network's own soft assignments: those of
    `transport_assignments` have the old marginal and would never move it. Imbalanced clusters then
    keep their size, while no cluster loses its rows in one round.

    Parameters
    ----------
    marginal
        The b, shape (n_clusters,); sums to 1.
    q
        Soft assignments of the whole set, shape (n_samples, n_clusters); rows sum to 1.
    momentum
        The m, in [0, 1]; 1 keeps the marginal.

    Returns
    -------
    The new marginal, same shape; sums to 1.

    Raises
    ------
    ValueError
        If ``momentum`` is outside.
    """
    if not 0.0 <= momentum <= 1.0:
        raise ValueError(f"momentum must be between 0 and 1, got {momentum}")
    return np.asarray(momentum * marginal + (1.0 - momentum) * q.mean(axis=0))


def _maximisation(rows: Floats, q: Floats) -> Mixture:
    """Do the M step of EM: weights, means and variances under soft assignments."""
    sizes = q.sum(axis=0, dtype=np.float64) + 10 * np.finfo(np.float64).eps
    means = (q.T @ rows) / sizes[:, None]
    variances = [
        (column @ np.square(rows - mean)) / size
        for column, mean, size in zip(q.T, means, sizes, strict=True)
    ]
    return Mixture(sizes / sizes.sum(), means, np.array(variances) + VARIANCE_FLOOR)
