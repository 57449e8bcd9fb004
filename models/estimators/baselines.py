"""Classical clusterings behind the interface of the deep ones, to be compared with or used."""

import warnings
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, SpectralClustering

from models.core.arrays import Floats, Integers
from models.core.kmeans import fit_kmeans
from models.core.lloyd import cluster_means
from models.core.mixture import Mixture, fit_mixture
from models.estimators.baseline import ARRAYS, Baseline, Doubles
from validation.errors import SettingError

_N_INIT: Final = 10
_N_NEIGHBORS: Final = 20


class KMeansBaseline(Baseline):
    """k-means, the best of 10 starts; see `Baseline`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = KMeansBaseline(n_clusters=3, random_state=0).fit(X)
    >>> np.bincount(model.labels_).tolist()
    [30, 30, 30]
    """

    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Doubles]:
        """Run k-means; the labels are those of `predict`."""
        labels, centers = fit_kmeans(X, n_clusters, _N_INIT, self.seed_)
        self._set_centers(X, labels, centers)
        nearest = self._predict_proba(X).argmax(axis=1)
        used, labels = np.unique(nearest, return_inverse=True)
        self._set_centers(X, labels, centers[used])
        return labels, self._predict_proba(X)


class WardBaseline(Baseline):
    """Agglomeration by Ward's criterion; see `Baseline`. Its memory grows with n_samples².

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = WardBaseline(n_clusters=3).fit(X)
    >>> np.bincount(model.labels_).tolist()
    [30, 30, 30]
    """

    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Floats]:
        """Merge the rows, nearest first."""
        if n_clusters == 1:  # the library asks for two rows
            return self._keep_hard(X, np.zeros(len(X), dtype=np.int64))
        return self._keep_hard(X, AgglomerativeClustering(n_clusters).fit_predict(X))


class SpectralBaseline(Baseline):
    """Spectral clustering of the graph of the 20 nearest neighbours; see `Baseline`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = SpectralBaseline(n_clusters=3, random_state=0).fit(X)
    >>> np.bincount(model.labels_).tolist()
    [30, 30, 30]
    """

    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Floats]:
        """Run k-means on the first eigenvectors of the graph."""
        if n_clusters == 1:
            return self._keep_hard(X, np.zeros(len(X), dtype=np.int64))
        spectral = SpectralClustering(
            n_clusters,
            affinity="nearest_neighbors",
            n_neighbors=min(_N_NEIGHBORS, len(X)),
            random_state=self.seed_,
        )
        with warnings.catch_warnings():
            # A feed of clear clusters has a graph in several pieces: no fault of the data.
            warnings.simplefilter("ignore", UserWarning)
            labels = spectral.fit_predict(X)
        return self._keep_hard(X, labels)


class GaussianMixtureBaseline(Baseline):
    """A Gaussian mixture with diagonal covariances, by EM from k-means; see `Baseline`.

    Its posterior takes the place of the one there, for new rows too. A component that is the
    likeliest of no row is dropped, so ``n_clusters_`` may be below ``n_clusters``.

    Attributes
    ----------
    weights_ : ndarray of shape (n_clusters_,)
        Of the components.
    cluster_centers_, variances_ : ndarray of shape (n_clusters_, n_features)
        Means and variances of the components.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = GaussianMixtureBaseline(n_clusters=3, random_state=0).fit(X)
    >>> model.weights_.round(2).tolist()
    [0.33, 0.33, 0.33]
    """

    _arrays: ClassVar = (*ARRAYS, "weights_", "variances_")

    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Doubles]:
        """Fit the mixture and keep the components that have rows."""
        start, centers = fit_kmeans(X, n_clusters, _N_INIT, self.seed_)
        mixture = fit_mixture(X, np.eye(len(centers))[start])
        used, labels = np.unique(mixture.assignments(X).argmax(axis=1), return_inverse=True)
        self._set_centers(X, labels, mixture.means[used])
        self.weights_ = mixture.weights[used] / mixture.weights[used].sum()
        self.variances_ = mixture.variances[used]
        return labels, self._predict_proba(X)

    def _predict_proba(self, X: Floats) -> Doubles:
        """Compute the posterior of the mixture."""
        mixture = Mixture(self.weights_, self.cluster_centers_, self.variances_)
        return np.asarray(mixture.assignments(X))


class HDBSCANBaseline(Baseline):
    """HDBSCAN, every row with a label; see `Baseline`.

    Rows that it calls noise get the nearest cluster centre, **with confidence 0**: a row of
    ``soft_assignments_`` has the library's membership strength at the label and 0 elsewhere, so the
    rows of noise are all 0 (and their label is in ``labels_`` alone). Where all is noise, all rows
    are one cluster of confidence 0. New rows get the nearest centre and never count as noise.

    Parameters
    ----------
    n_clusters
        ``"auto"``: the density alone says how many there are.
    min_cluster_size
        Rows in a cluster, at least; of 2 or more.
    random_state, device
        Not used; see `Baseline`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = HDBSCANBaseline().fit(X)
    >>> model.n_clusters_, np.bincount(model.labels_).tolist()
    (3, [30, 30, 30])
    """

    takes_n_clusters: ClassVar[bool] = False

    def __init__(
        self,
        n_clusters: Literal["auto"] = "auto",
        *,
        min_cluster_size: int = 10,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        super().__init__(n_clusters, random_state=random_state, device=device)
        self.min_cluster_size = min_cluster_size

    def _check(self, X: ArrayLike, reset: bool) -> Floats:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        if self.n_clusters != "auto":
            raise SettingError(f"n_clusters must be 'auto' for HDBSCAN, got {self.n_clusters!r}")
        if self.min_cluster_size < 2:
            raise ValueError(f"min_cluster_size must be at least 2, got {self.min_cluster_size!r}")
        return super()._check(X, reset)

    def _choose_n_clusters(self, X: Floats) -> int:
        """Choose none: it is not asked for."""
        return 0

    def _cluster(self, X: Floats, n_clusters: int) -> tuple[Integers, Doubles]:
        """Find the dense regions, and then a place for the noise."""
        found, strength = self._dense_regions(X)
        is_noise = found < 0
        if is_noise.all():
            labels, _ = self._keep_hard(X, np.zeros(len(X), dtype=np.int64))
            return labels, np.zeros((len(X), 1))
        centers = cluster_means(X[~is_noise], found[~is_noise], int(found.max()) + 1)
        labels = np.where(is_noise, cdist(X, centers).argmin(axis=1), found)
        self._set_centers(X, labels, centers)
        return labels, np.eye(len(centers))[labels] * strength[:, None]

    def _dense_regions(self, X: Floats) -> tuple[Integers, Doubles]:
        """Return labels, -1 for noise, and membership strengths, 0 for noise."""
        if len(X) < self.min_cluster_size:
            return np.full(len(X), -1), np.zeros(len(X))
        hdbscan = HDBSCAN(min_cluster_size=self.min_cluster_size, copy=True).fit(X)
        return hdbscan.labels_, hdbscan.probabilities_
