"""What the deep clusterings on an autoencoder share: parameters, pretraining, start and end."""

import copy
import logging
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, ClassVar, Final, Literal, NamedTuple, Self, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data
from torch import Tensor

from models.clusterer.deep_clusterer import DeepClusterer
from models.core.arrays import Integers
from models.core.devices import as_tensor, draw_seed, place_rows, resolve_device
from models.core.kmeans import fit_kmeans
from models.core.records import Progress
from models.counting.n_clusters import choose_n_clusters
from models.networks.autoencoder import Autoencoder, build_autoencoder
from models.networks.convolutional import ConvolutionalAutoencoder, Shape, default_channels
from models.networks.functional import soft_assignment
from models.networks.pretraining import Pretraining, pretrain_network
from models.networks.refinement import has_collapsed
from models.networks.training import Schedule, map_rows

logger = logging.getLogger(__name__)

Choices = Mapping[str, tuple[str, ...]]

_N_INIT: Final = 20
_COUNTS: Final = {  # the smallest value of each
    "n_clusters": 1,
    "latent_dim": 1,
    "pretrain_epochs": 0,
    "clustering_epochs": 0,
    "warmup_epochs": 0,
    "batch_size": 1,
    "update_interval": 1,
    "n_heads": 1,
    "n_neighbors": 1,
}
_MEASURES: Final = ("learning_rate", "clustering_loss_weight", "tol")
_OF_X: Final = {"n_features_in_", "feature_names_in_"}


class Given(NamedTuple):
    """What clusters are sought in."""

    X: NDArray[np.float32]  # (n_samples, n_features)
    latent: NDArray[np.float32]  # (n_samples, latent_dim)
    n_clusters: int


