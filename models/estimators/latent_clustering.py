"""Clustering in a pretrained latent space: by k-means, maximum likelihood or optimal transport."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from models.core.arrays import AnyFloats, Integers
from models.core.mixture import Mixture, fit_mixture
from models.core.records import History, Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Choices, Given
from models.estimators.transport import Transport, fit_transport
from models.networks.mutual_information_training import temperature

Assignment = Literal["k-means", "likelihood", "transport"]


def _is_a_mixture(estimator: "LatentClustering") -> bool:
    return estimator.assignment == "likelihood"


@dataclass(eq=False, repr=False)
class LatentClustering(AutoencoderClusterer):
    """Clusters found in the latent space as it was pretrained.

    `pretrain` trains an autoencoder, and that is all the training there is: `refine` finds k-means
    clusters in the latent space and, as ``assignment`` says,

    - ``"k-means"``: keeps them;
    - ``"likelihood"``: fits a Gaussian mixture with diagonal covariances by EM from there;
    - ``"transport"``: shares the rows out by optimal transport, and learns the shares; see
      `models.estimators.transport.fit_transport`.

    Parameters
    ----------
    assignment
        How labels are made; see above.
    clustering_epochs
        Rounds of EM or of the transport, at most; k-means ends by itself.
    tol
        Share of rows; the transport ends where fewer change their cluster.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        Centres of k-means or of the transport, or means of the mixture.
    weights_ : ndarray of shape (n_clusters_,)
        Weights of the mixture, or shares of the transport; they sum to 1. Not for k-means.
    covariances_ : ndarray of shape (n_clusters_, latent_dim)
        Variances of the mixture.
    potentials_ : ndarray of shape (n_clusters_,)
        Of the transport: what a cluster's share adds to the logarithm of a row's assignment.
    variance_ : float
        Of the transport: the variance of every cluster.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        The kernel of DEC, the posterior, or the plan.
    history_ : History
        One record for the mixture, with ``loss``, minus its mean log-likelihood; one for each round
        of the transport, with ``loss``, minus the mean log-assignment of the clusters before the
        shares come in, and ``label_change``. The other parameters and attributes are those of
        `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = LatentClustering(
    ...     n_clusters=3, assignment="likelihood", pretrain_epochs=5, random_state=0
    ... ).fit(X)
    >>> model.n_clusters_, model.score_samples(X).shape
    (3, (90,))
    """

    clustering_epochs: int = 100
    assignment: Assignment = "k-means"
    tol: float = 1e-3

    _choices: ClassVar[Choices] = {
        "assignment": get_args(Assignment),
    }
    _per_cluster: ClassVar[tuple[str, ...]] = (
        *("cluster_centers_", "weights_", "covariances_", "potentials_"),
    )

    @available_if(_is_a_mixture)  # type: ignore[untyped-decorator]
    def score_samples(self, X: ArrayLike) -> NDArray[np.float32]:
        """Compute the log-density of rows (n_samples, n_features) under the mixture, (n_samples,).

        It is that of their latent vectors; there is none but with ``assignment="likelihood"``.
        """
        check_is_fitted(self, "covariances_")
        latent = self._transform(self._check(X, reset=False)).astype(np.float64)
        return self._mixture().log_density(latent).astype(np.float32)

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Run k-means, and what is to follow it."""
        labels, centers = self._start(given)
        for name in {*self._per_cluster} & {*vars(self)}:  # an earlier refinement's
            delattr(self, name)
        self.cluster_centers_ = centers
        self.history_: History = []
        if self.assignment == "likelihood":
            self._fit_mixture(given.latent.astype(np.float64), np.eye(given.n_clusters)[labels])
        elif self.assignment == "transport":
            self._fit_transport(given.latent, centers)
        return labels

    def _fit_mixture(self, latent: AnyFloats, members: AnyFloats) -> None:
        """Fit the mixture from the members of the clusters, (n_samples, n_clusters)."""
        mixture = fit_mixture(latent, members, max(1, self.clustering_epochs))
        self.weights_, self.cluster_centers_ = mixture.weights, mixture.means
        self.covariances_ = mixture.variances
        self.history_ = [{"epoch": 1, "loss": -float(mixture.log_density(latent).mean())}]

    def _fit_transport(self, latent: NDArray[np.float32], centers: NDArray[np.float32]) -> None:
        """Share the rows out, from the centres of k-means."""
        clusters, self.history_ = fit_transport(
            latent.astype(np.float64),
            centers.astype(np.float64),
            temperature(latent, centers),
            self.clustering_epochs,
            self.tol,
        )
        self.cluster_centers_, self.variance_ = clusters.centers, clusters.variance
        self.potentials_, self.weights_ = clusters.potentials, clusters.marginal

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""
        if self.assignment == "k-means":
            return super()._predict_proba(X)
        latent = self._transform(X).astype(np.float64)
        clusters = self._mixture() if self.assignment == "likelihood" else self._transport()
        return clusters.assignments(latent).astype(np.float32)

    def _mixture(self) -> Mixture:
        """Put the mixture together."""
        return Mixture(self.weights_, self.cluster_centers_, self.covariances_)

    def _transport(self) -> Transport:
        """Put the clusters of the transport together."""
        return Transport(self.cluster_centers_, self.variance_, self.potentials_, self.weights_)
