"""nightfold's own clustering: two views, a neighbour graph, many starts, deep refinement."""

from numbers import Integral
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from models.autoencoder import build_autoencoder
from models.cotraining import BATCH_SIZE, fit_heads, head_schedule
from models.devices import as_tensor, draw_seed, resolve_device
from models.graph import (
    Floats,
    Integers,
    nearest_neighbours,
    neighbour_graph,
    normalise_rows,
    smooth,
)
from models.lloyd import cluster_means
from models.n_clusters import count_distinct_rows
from models.neighbour_autoencoder import pretrain_on_neighbourhoods
from models.nightfold_state import restore, state_of
from models.partition import SMOOTHING_ROUNDS, Partition, Settings, find_partition
from models.persistence import load_state, save_state
from models.training import Progress, Schedule, map_rows
from models.views import FusedView

FUSED_DIM: Final = 256

_SMALLEST: Final = {"semantic_dim": 1, "latent_dim": 1, "n_neighbors": 1, "pretrain_epochs": 0}


class NightfoldClustering(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Cluster documents by what they mean and which words they use.

    `pretrain` learns a latent space: an autoencoder on the fused view that is asked for the mean of
    a document's neighbourhood. `refine` smooths the documents over their neighbour graph, chooses
    among many starts by a silhouette that needs no labels, refines the chosen one by heads that
    teach each other, and keeps the result only if the evidence says that it is not worse. The heads
    place documents that were not there. Every document gets a cluster, a confidence and a margin.

    Parameters
    ----------
    n_clusters
        Clusters to find; ``"auto"`` finds their number too.
    semantic_dim
        Columns of X that are the sentence embedding; the rest is the lexical view. None: all.
    latent_dim
        Width of the latent space.
    n_neighbors
        Neighbours that a document is joined to in the graph.
    pretrain_epochs
        Passes over the documents in `pretrain`.
    deep_refinement
        Whether to refine the start by co-trained heads.
    random_state
        Seed; the same seed gives the same bits.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.

    Attributes
    ----------
    labels_
        Cluster of each training document, shape (n_samples,).
    soft_assignments_
        Membership of each training document, shape (n_samples, n_clusters_); rows sum to 1.
    cluster_centers_
        Mean of each cluster in the latent space, shape (n_clusters_, latent_dim).
    n_clusters_
        Clusters found.
    history_
        Record of every epoch of every step.
    evidence_
        How the labels were chosen: silhouettes of the starts, and before and after refinement.
    n_features_in_
        Columns of X.
    """

    def __init__(  # noqa: PLR0913 -- an estimator's hyper-parameters
        self,
        n_clusters: int | Literal["auto"] = "auto",
        *,
        semantic_dim: int | None = None,
        latent_dim: int = 32,
        n_neighbors: int = 20,
        pretrain_epochs: int = 20,
        deep_refinement: bool = True,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.semantic_dim = semantic_dim
        self.latent_dim = latent_dim
        self.n_neighbors = n_neighbors
        self.pretrain_epochs = pretrain_epochs
        self.deep_refinement = deep_refinement
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: None = None) -> Self:
        """Pretrain and refine.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), finite: sentence embeddings, then the lexical view.
        y
            Not used; here by convention.

        Returns
        -------
        The estimator.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        """
        return self.pretrain(X).refine(X)

    def pretrain(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Learn the representation, from nothing.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), finite.
        progress
            See `models.training.Progress`; the step's name is ``"pretrain"``.

        Returns
        -------
        The estimator, ready for `refine` and `transform`.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        """
        X = self._checked(X, reset=True)
        self._check_parameters(X)
        self.seed_ = draw_seed(self.random_state)
        self.view_ = FusedView.fit(X, self.semantic_dim or X.shape[1], FUSED_DIM)
        fused = self.view_.transform(X)
        neighbours = nearest_neighbours(fused, self.n_neighbors)
        smoothed = smooth(fused, neighbour_graph(neighbours, self.n_neighbors), SMOOTHING_ROUNDS)
        self.autoencoder_ = build_autoencoder(fused.shape[1], None, self.latent_dim, self.seed_)
        self.autoencoder_.fit_standardization(as_tensor(fused))
        self.pretrain_history_ = pretrain_on_neighbourhoods(
            self.autoencoder_.to(resolve_device(self.device)),
            self.autoencoder_.standardize(as_tensor(fused)),
            self.autoencoder_.standardize(as_tensor(smoothed)),
            Schedule("pretrain", self.pretrain_epochs, BATCH_SIZE, self.seed_),
            progress,
        )
        return self

    def refine(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Find the clusters, in the representation that `pretrain` has learned.

        Parameters
        ----------
        X
            The rows that `pretrain` was given, shape (n_samples, n_features).
        progress
            See `models.training.Progress`; the steps are called ``"round 1"``, ... and ``"heads"``.

        Returns
        -------
        The estimator.

        Raises
        ------
        ValueError
            If X cannot be used, or has fewer distinct rows than ``n_clusters``.
        """
        check_is_fitted(self, "autoencoder_")
        X = self._checked(X, reset=False)
        self._check_parameters(X)
        device = resolve_device(self.device)
        settings = Settings(
            self.n_clusters, self.n_neighbors, self.deep_refinement, self.seed_, device
        )
        fused, views = self.view_.transform(X), self._views(X)
        partition = find_partition(fused, views, settings, progress)
        self.heads_, records = fit_heads(
            views,
            partition.soft_assignments,
            partition.mixing_neighbours,
            head_schedule("heads", len(X), self.seed_),
            device,
            progress,
        )
        self.history_ = partition.history + records
        self._keep(partition, self._latent(fused))
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Map rows (n_samples, n_features) to the latent space (n_samples, latent_dim)."""
        check_is_fitted(self, "autoencoder_")
        return self._latent(self.view_.transform(self._checked(X, reset=False)))

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Tell how much rows belong to each cluster, shape (n_samples, n_clusters_).

        No graph is asked: a document is placed alike whatever comes with it. For the documents of
        the training `soft_assignments_` knows more, the neighbours.
        """
        check_is_fitted(self, "heads_")
        X = self._checked(X, reset=False)
        return self.heads_.predict_proba(self._views(X)).numpy()

    def predict(self, X: ArrayLike) -> Integers:
        """Place rows, shape (n_samples, n_features), in the clusters found."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def save(self, folder: Path) -> None:
        """Write the estimator, also between `pretrain` and `refine`.

        Parameters
        ----------
        folder
            Gets two files, see `models.persistence.save_state`.
        """
        check_is_fitted(self, "autoencoder_")
        save_state(folder, *state_of(self))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an estimator that `save` wrote.

        Parameters
        ----------
        folder
            Where its files are.

        Returns
        -------
        The estimator, fitted as far as it was.

        Raises
        ------
        FileNotFoundError
            If a file is missing.
        ValueError
            If a file is corrupt or was saved by another estimator.
        """
        return restore(cls(), *load_state(folder))

    @property
    def confidence_(self) -> Floats:
        """Membership of each training document in its own cluster, shape (n_samples,)."""
        check_is_fitted(self, "soft_assignments_")
        return np.asarray(self.soft_assignments_.max(axis=1))

    @property
    def margin_(self) -> Floats:
        """Lead of each training document's own cluster over the next, shape (n_samples,)."""
        check_is_fitted(self, "soft_assignments_")
        if self.n_clusters_ == 1:
            return np.ones(len(self.labels_), dtype=np.float32)
        ordered = np.sort(self.soft_assignments_, axis=1)
        return np.asarray(ordered[:, -1] - ordered[:, -2])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        """Width of what `transform` gives."""
        return self.latent_dim

    def _checked(self, X: ArrayLike, *, reset: bool) -> Floats:
        """Make X a finite float32 matrix of the right width."""
        return np.asarray(validate_data(self, X, dtype=np.float32, reset=reset))

    def _check_parameters(self, X: Floats) -> None:
        """Raise ValueError on what cannot be used."""
        for name, smallest in _SMALLEST.items():
            value = getattr(self, name)
            if name == "semantic_dim" and value is None:
                continue
            if not isinstance(value, Integral) or value < smallest:
                raise ValueError(f"{name} must be an integer of at least {smallest}, got {value!r}")
        if self.semantic_dim is not None and self.semantic_dim > X.shape[1]:
            raise ValueError(
                f"semantic_dim must be at most the {X.shape[1]} columns of X, "
                f"got {self.semantic_dim}"
            )
        if self.n_clusters != "auto":
            self._check_n_clusters(X)

    def _check_n_clusters(self, X: Floats) -> None:
        """Raise ValueError where there are not rows enough for the clusters asked for."""
        if not isinstance(self.n_clusters, Integral) or self.n_clusters < 1:
            raise ValueError(
                f"n_clusters must be 'auto' or an integer of at least 1, got {self.n_clusters!r}"
            )
        distinct = count_distinct_rows(X, limit=int(self.n_clusters))
        if self.n_clusters > distinct:
            raise ValueError(
                f"n_clusters must be at most the {distinct} distinct rows of X, "
                f"got {self.n_clusters}"
            )

    def _latent(self, fused: Floats) -> Floats:
        """Encode fused rows."""
        device = resolve_device(self.device)
        autoencoder = self.autoencoder_.to(device)
        codes = map_rows(
            lambda rows: autoencoder.encode(autoencoder.standardize(rows)), as_tensor(fused), device
        )
        return np.asarray(codes.cpu().numpy())

    def _views(self, X: Floats) -> list[Tensor]:
        """Give what the heads see: semantic, lexical and latent rows, all of one scale."""
        views = [*self.view_.split(X), normalise_rows(self._latent(self.view_.transform(X)))]
        return [as_tensor(view * np.float32(np.sqrt(view.shape[1]) / 4)) for view in views]

    def _keep(self, partition: Partition, latent: Floats) -> None:
        """Set what `refine` has found."""
        self.soft_assignments_ = partition.soft_assignments.numpy()
        self.labels_ = self.soft_assignments_.argmax(axis=1)
        self.n_clusters_ = self.soft_assignments_.shape[1]
        self.cluster_centers_ = cluster_means(latent, self.labels_, self.n_clusters_)
        self.evidence_ = partition.evidence
        self.n_clusters_choice_ = partition.choice