@dataclass(eq=False, repr=False)
class AutoencoderClusterer(DeepClusterer):
    r"""A clustering in the latent space of an autoencoder.

    `pretrain` trains the autoencoder in one of several ways, see `models.networks.pretraining`; a
    subclass says by `_find_clusters` how `refine` goes on. The constructors are those of
    dataclasses: the fields are the parameters, and a subclass adds its own or gives one of these
    another default.

    A cluster that is the most likely one of no training row is dropped in the end, and the others
    are numbered from 0 without gaps: ``labels_``, ``cluster_centers_``, ``soft_assignments_`` and
    `predict` agree, and ``n_clusters_`` may be below ``n_clusters``. A warning is logged then.

    Parameters
    ----------
    n_clusters
        Number of clusters; ``"auto"``: see `models.counting.n_clusters.choose_n_clusters`, with
        k-means in the latent space and the silhouette in that of X, as the latent one flatters
        itself.
    latent_dim
        Width of the latent space; None: see `models.networks.autoencoder.default_latent_dim`.
    hidden_dims
        Widths of the encoder's hidden layers, mirrored in the decoder; None: see
        `models.networks.autoencoder.default_hidden_dims`. Of a convolutional encoder its channels,
        see `models.networks.convolutional`.
    image_shape
        Height, width and channels of the images that the rows of X are, for a convolutional
        encoder; None: rows are vectors.
    pretraining
        What the latent space is learned by; see `models.networks.pretraining.pretrain_network`.
    pretrain_epochs
        Passes over the data in `pretrain`.
    clustering_epochs
        Passes over the data in `refine`, at most; 0 leaves the start on the autoencoder.
    batch_size
        Rows in a batch.
    learning_rate
        Of Adam, in both steps.
    random_state
        Seeds weights, order of the rows and k-means: the same integer gives the same result, bit
        for bit, on the same machine. torch's own random numbers are left alone.
    device
        See `models.core.devices.resolve_device`.

    Attributes
    ----------
    autoencoder_ : Autoencoder
        From `pretrain`; `refine` puts a trained copy in its place.
    pretrain_history_ : History
        A record for each epoch: ``epoch``, ``loss``, and the parts of the loss if it has any.
    seed_ : int
        Drawn from ``random_state`` by `pretrain`; `refine` uses it too.
    labels_ : ndarray of shape (n_samples,)
        The cluster of each row.
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        In the latent space.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        Rows sum to 1, and ``labels_`` is where they are highest.
    n_clusters_ : int
        Clusters that have rows.
    n_clusters_choice_ : NClustersChoice or None
        What spoke for the number of clusters, if it was chosen.
    n_lost_clusters_ : int
        Clusters that were asked for, or chosen, and have no rows; logged as a warning too.
    collapsed_ : bool
        Whether more than half of the clusters are gone; see
        `models.networks.refinement.has_collapsed`.
    n_iter_ : int
        Epochs of `refine` that were begun.
    history_ : History
        A record for each of these.
    n_features_in_ : int
        Width of X.
    """

    n_clusters: int | Literal["auto"] = 8
    _: KW_ONLY
    latent_dim: int | None = None
    hidden_dims: Sequence[int] | None = None
    image_shape: Shape | None = None
    pretraining: Pretraining = "reconstruction"
    pretrain_epochs: int = 30
    clustering_epochs: int = 50
    batch_size: int = 256
    learning_rate: float = 1e-3
    random_state: int | np.random.RandomState | None = None
    device: str = "auto"

    pretrainings: ClassVar[tuple[str, ...]] = get_args(Pretraining)

    _network: ClassVar[type[Autoencoder]] = Autoencoder
    _choices: ClassVar[Choices] = {}
    _per_cluster: ClassVar[tuple[str, ...]] = ("cluster_centers_",)

    @abstractmethod
    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Train; set network, clusters (empty ones may be among them) and ``history_``.

        Nothing is set before the training has succeeded. Gives the labels that it began with.
        """

    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""
        latent = self._transform(X)
        n_clusters = self._choose_n_clusters(latent)
        labels_at_start = self._find_clusters(Given(X, latent, n_clusters), progress)
        self.n_iter_ = len(self.history_)
        self._keep(np.unique(self._predict_proba(X).argmax(axis=1)))
        self.soft_assignments_ = self._predict_proba(X)
        self.labels_ = np.argmax(self.soft_assignments_, axis=1)
        self.n_clusters_ = len(self.cluster_centers_)
        self.n_lost_clusters_ = n_clusters - self.n_clusters_
        self.collapsed_ = has_collapsed(self.labels_, labels_at_start, n_clusters)
        return self

    def _keep(self, clusters: Integers) -> None:
        """Keep some of the clusters; weights, where there are any, sum to 1 again."""
        for name in self._per_cluster:
            if name in vars(self):
                setattr(self, name, vars(self)[name][clusters])
        weights = vars(self).get("weights_")
        if weights is not None:
            self.weights_ = weights / weights.sum()

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked: here, by the kernel of DEC."""
        latent = torch.from_numpy(self._transform(X))
        return soft_assignment(latent, torch.from_numpy(self.cluster_centers_)).numpy()

    def _transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `transform` says, with X checked."""
        network = self.autoencoder_
        latent = map_rows(
            lambda x: network.encode(network.standardize(x)),
            as_tensor(X),
            network.feature_mean.device,
        )
        return np.asarray(latent.cpu().numpy())

    def _pretrain(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `pretrain` says, with X checked."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            if name not in _OF_X:  # what an earlier fit found lies in another latent space
                delattr(self, name)
        device = resolve_device(self.device)
        self.seed_ = draw_seed(self.random_state)
        hidden_dims = self.hidden_dims
        if hidden_dims is None and self.image_shape is not None:
            hidden_dims = default_channels(self.image_shape)
        network = build_autoencoder(
            X.shape[1], hidden_dims, self.latent_dim, self.seed_, self._make_network
        )
        network.fit_standardization(as_tensor(X))
        rows = place_rows(network.standardize(as_tensor(X)), device)
        schedule = Schedule("pretrain", self.pretrain_epochs, self.batch_size, self.seed_)
        self.pretrain_history_ = pretrain_network(
            self.pretraining, network.to(device), rows, schedule, self.learning_rate, progress
        )
        self.autoencoder_ = network
        return self

    def _make_network(
        self, n_features: int, hidden_dims: Sequence[int], latent_dim: int
    ) -> Autoencoder:
        """Make the network, of the kind that the rows are for."""
        if self.image_shape is None:
            return self._network(n_features, hidden_dims, latent_dim)
        return ConvolutionalAutoencoder(self.image_shape, hidden_dims, latent_dim)

    def _choose_n_clusters(self, latent: NDArray[np.float32]) -> int:
        """Take the number that was given, or choose one and log why."""
        self.n_clusters_choice_ = None
        if self.n_clusters != "auto":
            return int(self.n_clusters)
        self.n_clusters_choice_ = choose_n_clusters(latent, self.seed_)
        logger.info("chose the number of clusters: %s", self.n_clusters_choice_)
        return self.n_clusters_choice_.n_clusters

    def _start(self, given: Given) -> tuple[Integers, NDArray[np.float32]]:
        """Find labels and centres by k-means in the latent space."""
        return fit_kmeans(given.latent, given.n_clusters, _N_INIT, self.seed_)

    def _place(self, X: NDArray[np.float32]) -> tuple[Autoencoder, Tensor]:
        """Put a copy of the network, and the rows in its units, on the device."""
        device = resolve_device(self.device)
        network = copy.deepcopy(self.autoencoder_).cpu()  # the original survives a failure
        rows = place_rows(network.standardize(as_tensor(X)), device)
        return network.to(device), rows

    @property
    def _schedule(self) -> Schedule:
        """That of `refine`."""
        return Schedule("refine", self.clustering_epochs, self.batch_size, self.seed_)

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        _check_numbers(self.get_params(deep=False))
        for name, choices in {"pretraining": self.pretrainings, **self._choices}.items():
            if getattr(self, name) not in choices:
                known = ", ".join(choices)
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}")
        checked: NDArray[np.float32] = validate_data(self, X, dtype=np.float32, reset=reset)
        if self.image_shape is not None and math.prod(self.image_shape) != checked.shape[1]:
            raise ValueError(
                f"image_shape must be one of {checked.shape[1]} numbers, got {self.image_shape!r}"
            )
        return checked


def _check_numbers(params: Mapping[str, Any]) -> None:
    """Reject counts and measures that cannot be used."""
    for name, smallest in _COUNTS.items():
        value = params.get(name, smallest)
        is_count = isinstance(value, Integral) and int(value) >= smallest
        if not is_count and (name, value) not in {("n_clusters", "auto"), ("latent_dim", None)}:
            raise ValueError(f"{name} must be an integer of at least {smallest}, got {value!r}")
    widths = params["hidden_dims"]
    if any(width < 1 for width in widths or ()):
        raise ValueError(f"hidden_dims must be integers of at least 1, got {widths!r}")
    for name in _MEASURES:
        value = params.get(name, 0.0)
        if not value >= 0.0:
            raise ValueError(f"{name} must be at least 0, got {value!r}")
