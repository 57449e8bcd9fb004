"""IDEC: an autoencoder's latent space, refined into clusters."""

import copy
import logging
from collections.abc import Sequence
from typing import Final, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray

from models.deep_clusterer import DeepClusterer
from models.devices import as_tensor, place_rows, resolve_device
from models.functional import soft_assignment
from models.kmeans import fit_kmeans
from models.n_clusters import choose_n_clusters
from models.refinement import Refinement, fit_refinement, has_collapsed
from models.training import Progress, Schedule

logger = logging.getLogger(__name__)

_N_INIT: Final = 20


class IDEC(DeepClusterer):
    r"""Improved deep embedded clustering, as published.

    `pretrain` trains an autoencoder to reconstruct its input. `refine` starts centres with k-means
    on the latent vectors and minimises

    .. math::
        L = L_r + \gamma \, KL(P \| Q)

    over autoencoder and centres: the reconstruction keeps the latent space honest while the
    clusters are drawn together. The target P is computed from **all** rows every
    ``update_interval`` steps; the training stops when between two of these fewer than ``tol`` of
    the rows have changed their cluster.

    A centre that no training row is nearest to is dropped in the end, and the others are numbered
    from 0 without gaps: ``labels_``, ``cluster_centers_``, ``soft_assignments_`` and `predict`
    agree, and ``n_clusters_`` may be below ``n_clusters``.

    Parameters
    ----------
    n_clusters
        Number of clusters; ``"auto"``: see `models.n_clusters.choose_n_clusters`, with k-means in
        the latent space and the silhouette in that of X, as the latent one flatters itself.
    latent_dim
        Width of the latent space; None: see `models.autoencoder.default_latent_dim`.
    hidden_dims
        Widths of the encoder's hidden layers, mirrored in the decoder; None: see
        `models.autoencoder.default_hidden_dims`.
    pretrain_epochs
        Passes over the data in `pretrain`.
    clustering_epochs
        Passes over the data in `refine`, at most; 0 leaves k-means on the autoencoder.
    batch_size
        Rows in a batch.
    learning_rate
        Of Adam, in both steps.
    clustering_loss_weight
        The γ of the loss; the reconstruction has weight 1.
    update_interval
        Steps between two targets; fewer on small data, see
        `models.refinement.MAX_EPOCHS_PER_TARGET`.
    tol
        Share of rows; see above. 0 never stops early.
    random_state
        Seeds weights, order of the rows and k-means: the same integer gives the same result, bit
        for bit, on the same machine. torch's own random numbers are left alone.
    device
        See `models.devices.resolve_device`.

    Attributes
    ----------
    autoencoder_ : Autoencoder
        From `pretrain`; `refine` puts a trained copy in its place.
    pretrain_history_ : History
        A record for each epoch: ``epoch``, ``loss``.
    seed_ : int
        Drawn from ``random_state`` by `pretrain`; `refine` uses it too.
    labels_ : ndarray of shape (n_samples,)
        The cluster of each row.
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        In the latent space.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        The q of DEC; rows sum to 1, and ``labels_`` is where they are highest.
    n_clusters_ : int
        Clusters that have rows.
    n_clusters_choice_ : NClustersChoice or None
        What spoke for the number of clusters, if it was chosen.
    n_iter_ : int
        Epochs of `refine` that were begun.
    history_ : History
        A record for each of these: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``clustering_loss``, ``label_change`` (the last one known; None before the second target).
    collapsed_ : bool
        Whether the refinement lost more than half of the clusters that it was asked for or started
        with (by `models.metrics.effective_n_clusters`); logged as a warning too.
    n_features_in_ : int
        Width of X.

    References
    ----------
    Guo, Gao, Liu, Yin (2017), Improved Deep Embedded Clustering with Local Structure
    Preservation. Reference code: k-means with 20 starts, a target every 140 steps, γ = 0.1,
    tol = 0.001.
    """

    def __init__(  # noqa: PLR0913 -- the hyper-parameters of the method
        self,
        n_clusters: int | Literal["auto"] = 8,
        *,
        latent_dim: int | None = None,
        hidden_dims: Sequence[int] | None = None,
        pretrain_epochs: int = 30,
        clustering_epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        clustering_loss_weight: float = 0.1,
        update_interval: int = 140,
        tol: float = 1e-3,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.pretrain_epochs = pretrain_epochs
        self.clustering_epochs = clustering_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.clustering_loss_weight = clustering_loss_weight
        self.update_interval = update_interval
        self.tol = tol
        self.random_state = random_state
        self.device = device

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""
        latent = torch.from_numpy(self._transform(X))
        return soft_assignment(latent, torch.from_numpy(self.cluster_centers_)).numpy()

    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""
        latent = self._transform(X)
        n_clusters = self._choose_n_clusters(X, latent)
        labels_at_start, centers = fit_kmeans(latent, n_clusters, _N_INIT, self.seed_)
        refinement = self._start(X, centers)
        self.history_ = fit_refinement(
            refinement,
            Schedule("refine", self.clustering_epochs, self.batch_size, self.seed_),
            self.learning_rate,
            self.update_interval,
            self.tol,
            progress,
        )
        self.n_iter_ = len(self.history_)
        self.autoencoder_ = refinement.autoencoder
        self._keep_clusters(X, refinement.centers.detach().cpu().numpy())
        self.collapsed_ = has_collapsed(self.labels_, labels_at_start, n_clusters)
        return self

    def _choose_n_clusters(self, X: NDArray[np.float32], latent: NDArray[np.float32]) -> int:
        """Take the number that was given, or choose one and log why."""
        self.n_clusters_choice_ = None
        if self.n_clusters != "auto":
            return int(self.n_clusters)
        self.n_clusters_choice_ = choose_n_clusters(X, self.seed_, latent)
        logger.info("chose the number of clusters: %s", self.n_clusters_choice_)
        return self.n_clusters_choice_.n_clusters

    def _start(self, X: NDArray[np.float32], centers: NDArray[np.float32]) -> Refinement:
        """Put a copy of the network, the first centres and the data on the device."""
        device = resolve_device(self.device)
        autoencoder = copy.deepcopy(self.autoencoder_).cpu()  # the original survives a failure
        rows = place_rows(autoencoder.standardize(as_tensor(X)), device)
        first = torch.from_numpy(centers).to(device)
        return Refinement(autoencoder.to(device), first, rows, self.clustering_loss_weight)

    def _keep_clusters(self, X: NDArray[np.float32], centers: NDArray[np.float32]) -> None:
        """Keep the centres that have rows, and assign the rows to them."""
        self.cluster_centers_ = centers
        self.cluster_centers_ = centers[np.unique(self._predict_proba(X).argmax(axis=1))]
        self.soft_assignments_ = self._predict_proba(X)
        self.labels_ = np.argmax(self.soft_assignments_, axis=1)
        self.n_clusters_ = len(self.cluster_centers_)
