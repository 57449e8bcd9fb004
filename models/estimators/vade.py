"""VaDE: a variational autoencoder whose latent space is a mixture of Gaussians."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.core.arrays import Integers
from models.core.records import Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Given
from models.networks.training import map_rows
from models.networks.vade_losses import mixture_log_joint
from models.networks.vade_network import MixtureVAE, fit_mixture, variance_floor


@dataclass(eq=False, repr=False)
class VaDE(AutoencoderClusterer):
    r"""Variational deep embedding, as published: a mixture of Gaussians generates the data.

    `pretrain` trains an autoencoder. `refine` fits a Gaussian mixture with diagonal covariances to
    its latent vectors, gives the encoder a second output for the variance, z ~ N(μ̃(x), σ̃²(x)),
    and maximises the evidence lower bound over network and mixture,

    .. math::
        -\frac{1}{d} L_{ELBO} = L_r + \frac{\beta}{d} KL(q(z, c | x) \| p(z, c)),
        \quad q(c | x) = p(c | z)
        = \frac{\pi_c \mathcal{N}(z; \mu_c, \sigma_c^2)}
               {\sum_{c'} \pi_{c'} \mathcal{N}(z; \mu_{c'}, \sigma_{c'}^2)}

    divided by the number of features d; see `models.networks.vade_losses.mixture_kl`. With β = 1
    this is the bound for a decoder of variance 1/2, as in the authors' code; β rises from 0 in
    equal steps over the first ``warmup_epochs``, as the mixture otherwise tends to fall into one
    cluster.

    The label of a row is the component with the highest posterior at z = μ̃(x).

    Differs from the paper in what is shared by all estimators here: the layers are pretrained
    together, and the learning rate stays as it is.

    Parameters
    ----------
    warmup_epochs
        Epochs until β is 1; 0 starts with 1.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        Means of the components.
    covariances_ : ndarray of shape (n_clusters_, latent_dim)
        Their variances, floored: see `models.networks.vade_network.VARIANCE_FLOOR`.
    weights_ : ndarray of shape (n_clusters_,)
        Their weights; they sum to 1.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        Posterior of the components; rows sum to 1, and ``labels_`` is where they are highest.
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``clustering_loss`` (the KL, without its weight) and ``clustering_loss_weight`` (β / d, the
        mean of the epoch). `transform` gives μ̃, and the network for σ̃² is not kept: refining once
        more starts it and the mixture anew. The other parameters and attributes are those of
        `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    References
    ----------
    Jiang, Zheng, Tan, Tang, Zhou (2017), Variational Deep Embedding: An Unsupervised and
    Generative Approach to Clustering, eq. 9-16.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = VaDE(n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0).fit(X)
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    warmup_epochs: int = 10

    _per_cluster: ClassVar[tuple[str, ...]] = ("weights_", "cluster_centers_", "covariances_")

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

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Maximise the bound over network and mixture."""
        floor = variance_floor(given.latent)
        labels, mixture = fit_mixture(given.latent, given.n_clusters, floor, self.seed_)
        network, rows = self._place(given.X)
        training = MixtureVAE(network, mixture, floor, rows)
        self.history_ = training.fit(
            self._schedule, self.warmup_epochs, self.learning_rate, progress
        )
        self.autoencoder_ = training.autoencoder
        self.weights_, self.cluster_centers_, self.covariances_ = training.mixture()
        return labels
