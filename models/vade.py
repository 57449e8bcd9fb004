"""VaDE: a variational autoencoder whose latent space is a mixture of Gaussians."""

import copy
from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Final, Literal, Self, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from models.clusterer_state import state_of
from models.devices import as_tensor, place_rows, resolve_device
from models.idec import IDEC
from models.persistence import JSON, save_state
from models.refinement import has_collapsed
from models.training import Progress, Schedule, map_rows
from models.vade_losses import mixture_log_joint
from models.vade_network import Mixture, MixtureVAE, fit_mixture, variance_floor

_ARRAYS: Final = ("weights_", "covariances_")


class VaDE(IDEC):
    r"""Variational deep embedding, as published: a mixture of Gaussians generates the data.

    `pretrain` trains an autoencoder to reconstruct its input. `refine` fits a Gaussian mixture
    with diagonal covariances to its latent vectors, gives the encoder a second output for the
    variance, z ~ N(μ̃(x), σ̃²(x)), and maximises the evidence lower bound over network and mixture,

    .. math::
        -\frac{1}{d} L_{ELBO} = L_r + \frac{\beta}{d} KL(q(z, c | x) \| p(z, c)),
        \quad q(c | x) = p(c | z)
        = \frac{\pi_c \mathcal{N}(z; \mu_c, \sigma_c^2)}
               {\sum_{c'} \pi_{c'} \mathcal{N}(z; \mu_{c'}, \sigma_{c'}^2)}

    divided by the number of features d; see `models.vade_losses.mixture_kl`. With β = 1 this is the
    bound for a decoder of variance 1/2, as in the authors' code; β rises from 0 in equal steps over
    the first ``warmup_epochs``, as the mixture otherwise tends to fall into one cluster.

    The label of a row is the component with the highest posterior at z = μ̃(x). A component that is
    the most likely one of no training row is dropped in the end, and the others are numbered from
    0 without gaps.

    Differs from the paper in what is shared by all estimators here: the layers are pretrained
    together, and the learning rate stays as it is.

    Parameters
    ----------
    n_clusters, latent_dim, hidden_dims, pretrain_epochs, batch_size, learning_rate
        See `models.idec.IDEC`.
    clustering_epochs
        Passes over the data in `refine`, all of them; 0 leaves the mixture on the autoencoder.
    warmup_epochs
        Epochs until β is 1; 0 starts with 1.
    random_state, device
        See `models.idec.IDEC`; the seed also draws z.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        Means of the components.
    covariances_ : ndarray of shape (n_clusters_, latent_dim)
        Their variances, floored: see `models.vade_network.VARIANCE_FLOOR`.
    weights_ : ndarray of shape (n_clusters_,)
        Their weights; they sum to 1.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        Posterior of the components; rows sum to 1, and ``labels_`` is where they are highest.
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``clustering_loss`` (the KL, without its weight) and ``clustering_loss_weight`` (β / d, the
        mean of the epoch). The other attributes are those of `models.idec.IDEC`; `transform` gives
        μ̃, and the network for σ̃² is not kept: refining once more starts it and the mixture anew.

    References
    ----------
    Jiang, Zheng, Tan, Tang, Zhou (2017), Variational Deep Embedding: An Unsupervised and
    Generative Approach to Clustering, eq. 9-16.
    """

    def __init__(  # noqa: PLR0913 -- the hyper-parameters of the method
        self,
        n_clusters: int | Literal["auto"] = 8,
        *,
        latent_dim: int | None = None,
        hidden_dims: Sequence[int] | None = None,
        pretrain_epochs: int = 30,
        clustering_epochs: int = 50,
        warmup_epochs: int = 10,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.pretrain_epochs = pretrain_epochs
        self.clustering_epochs = clustering_epochs
        self.warmup_epochs = warmup_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.device = device

    def save(self, folder: Path) -> None:
        """Write the estimator, pretrained or refined; see `models.idec.IDEC.save`."""
        check_is_fitted(self, "autoencoder_")
        tensors, config = state_of(self)
        arrays = {name: vars(self)[name] for name in _ARRAYS if name in vars(self)}
        fitted = cast("Mapping[str, JSON]", config["fitted"])
        rest = {name: value for name, value in fitted.items() if name not in arrays}
        save_state(folder, {**tensors, **arrays}, {**config, "fitted": rest})

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        epochs = self.warmup_epochs
        if not isinstance(epochs, Integral) or epochs < 0:
            raise ValueError(f"warmup_epochs must be an integer of at least 0, got {epochs!r}")
        return super()._check(X, reset)

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""
        weights, means, variances = (
            torch.from_numpy(part).double()
            for part in (self.weights_, self.cluster_centers_, self.covariances_)
        )
        posterior = map_rows(
            lambda z: mixture_log_joint(z, weights.log(), means, variances).softmax(dim=1).float(),
            torch.from_numpy(self._transform(X)),
            torch.device("cpu"),
        )
        return np.asarray(posterior.numpy())

    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""
        latent = self._transform(X)
        n_clusters = self._choose_n_clusters(X, latent)
        floor = variance_floor(latent)
        labels_at_start, mixture = fit_mixture(latent, n_clusters, floor, self.seed_)
        device = resolve_device(self.device)
        autoencoder = copy.deepcopy(self.autoencoder_).cpu()  # the original survives a failure
        rows = place_rows(autoencoder.standardize(as_tensor(X)), device)
        network = MixtureVAE(autoencoder.to(device), mixture, floor, rows)
        schedule = Schedule("refine", self.clustering_epochs, self.batch_size, self.seed_)
        self.history_ = network.fit(schedule, self.warmup_epochs, self.learning_rate, progress)
        self.n_iter_ = len(self.history_)
        self.autoencoder_ = network.autoencoder
        self._keep_components(X, network.mixture())
        self.collapsed_ = has_collapsed(self.labels_, labels_at_start, n_clusters)
        return self

    def _keep_components(self, X: NDArray[np.float32], mixture: Mixture) -> None:
        """Keep the components that have rows, and assign the rows to them."""
        self.weights_, self.cluster_centers_, self.covariances_ = mixture
        kept = np.unique(self._predict_proba(X).argmax(axis=1))
        self.weights_ = mixture.weights[kept] / mixture.weights[kept].sum()
        self.cluster_centers_, self.covariances_ = mixture.means[kept], mixture.variances[kept]
        self.soft_assignments_ = self._predict_proba(X)
        self.labels_ = np.argmax(self.soft_assignments_, axis=1)
        self.n_clusters_ = len(kept)
