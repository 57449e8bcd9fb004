"""What every clustering without a network shares: the two steps, and to be saved."""

import logging
from abc import abstractmethod
from numbers import Integral
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from models.core.arrays import Floats, Integers
from models.core.devices import draw_seed
from models.core.lloyd import cluster_means
from models.core.persistence import load_state, save_state
from models.core.records import Progress
from models.counting.distinct_rows import check_n_clusters
from models.counting.n_clusters import choose_n_clusters

logger = logging.getLogger(__name__)

Doubles = NDArray[np.float64]

_TINY: Final = float(np.finfo(np.float32).tiny)
_NUMBERS: Final = ("n_features_in_", "seed_", "n_clusters_", "variance_")

ARRAYS: Final = ("labels_", "soft_assignments_", "cluster_centers_")
"""What `Baseline.save` writes, where it is there; a subclass may add to it."""


class Baseline(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    r"""A clustering without a network, with the two steps of one.

    `pretrain` learns nothing and only checks; `refine` clusters X; `transform` gives X back. Rows
    that were not there are placed by the posterior of equal round Gaussians at the centres,

    .. math::
        q_{ij} \propto \exp(-\|x_i - \mu_j\|^2 / 2 \sigma^2),

    σ² the mean square distance to the own centre, per feature; in many dimensions it is near 1
    for the nearest centre. A subclass gives `_cluster`.

    Parameters
    ----------
    n_clusters
        Number of clusters; ``"auto"``: see `models.counting.n_clusters.choose_n_clusters`.
    random_state
        The same integer gives the same result.
    device
        Not used, all is computed on the CPU; here so that any estimator can be made alike.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        The cluster of each row, from 0 without gaps.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        Highest at the label. A method that gives none has 1 at the label and 0 elsewhere.
    cluster_centers_ : ndarray of shape (n_clusters_, n_features)
        Mean of the rows of each cluster.
    variance_ : float
        The σ² above.
    n_clusters_ : int
        Clusters found.
    seed_ : int
        Drawn from ``random_state`` by `pretrain`.
    n_features_in_ : int
        Width of X.
    """

    uses_views: ClassVar[bool] = False
    goes_on: ClassVar[bool] = False
    finds_topics: ClassVar[bool] = False
    pretrainings: ClassVar[tuple[str, ...]] = ()
    takes_n_clusters: ClassVar[bool] = True
    """See `models.clusterer.clusterer.Clusterer`."""

    _arrays: ClassVar[tuple[str, ...]] = ARRAYS

    def __init__(
        self,
        n_clusters: int | Literal["auto"] = 8,
        *,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: None = None) -> Self:
        """Cluster the rows of X, shape (n_samples, n_features), finite; y is not used.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        """
        return self.pretrain(X).refine(X)

    def pretrain(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Check X and the parameters, and forget an earlier fit; ``progress`` is never called.

        Raises
        ------
        ValueError
            If X or a parameter cannot be used.
        """
        self._check(X, reset=True)
        for name in (*self._arrays, "n_clusters_", "variance_"):
            if hasattr(self, name):
                delattr(self, name)
        self.seed_ = draw_seed(self.random_state)
        return self

    def refine(self, X: ArrayLike, progress: Progress | None = None) -> Self:
        """Cluster the rows of X, shape (n_samples, n_features); ``progress`` is never called.

        Raises
        ------
        NotFittedError
            Before `pretrain`.
        ValueError
            If X or a parameter cannot be used, or X has fewer distinct rows than ``n_clusters``.
        """
        check_is_fitted(self, "seed_")
        rows = self._check(X, reset=False)
        check_n_clusters(self.n_clusters, rows)
        labels, q = self._cluster(rows, self._choose_n_clusters(rows))
        self.labels_ = labels.astype(np.int64)
        self.soft_assignments_ = q.astype(np.float32)
        self.n_clusters_ = q.shape[1]
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return X itself, checked, as float32."""
        check_is_fitted(self, "seed_")
        return self._check(X, reset=False)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Compute the soft assignments of rows, (n_samples, n_clusters_); each sums to 1."""
        check_is_fitted(self, "cluster_centers_")
        return self._predict_proba(self._check(X, reset=False)).astype(np.float32)

    def predict(self, X: ArrayLike) -> Integers:
        """Return the cluster of each row, shape (n_samples,).

        For training rows ``labels_`` says more: a method whose clusters are not around their
        centres gave them other ones.
        """
        return np.asarray(np.argmax(self.predict_proba(X), axis=1))

    def save(self, folder: Path) -> None:
        """Write the estimator, pretrained or refined; see `models.core.persistence.save_state`.

        A ``random_state`` that is a generator is saved as the seed that was drawn from it.
        """
        check_is_fitted(self, "seed_")
        fitted, params = vars(self), self.get_params(deep=False)
        if isinstance(params["random_state"], np.random.RandomState):
            params["random_state"] = self.seed_
        names = fitted.get("feature_names_in_")
        config = {
            "estimator": type(self).__name__,
            "params": params,
            "fitted": {name: fitted[name] for name in _NUMBERS if name in fitted},
            "feature_names": None if names is None else names.tolist(),
        }
        save_state(folder, {name: fitted[name] for name in self._arrays if name in fitted}, config)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an estimator that `save` wrote; see `models.core.persistence.load_state` for errors.

        One more is ValueError, where the folder holds an estimator of another class.
        """
        arrays, config = load_state(folder)
        if config["estimator"] != cls.__name__:
            raise ValueError(f"estimator must be {cls.__name__}, got {config['estimator']}")
        estimator = cls(**config["params"])
        for name, value in (config["fitted"] | arrays).items():
            setattr(estimator, name, value)
        if config["feature_names"] is not None:
            estimator.feature_names_in_ = np.array(config["feature_names"], dtype=object)
        return estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        """Width of what `transform` gives."""
        return int(self.n_features_in_)

    @abstractmethod
    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Doubles | Floats]:
        """Find labels from 0 without gaps, and soft assignments; set what places new rows."""

    def _keep_hard(self, X: Floats, labels: Integers) -> tuple[Integers, Floats]:
        """Set the centres of a partition; give its labels without gaps, and 1 at each."""
        labels = np.unique(labels, return_inverse=True)[1]
        self._set_centers(X, labels, cluster_means(X, labels, int(labels.max()) + 1))
        return labels, np.eye(len(self.cluster_centers_), dtype=np.float32)[labels]

    def _choose_n_clusters(self, X: Floats) -> int:
        """Take the number that was given, or choose one and log why."""
        if self.n_clusters != "auto":
            return int(self.n_clusters)
        choice = choose_n_clusters(X, self.seed_)
        logger.info("chose the number of clusters: %s", choice)
        return choice.n_clusters

    def _set_centers(self, X: Floats, labels: Integers, centers: Floats) -> None:
        """Set what places new rows."""
        self.cluster_centers_ = centers
        self.variance_ = float(np.square(X - centers[labels], dtype=np.float64).mean())

    def _predict_proba(self, X: Floats) -> Doubles:
        """Compute the posterior of equal round Gaussians at the centres."""
        distances = cdist(X, self.cluster_centers_, "sqeuclidean")
        return np.asarray(softmax(-distances / (2.0 * max(self.variance_, _TINY)), axis=1))

    def _check(self, X: ArrayLike, reset: bool) -> Floats:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        value = self.n_clusters
        if value != "auto" and not (isinstance(value, Integral) and value >= 1):
            raise ValueError(
                f"n_clusters must be an integer of at least 1 or 'auto', got {value!r}"
            )
        return np.asarray(validate_data(self, X, dtype=np.float32, reset=reset))
