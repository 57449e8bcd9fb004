"""Clustering by the separation regulariser, with either sign."""

import copy
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from models.autoencoder import Autoencoder, default_hidden_dims, default_latent_dim
from models.deep_clusterer import DeepClusterer
from models.devices import as_tensor, draw_seed, place_rows, resolve_device, seeded_rng
from models.functional import soft_assignment
from models.kmeans import fit_kmeans
from models.n_clusters import choose_n_clusters
from models.refinement import has_collapsed
from models.separation import SeparationTraining, SigmoidAutoencoder
from models.training import Progress, Schedule, fit_epochs, make_optimizer, pretrain_autoencoder

logger = logging.getLogger(__name__)

_N_INIT: Final = 20
_SIGNS: Final = {"literal": 1.0, "separating": -1.0}


class SeparationClustering(DeepClusterer):
    r"""An autoencoder trained on reconstruction and the separation regulariser.

    `pretrain` trains a `models.separation.SigmoidAutoencoder` to reconstruct its input. `refine`
    minimises

    .. math::
        L = L_r \pm \lambda R(W_1, W_2)

    where R, `models.separation.separation`, has the centroids of the k-means clusters in the latent
    space, found anew before each epoch. With the sign as the formula is written, +, training
    shrinks the weights along the directions between the centroids, and so works **against**
    separation; − stretches them, and has no lower bound: λ and the number of epochs are all that
    holds it.

    Parameters
    ----------
    n_clusters
        Number of clusters; ``"auto"``: see `models.n_clusters.choose_n_clusters`.
    latent_dim
        Width of the latent space; None: see `models.autoencoder.default_latent_dim`.
    hidden_dims
        One width, that of the hidden layer; None: see `models.autoencoder.default_hidden_dims`.
    pretrain_epochs, clustering_epochs
        Passes over the data in each step; 0 in the second leaves k-means on the autoencoder.
    batch_size
        Rows in a batch.
    learning_rate
        Of Adam, in both steps.
    clustering_loss_weight
        The λ of the loss; the reconstruction has weight 1.
    sign
        ``"separating"`` for −, ``"literal"`` for +.
    random_state
        The same integer gives the same result, bit for bit, on the same machine.
    device
        See `models.devices.resolve_device`.

    Attributes
    ----------
    labels_, cluster_centers_, soft_assignments_, n_clusters_
        As in `models.idec.IDEC`.
    history_ : History
        A record for each epoch of `refine`: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``separation`` (the R, without weight and sign).
    n_iter_ : int
        Epochs of `refine`.
    collapsed_ : bool
        See `models.refinement.has_collapsed`.
    autoencoder_, pretrain_history_, seed_, n_features_in_
        As in `models.idec.IDEC`.
    """

    autoencoder_: SigmoidAutoencoder

    def __init__(  # noqa: PLR0913 -- the hyper-parameters of the method
        self,
        n_clusters: int | Literal["auto"] = 8,
        *,
        latent_dim: int | None = None,
        hidden_dims: Sequence[int] | None = None,
        pretrain_epochs: int = 30,
        clustering_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        clustering_loss_weight: float = 1e-3,
        sign: Literal["separating", "literal"] = "separating",
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
        self.sign = sign
        self.random_state = random_state
        self.device = device

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an estimator that `save` wrote; see `models.deep_clusterer.DeepClusterer.load`."""
        estimator = super().load(folder)
        plain: Autoencoder = estimator.autoencoder_
        network = SigmoidAutoencoder(len(plain.feature_mean), plain.hidden_dims, plain.latent_dim)
        network.load_state_dict(plain.state_dict())
        estimator.autoencoder_ = network.to(plain.feature_mean.device)
        return estimator

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        if self.sign not in _SIGNS:
            raise ValueError(f"sign must be one of {', '.join(_SIGNS)}, got {self.sign!r}")
        if self.hidden_dims is not None and len(self.hidden_dims) != 1:
            raise ValueError(f"hidden_dims must be one width, got {self.hidden_dims!r}")
        return super()._check(X, reset)

    def _pretrain(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `pretrain` says, with X checked."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            if name not in {"n_features_in_", "feature_names_in_"}:
                delattr(self, name)
        device = resolve_device(self.device)
        self.seed_ = draw_seed(self.random_state)
        n_features = X.shape[1]
        with seeded_rng(self.seed_, torch.device("cpu")):
            network = SigmoidAutoencoder(
                n_features,
                self.hidden_dims or default_hidden_dims(n_features),
                self.latent_dim or default_latent_dim(n_features),
            )
        network.fit_standardization(as_tensor(X))
        rows = place_rows(network.standardize(as_tensor(X)), device)
        schedule = Schedule("pretrain", self.pretrain_epochs, self.batch_size, self.seed_)
        self.pretrain_history_ = pretrain_autoencoder(
            network.to(device), rows, schedule, self.learning_rate, progress
        )
        self.autoencoder_ = network
        return self

    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""
        latent = self._transform(X)
        n_clusters = self._choose_n_clusters(X, latent)
        labels_at_start, _ = fit_kmeans(latent, n_clusters, _N_INIT, self.seed_)
        self.autoencoder_ = self._train(X, n_clusters, progress)
        self._keep_clusters(X, n_clusters)
        self.collapsed_ = has_collapsed(self.labels_, labels_at_start, n_clusters)
        return self

    def _train(
        self, X: NDArray[np.float32], n_clusters: int, progress: Progress | None
    ) -> SigmoidAutoencoder:
        """Train a copy of the network: the original survives a failure."""
        device = resolve_device(self.device)
        network = copy.deepcopy(self.autoencoder_).to(device)
        rows = place_rows(network.standardize(as_tensor(X).to(device)), device)
        weight = _SIGNS[self.sign] * self.clustering_loss_weight
        training = SeparationTraining(network, rows, n_clusters, weight, self.seed_)
        steps_per_epoch = -(-len(rows) // self.batch_size)

        def before_step(step: int) -> bool:
            if step > 0 and step % steps_per_epoch == 0:
                training.update_centers()
            return False

        self.history_ = fit_epochs(
            make_optimizer(network, self.learning_rate),
            training.batch_losses,
            len(rows),
            Schedule("refine", self.clustering_epochs, self.batch_size, self.seed_),
            before_step,
            progress,
        )
        self.n_iter_ = len(self.history_)
        return network

    def _choose_n_clusters(self, X: NDArray[np.float32], latent: NDArray[np.float32]) -> int:
        """Take the number that was given, or choose one and log why."""
        if self.n_clusters != "auto":
            return int(self.n_clusters)
        choice = choose_n_clusters(X, self.seed_, latent)
        logger.info("chose the number of clusters: %s", choice)
        return choice.n_clusters

    def _keep_clusters(self, X: NDArray[np.float32], n_clusters: int) -> None:
        """Set the k-means clusters of the latent space that have rows."""
        _, centers = fit_kmeans(self._transform(X), n_clusters, _N_INIT, self.seed_)
        self.cluster_centers_ = centers
        self.cluster_centers_ = centers[np.unique(self._predict_proba(X).argmax(axis=1))]
        self.soft_assignments_ = self._predict_proba(X)
        self.labels_ = np.argmax(self.soft_assignments_, axis=1)
        self.n_clusters_ = len(self.cluster_centers_)

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""
        latent = torch.from_numpy(self._transform(X))
        return soft_assignment(latent, torch.from_numpy(self.cluster_centers_)).numpy()
