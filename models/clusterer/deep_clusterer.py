"""What every deep clustering here can do: learn a latent space, find clusters in it, be saved."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from models.clusterer.clusterer_state import restore, state_of
from models.core.arrays import top_two
from models.core.persistence import JSON, Tensors, load_state, save_state
from models.core.records import Progress
from models.counting.distinct_rows import check_n_clusters


class DeepClusterer(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """A scikit-learn clusterer with a network inside, fitted in two steps.

    `pretrain` learns the latent space and `refine` finds the clusters; they can run in different
    processes, with `save` and `load` between them, and `fit` is one after the other. A subclass
    gives the parameters, with the names that are used here, and what is abstract here.
    """

    uses_views: ClassVar[bool] = False
    goes_on: ClassVar[bool] = False
    finds_topics: ClassVar[bool] = False
    pretrainings: ClassVar[tuple[str, ...]] = ()
    takes_n_clusters: ClassVar[bool] = True
    """See `models.clusterer.clusterer.Clusterer`."""

    _steady: ClassVar[tuple[str, ...]] = ()
    """How the names of arrays begin that stay what they are where the estimator goes on."""

    def fit(self, X: ArrayLike, y: None = None) -> Self:
        """Pretrain and refine.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), finite; computed with as float32.
        y
            Not used; here by convention.

        Returns
        -------
        The estimator.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        RuntimeError
            If the loss is not finite.
        """
        X = self._check(X, reset=True)
        check_n_clusters(self.n_clusters, X)
        return self._pretrain(X)._refine(X)

    def pretrain(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Learn the latent space, from nothing.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), finite.
        progress
            See `models.core.records.Progress`; the step's name is ``"pretrain"``.

        Returns
        -------
        The estimator, without the clusters of an earlier fit.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used.
        RuntimeError
            If the loss is not finite.
        """
        return self._pretrain(self._check(X, reset=True), progress)

    def refine(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Find the clusters, from the pretrained state.

        Parameters
        ----------
        X
            The rows of `pretrain`, or others of the same width: shape (n_samples, n_features).
        progress
            See `models.core.records.Progress`; the step's name is ``"refine"``.

        Returns
        -------
        The estimator. Refining it once more goes on from the refined network.

        Raises
        ------
        NotFittedError
            Before `pretrain`.
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        RuntimeError
            If the loss is not finite; the estimator is still pretrained then.
        """
        check_is_fitted(self, "autoencoder_")
        X = self._check(X, reset=False)
        check_n_clusters(self.n_clusters, X)
        return self._refine(X, progress)

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Map rows (n_samples, n_features) to the latent space, (n_samples, latent_dim)."""
        check_is_fitted(self, "autoencoder_")
        return self._transform(self._check(X, reset=False))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Compute the soft assignments of rows, (n_samples, n_clusters_); each sums to 1."""
        check_is_fitted(self, "cluster_centers_")
        return self._predict_proba(self._check(X, reset=False))

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the cluster of each row, shape (n_samples,)."""
        return np.asarray(np.argmax(self.predict_proba(X), axis=1))

    def save(self, folder: Path) -> None:
        """Write the estimator, pretrained or refined; see `models.core.persistence.save_state`.

        A ``random_state`` that is a generator is saved as the seed that was drawn from it.
        """
        check_is_fitted(self, "autoencoder_")
        tensors, config = self._state()
        steady = {name: it for name, it in tensors.items() if name.startswith(self._steady)}
        learnt = {name: it for name, it in tensors.items() if name not in steady}
        save_state(folder, learnt, config, steady)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an estimator that `save` wrote; see `models.core.persistence.load_state` for errors.

        One more is ValueError, where the folder holds an estimator of another class.
        """
        estimator = cls()
        estimator._restore(*load_state(folder))
        return estimator

    @property
    def confidence_(self) -> NDArray[np.float32]:
        """Membership of each training row in its own cluster, shape (n_samples,)."""
        check_is_fitted(self, "soft_assignments_")
        return top_two(self.soft_assignments_)[0]

    @property
    def margin_(self) -> NDArray[np.float32]:
        """Lead of each training row's own cluster over the next, shape (n_samples,)."""
        check_is_fitted(self, "soft_assignments_")
        return top_two(self.soft_assignments_)[1]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        """Width of what `transform` gives."""
        return int(self.autoencoder_.latent_dim)

    def _state(self) -> tuple[Tensors, Mapping[str, JSON]]:
        """Take the estimator apart, for `models.core.persistence.save_state`."""
        return state_of(self)

    def _restore(self, tensors: Tensors, config: Mapping[str, Any]) -> None:
        """Put into a new estimator what `_state` took out of another."""
        restore(self, tensors, config)

    @abstractmethod
    def _pretrain(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `pretrain` says, with X checked."""

    @abstractmethod
    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""

    @abstractmethod
    def _transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `transform` says, with X checked."""

    @abstractmethod
    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""

    @abstractmethod
    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
