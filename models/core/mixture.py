"""Clusters by maximum likelihood: a mixture of Gaussians, fitted from given assignments."""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models.core.arrays import AnyFloats

VARIANCE_FLOOR: Final = 1e-3
"""Added to every variance, as a share of the mean variance of the data."""

_TAU: Final = 2 * np.pi


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

    weights: AnyFloats
    means: AnyFloats
    variances: AnyFloats

    def log_joint(self, X: AnyFloats) -> AnyFloats:
        r"""Compute :math:`\log p(j, x_i)`, shape (n_samples, n_clusters)."""
        columns = [
            np.log(weight)
            - 0.5 * (np.square(X - mean) / variance + np.log(_TAU * variance)).sum(axis=1)
            for weight, mean, variance in zip(self.weights, self.means, self.variances, strict=True)
        ]
        return np.stack(columns, axis=1)

    def assignments(self, X: AnyFloats) -> AnyFloats:
        r"""Compute :math:`p(j \mid x_i)`, shape (n_samples, n_clusters); rows sum to 1."""
        return np.asarray(softmax(self.log_joint(X), axis=1))

    def log_density(self, X: AnyFloats) -> AnyFloats:
        r"""Compute :math:`\log p(x_i)`, shape (n_samples,)."""
        return np.asarray(logsumexp(self.log_joint(X), axis=1))


def fit_mixture(X: AnyFloats, q: AnyFloats, n_iter: int = 100) -> Mixture:
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


def _maximisation(rows: AnyFloats, q: AnyFloats) -> Mixture:
    """Do the M step of EM: weights, means and variances under soft assignments."""
    sizes = q.sum(axis=0, dtype=np.float64) + 10 * np.finfo(np.float64).eps
    means = (q.T @ rows) / sizes[:, None]
    variances = [
        (column @ np.square(rows - mean)) / size
        for column, mean, size in zip(q.T, means, sizes, strict=True)
    ]
    return Mixture(sizes / sizes.sum(), means, np.array(variances) + VARIANCE_FLOOR)
