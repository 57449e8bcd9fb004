"""What every deep clustering here can do: learn a latent space, find clusters in it, be saved."""

from abc import abstractmethod
from numbers import Integral
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from models.autoencoder import build_autoencoder
from models.clusterer_state import restore, state_of
from models.devices import as_tensor, draw_seed, place_rows, resolve_device
from models.n_clusters import check_n_clusters
from models.persistence import load_state, save_state
from models.training import Progress, Schedule, map_rows, pretrain_autoencoder

_COUNTS: Final = {  # the smallest value of each
    "n_clusters": 1,
    "latent_dim": 1,
    "pretrain_epochs": 0,
    "clustering_epochs": 0,
    "batch_size": 1,
    "update_interval": 1,
}
_MEASURES: Final = ("learning_rate", "clustering_loss_weight", "tol")
_PRETRAINED: Final = {"n_features_in_", "feature_names_in_"}


class DeepClusterer(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """A scikit-learn clusterer with a network inside, fitted in two steps.

    `pretrain` learns the latent space and `refine` finds the clusters; they can run in different
    processes, with `save` and `load` between them, and `fit` is one after the other. A subclass
    gives the parameters, with the names that are used here, `_refine`, and `_predict_proba`.
    """

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
            See `models.training.Progress`; the step's name is ``"pretrain"``.

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
            See `models.training.Progress`; the step's name is ``"refine"``.

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
        """Give the soft assignments of rows, (n_samples, n_clusters_); each sums to 1."""
        check_is_fitted(self, "cluster_centers_")
        return self._predict_proba(self._check(X, reset=False))

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Give the cluster of each row, shape (n_samples,)."""
        return np.asarray(np.argmax(self.predict_proba(X), axis=1))

    def save(self, folder: Path) -> None:
        """Write the estimator, pretrained or refined; see `models.persistence.save_state`.

        A ``random_state`` that is a generator is saved as the seed that was drawn from it.
        """
        check_is_fitted(self, "autoencoder_")
        save_state(folder, *state_of(self))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an estimator that `save` wrote; see `models.persistence.load_state` for errors.

        One more is ValueError, where the folder holds an estimator of another class.
        """
        estimator = cls()
        restore(estimator, *load_state(folder))
        return estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        """Width of what `transform` gives."""
        return int(self.autoencoder_.latent_dim)

    @abstractmethod
    def _refine(self, X: NDArray[np.float32], progress: Progress | None = None) -> Self:
        """Do what `refine` says, with X checked."""

    @abstractmethod
    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""

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
            if name not in _PRETRAINED:  # what an earlier fit found lies in another latent space
                delattr(self, name)
        device = resolve_device(self.device)
        self.seed_ = draw_seed(self.random_state)
        autoencoder = build_autoencoder(X.shape[1], self.hidden_dims, self.latent_dim, self.seed_)
        autoencoder.fit_standardization(as_tensor(X))
        rows = place_rows(autoencoder.standardize(as_tensor(X)), device)
        schedule = Schedule("pretrain", self.pretrain_epochs, self.batch_size, self.seed_)
        self.pretrain_history_ = pretrain_autoencoder(
            autoencoder.to(device), rows, schedule, self.learning_rate, progress
        )
        self.autoencoder_ = autoencoder
        return self

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        params = self.get_params(deep=False)
        for name, smallest in _COUNTS.items():
            value = params.get(name, smallest)
            is_count = isinstance(value, Integral) and int(value) >= smallest
            if not is_count and (name, value) not in {("n_clusters", "auto"), ("latent_dim", None)}:
                raise ValueError(f"{name} must be an integer of at least {smallest}, got {value!r}")
        if any(width < 1 for width in params["hidden_dims"] or ()):
            widths = params["hidden_dims"]
            raise ValueError(f"hidden_dims must be integers of at least 1, got {widths!r}")
        for name in _MEASURES:
            value = params.get(name, 0.0)
            if not value >= 0.0:
                raise ValueError(f"{name} must be at least 0, got {value!r}")
        checked: NDArray[np.float32] = validate_data(self, X, dtype=np.float32, reset=reset)
        return checked
