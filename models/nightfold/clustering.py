"""nightfold's own clustering: two views, a neighbour graph, many starts, deep refinement."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted, validate_data

from models.clusterer.deep_clusterer import DeepClusterer
from models.core.arrays import Floats, Integers, wide
from models.core.devices import as_tensor, draw_seed, resolve_device
from models.core.lloyd import cluster_means
from models.core.persistence import JSON, Tensors
from models.core.projection import LEXICAL_WEIGHT, FusedView
from models.core.records import Progress
from models.networks.autoencoder import build_autoencoder
from models.networks.neighbour_autoencoder import (
    LEARNING_RATE,
    epochs_for,
    pretrain_on_neighbourhoods,
)
from models.networks.training import Schedule
from models.nightfold.cotraining import BATCH_SIZE, Run, fit_heads
from models.nightfold.others import Fitted, in_batches, with_others
from models.nightfold.parameters import check_parameters, check_widths, neighbours_of, settings_of
from models.nightfold.partition import Partition, find_partition
from models.nightfold.sampling import rows_to_fit
from models.nightfold.searched import smoothed_rows, take_neighbours
from models.nightfold.seeing import SeesRows
from models.nightfold.state import restore, state_of
from models.nightfold.views import views_apart
from models.nightfold.warm_start import (
    CONTINUED_EPOCHS,
    LEARNING_SHARE,
    Earlier,
    continue_partition,
    with_replay,
)

FUSED_DIM: Final = 256

_REFINED: Final = (
    *("heads_", "labels_", "soft_assignments_", "latent_", "cluster_centers_", "n_clusters_"),
    *("topics_", "history_", "evidence_", "n_clusters_choice_"),
)


class NightfoldClustering(SeesRows, DeepClusterer):
    """Cluster documents by what they mean and which terms they use.

    `pretrain` learns a latent space: an autoencoder on the fused view that is asked for the mean of
    a document's neighbourhood. `refine` smooths the documents over their neighbour graph, chooses
    among many starts by a silhouette that needs no labels, refines the chosen one by heads that
    teach each other, and keeps the result only if the evidence says that it is not worse. The heads
    place new documents and, of very many, most. Each gets a cluster, a confidence and a margin.

    Parameters
    ----------
    n_clusters
        Clusters to find; ``"auto"`` finds their number too, and which of them belong to one topic.
    view_dims
        Widths of the views side by side in X, the sentence embedding first; None: it is all of X.
    lexical_weight
        Weight of all lexical views together beside the sentence embedding.
    granularity
        How fine ``"auto"`` cuts: see `models.counting`.
    rows
        Texts, or items: clustered by all of X, counted by what its views show alike.
    near
        Numbers of topics and clusters of an earlier fit; they stay where others are no better.
    latent_dim
        Width of the latent space.
    n_neighbors
        Neighbours that a document is joined to in the graph; items: see `scaled_neighbours`.
    pretrain_epochs
        Passes over the documents in `pretrain`; fewer over very many.
    deep_refinement
        Whether to refine the start by co-trained heads.
    random_state
        Seed; the same seed gives the same bits.
    device
        See `models.core.devices.resolve_device`.

    Attributes
    ----------
    labels_, soft_assignments_
        Cluster of each row, (n_samples,), and memberships, (n_samples, n_clusters_), that sum to 1.
    latent_
        Where the rows lie in the latent space, shape (n_samples, latent_dim); it is not saved.
    cluster_centers_
        Mean of each cluster in the latent space, shape (n_clusters_, latent_dim).
    n_clusters_
        Clusters found.
    topics_
        Topic that each cluster is under, shape (n_clusters_,); see `models.nightfold.topics`.
    history_
        Record of every epoch of every step.
    evidence_
        How the labels were chosen: silhouettes of the starts, and before and after refinement.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = NightfoldClustering(n_clusters=3, pretrain_epochs=3).fit(X)
    >>> np.bincount(model.labels_).tolist(), model.transform(X).shape
    ([30, 30, 30], (90, 32))
    """

    uses_views: ClassVar[bool] = True
    goes_on: ClassVar[bool] = True
    finds_topics: ClassVar[bool] = True
    _steady: ClassVar[tuple[str, ...]] = ("view_.",)

    def __init__(  # noqa: PLR0913 -- an estimator's hyper-parameters
        self,
        n_clusters: int | Literal["auto"] = "auto",
        *,
        view_dims: Sequence[int] | None = None,
        lexical_weight: float = LEXICAL_WEIGHT,
        granularity: float = 2.0,
        rows: Literal["texts", "items"] = "texts",
        near: tuple[int, int] | None = None,
        latent_dim: int = 32,
        n_neighbors: int = 20,
        pretrain_epochs: int = 20,
        deep_refinement: bool = True,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.view_dims = view_dims
        self.lexical_weight = lexical_weight
        self.granularity = granularity
        self.rows = rows
        self.near = near
        self.latent_dim = latent_dim
        self.n_neighbors = n_neighbors
        self.pretrain_epochs = pretrain_epochs
        self.deep_refinement = deep_refinement
        self.random_state = random_state
        self.device = device

    def _check(self, X: ArrayLike, reset: bool) -> Floats:
        """Check the parameters, and X: finite, as wide as at `pretrain`; 16 bits stay 16."""
        check_parameters(self)
        checked = np.asarray(validate_data(self, X, dtype=(np.float32, np.float16), reset=reset))
        check_widths(self.view_dims or self._dims(checked), checked.shape[1], self.view_dims)
        return checked

    def _dims(self, X: Floats) -> tuple[int, ...]:
        """Widths of the views that are fused; an item's are one."""
        dims = None if self.rows == "items" else self.view_dims
        return (X.shape[1],) if dims is None else tuple(dims)

    def _pretrain(self, X: Floats, progress: Progress | None = None) -> Self:
        """Do what `pretrain` says, with X checked."""
        for name in _REFINED:  # what an earlier fit found lies in another latent space
            self.__dict__.pop(name, None)
        self.seed_ = draw_seed(self.random_state)
        X = wide(X[self._fitted(X)])
        self.view_ = FusedView.fit(X, self._dims(X), FUSED_DIM, self.lexical_weight)
        fused = self.view_.transform(X)
        device = resolve_device(self.device)
        self.searched_, smoothed = smoothed_rows(fused, neighbours_of(self, len(fused)), device)
        network = build_autoencoder(fused.shape[1], None, self.latent_dim, self.seed_)
        network.fit_standardization(as_tensor(fused))
        rows, targets = (network.standardize(as_tensor(side)) for side in (fused, smoothed))
        n_epochs = epochs_for(self.pretrain_epochs, len(rows), BATCH_SIZE)
        schedule = Schedule("pretrain", n_epochs, BATCH_SIZE, self.seed_)
        self.pretrain_history_ = pretrain_on_neighbourhoods(
            network.to(device), rows, targets, schedule, progress
        )
        self.autoencoder_ = network
        return self

    def _refine(self, X: Floats, progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""
        chosen = self._fitted(X)
        rows = wide(X[chosen])
        fused, latent, views = self._look(rows)
        settings = settings_of(self, len(fused))
        n_neighbors, device = settings.n_neighbors, settings.device
        neighbours = take_neighbours(self.__dict__, fused, n_neighbors, device)
        apart = views_apart(rows, self.view_dims or ()) if self.rows == "items" else ()
        partition = find_partition(fused, views, neighbours, settings, progress, apart)
        soft, near = partition.soft_assignments, partition.mixing_neighbours
        run = Run("heads", self.seed_, device, progress)
        self.heads_, records = fit_heads(views, soft, near, partition.recipe, run)
        self.history_ = partition.history + records
        self._keep(partition, X, chosen, latent)
        return self

    def continue_pretraining(
        self, X: ArrayLike, is_new: ArrayLike, progress: Progress | None = None
    ) -> Self:
        """Learn new rows into the latent space of an earlier fit, at a low rate.

        A few epochs over the new rows and as many others, drawn by the seed, so that these are not
        forgotten. Views and clusters stay as they are.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), in the very views of the earlier fit.
        is_new
            Which rows have not been learned yet, shape (n_samples,).
        progress
            See `models.core.records.Progress`; the step's name is ``"pretrain"``.

        Returns
        -------
        The estimator.
        """
        check_is_fitted(self, "heads_")
        X = self._check(X, reset=False)
        fitted = self._fitted(X, goes_on=True)
        fused = self.view_.transform(wide(X[fitted]))
        chosen = with_replay(np.asarray(is_new, dtype=bool)[fitted], self.seed_)
        device = self.autoencoder_.feature_mean.device
        self.searched_, smoothed = smoothed_rows(fused, neighbours_of(self, len(fused)), device)
        sides = (as_tensor(side[chosen]).to(device) for side in (fused, smoothed))
        rows, targets = (self.autoencoder_.standardize(side) for side in sides)
        schedule = Schedule("pretrain", CONTINUED_EPOCHS, BATCH_SIZE, self.seed_)
        self.pretrain_history_ = pretrain_on_neighbourhoods(
            self.autoencoder_, rows, targets, schedule, progress, LEARNING_SHARE * LEARNING_RATE
        )
        return self

    def continue_refinement(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Place rows by the heads of an earlier fit, and train these further.

        See `models.nightfold.warm_start.continue_partition`; clusters without rows left are gone.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), in the very views of the earlier fit.
        progress
            See `models.core.records.Progress`.

        Returns
        -------
        The estimator.
        """
        check_is_fitted(self, "heads_")
        X = self._check(X, reset=False)
        chosen = self._fitted(X, goes_on=True)
        rows = wide(X[chosen])
        fused, latent, views = self._look(rows)
        settings = settings_of(self, len(fused))
        near = take_neighbours(self.__dict__, fused, settings.n_neighbors, settings.device)
        earlier = Earlier(self.heads_, self.topics_, self.evidence_)
        partition, self.heads_ = continue_partition(fused, views, near, earlier, settings, progress)
        self.history_ = partition.history
        self._keep(partition, X, chosen, latent)
        return self

    def fuse(self, X: ArrayLike) -> Floats:
        """Fuse the views of rows, (n_samples, n_features), as a fit does for their neighbours."""
        check_is_fitted(self, "view_")
        return in_batches(self.view_.transform, self._check(X, reset=False))

    def _fitted(self, X: Floats, goes_on: bool = False) -> Integers | slice:
        """Return the rows that a fit is made on, told apart by their first view; mostly all."""
        return rows_to_fit(X[:, : self._dims(X)[0]], self.n_clusters, self.seed_, goes_on)

    def _keep(
        self, partition: Partition, X: Floats, fitted: Integers | slice, latent: Floats
    ) -> None:
        """Set what was found, and place the rows that were not fitted."""
        soft = partition.soft_assignments.numpy()
        if not isinstance(fitted, slice):
            known = Fitted(fitted, latent, soft)
            soft, latent = with_others(X, known, self._place, resolve_device(self.device))
        self.soft_assignments_ = soft
        self.labels_ = self.soft_assignments_.argmax(axis=1)
        self.n_clusters_ = self.soft_assignments_.shape[1]
        self.topics_ = partition.topics
        self.latent_ = latent
        self.cluster_centers_ = cluster_means(latent, self.labels_, self.n_clusters_)
        self.evidence_ = partition.evidence
        self.n_clusters_choice_ = partition.choice

    def _state(self) -> tuple[Tensors, Mapping[str, JSON]]:
        """Take the estimator apart."""
        return state_of(self)

    def _restore(self, tensors: Tensors, config: Mapping[str, Any]) -> None:
        """Put it together again."""
        restore(self, tensors, config)
