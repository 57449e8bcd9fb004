"""The network and the mixture that VaDE trains, and how the mixture starts."""

import warnings
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from models.core.arrays import Integers
from models.core.kmeans import fit_kmeans
from models.core.records import History, Progress
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule, fit_epochs
from models.networks.vade_losses import mixture_kl, mixture_log_joint

VARIANCE_FLOOR: Final = 1e-3
"""Of the mean variance of the pretrained latent space: no component becomes narrower than this."""

_N_INIT: Final = 20
_SMALLEST_FLOOR: Final = 1e-6
_FIRST_NOISE: Final = 0.1


class Mixture(NamedTuple):
    """A Gaussian mixture with diagonal covariances, in float32.

    Attributes
    ----------
    weights
        Shape (n_components,); they sum to 1.
    means
        Shape (n_components, latent_dim).
    variances
        Same shape; at least the floor.
    """

    weights: NDArray[np.float32]
    means: NDArray[np.float32]
    variances: NDArray[np.float32]


def variance_floor(latent: NDArray[np.float32]) -> float:
    """Return the smallest variance of a component in a latent space, (n_samples, latent_dim)."""
    return max(VARIANCE_FLOOR * float(latent.var(axis=0).mean()), _SMALLEST_FLOOR)


def fit_mixture(
    latent: NDArray[np.float32], n_components: int, floor: float, seed: int
) -> tuple[Integers, Mixture]:
    """Fit a mixture by expectation maximisation, from the clusters of k-means.

    Parameters
    ----------
    latent
        Shape (n_samples, latent_dim).
    n_components
        At most n_samples.
    floor
        Added to each variance.
    seed
        Seeds k-means.

    Returns
    -------
    The most likely component of each row, shape (n_samples,), and the mixture.
    """
    # GaussianMixture refuses a single row; twice the same has its maximum in the same place.
    z = np.resize(latent, (max(2, len(latent)), latent.shape[1])).astype(np.float64)
    labels, centers = fit_kmeans(z.astype(np.float32), n_components, _N_INIT, seed)
    members = np.eye(n_components)[labels]  # (n_samples, n_components)
    counts = members.sum(axis=0)
    variances = members.T @ (z - centers[labels]) ** 2 / np.maximum(counts, 1)[:, None] + floor
    model = GaussianMixture(
        n_components,
        covariance_type="diag",
        reg_covar=floor,
        weights_init=(counts + 1) / (counts + 1).sum(),
        means_init=centers.astype(np.float64),
        precisions_init=1 / variances,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # It is a start, and need not be at the very maximum.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = model.fit_predict(z)[: len(latent)].astype(np.int64)
    parts = (model.weights_, model.means_, model.covariances_)
    return found, Mixture(*(part.astype(np.float32) for part in parts))


class MixtureVAE(nn.Module):
    """What changes while VaDE refines: network and mixture.

    Parameters
    ----------
    autoencoder
        Pretrained, on the device to train on; its encoder gives the mean of z.
    mixture
        The first mixture.
    floor
        Smallest variance of a component.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.

    Attributes
    ----------
    kl_weight
        The β of the loss.
    """

    def __init__(
        self, autoencoder: Autoencoder, mixture: Mixture, floor: float, rows: Tensor
    ) -> None:
        super().__init__()
        device = autoencoder.feature_mean.device
        weights, means, variances = (torch.tensor(part, device=device) for part in mixture)
        self.autoencoder = autoencoder
        self.log_variance_head = _constant_layer(
            autoencoder, _FIRST_NOISE * variances.mean().item()
        )
        self.logits = nn.Parameter(weights.clamp_min(torch.finfo(weights.dtype).tiny).log())
        self.means = nn.Parameter(means)
        above_floor = (variances - floor).clamp_min(_SMALLEST_FLOOR * floor)
        self.log_above_floor = nn.Parameter(above_floor.log())
        self.floor = floor
        self.rows = rows
        self.kl_weight = 0.0

    def mixture_tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log-weights, the means and the variances of the components."""
        log_weights = torch.log_softmax(self.logits, dim=0)
        return log_weights, self.means, self.floor + self.log_above_floor.exp()

    def mixture(self) -> Mixture:
        """Return the mixture as it is now."""
        log_weights, means, variances = (part.detach().cpu() for part in self.mixture_tensors())
        return Mixture(log_weights.exp().numpy(), means.numpy(), variances.numpy())

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute means and log-variances of z, (n_samples, latent_dim), for standardized rows."""
        hidden = self.autoencoder.encoder[:-1](x)
        return self.autoencoder.encoder[-1](hidden), self.log_variance_head(hidden)

    def reconstruction_loss(self, x: Tensor, z: Tensor) -> Tensor:
        """Measure how far rows, (n_samples, n_features), are from what z decodes to: a scalar."""
        return reconstruction_loss(x, self.autoencoder.decode(z))

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        r"""Compute the negative evidence lower bound, by one draw of z, and its parts on some rows.

        .. math::
            L = L_r + \frac{\beta}{d} KL(q(z, c | x) \| p(z, c))

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss``, ``reconstruction_loss``, ``clustering_loss`` (the KL without its weight)
        and ``clustering_loss_weight`` (β / d).
        """
        x = self.rows[indices].to(self.means.device)
        mean, log_variance = self.encode(x)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        mixture = self.mixture_tensors()
        posterior = torch.softmax(mixture_log_joint(z, *mixture), dim=1)
        reconstruction = self.reconstruction_loss(x, z)
        clustering = mixture_kl((mean, log_variance), posterior, *mixture)
        weight = torch.full_like(clustering, self.kl_weight / x.shape[1])
        return {
            "loss": reconstruction + weight * clustering,
            "reconstruction_loss": reconstruction,
            "clustering_loss": clustering,
            "clustering_loss_weight": weight,
        }

    def fit(
        self,
        schedule: Schedule,
        warmup_epochs: int,
        learning_rate: float,
        progress: Progress | None = None,
    ) -> History:
        """Train, in place, with β rising over the first epochs; see `fit_epochs`."""
        warmup_steps = warmup_epochs * -(-len(self.rows) // schedule.batch_size)

        def before_step(step: int) -> bool:
            self.kl_weight = min(1.0, step / warmup_steps) if warmup_steps else 1.0
            return False

        optimizer = Adam(self.parameters(), learning_rate)
        n_samples = len(self.rows)
        return fit_epochs(optimizer, self.batch_losses, n_samples, schedule, before_step, progress)


def _constant_layer(autoencoder: Autoencoder, variance: float) -> nn.Linear:
    """Make the layer beside the code's that gives one log-variance for all, to begin with."""
    n_hidden = autoencoder.encoder[-1].in_features
    # Random first weights would be thrown away, and would use up the caller's random numbers.
    layer: nn.Linear = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Linear, n_hidden, autoencoder.latent_dim
    )
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, float(np.log(variance)))
    return layer.to(autoencoder.feature_mean.device)
