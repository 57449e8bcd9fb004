"""Clustering by mutual information: neighbours agree, clusters stay apart, a teacher steadies."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from models.core.arrays import Integers
from models.core.kmeans import fit_kmeans
from models.core.records import Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Choices, Given
from models.networks.mutual_information_training import (
    Goal,
    InformationTraining,
    Objective,
    Partners,
    PrototypeHeads,
    find_partners,
    temperature,
)

Start = Literal["kmeans", "random"]

TEACHER_MOMENTUM: Final = 0.996
"""As published."""


@dataclass(eq=False, repr=False)
class MutualInformationClustering(AutoencoderClusterer):
    r"""Clusters that tell as much as they can about the rows, learned from pairs of neighbours.

    `pretrain` trains an autoencoder. `refine` gives its latent space several heads, each a set of
    prototypes μ with

    .. math::
        q(c | x) \propto \exp(-\|f(x) - \mu_c\|^2 / 2 T)

    and trains encoder and prototypes; a teacher, their moving average, gives the targets and in
    the end the clusters, those of the head with the lowest loss. With the goal ``"temi"`` it
    maximises the pointwise mutual information of a row and one of its nearest neighbours x',

    .. math::
        L = -\frac{1}{n} \sum_i w_i \log \sum_c
        \frac{\big(q_s(c | x_i) \, q_t(c | x'_i)\big)^\beta}{q_t(c)},
        \quad w_i = \sum_c q_t(c | x_i) \, q_t(c | x'_i)

    both ways, s for the student and t for the teacher. With ``"imsat"`` it is

    .. math::
        L = \frac{1}{n} \sum_i KL\big(q_t(\cdot | x_i) \| q_s(\cdot | x'_i)\big)
        - \lambda \big(\mu H(Y) - H(Y | X)\big), \quad \lambda = 0.1, \; \mu = 4

    where x' is a neighbour, or the row itself moved to where its clusters change most.

    A cluster that empties is seen in ``history_``, dropped in the end and logged as a warning.

    Parameters
    ----------
    goal
        ``"temi"`` or ``"imsat"``.
    partners
        The x' of the goal ``"imsat"``: ``"neighbours"`` or ``"adversarial"``.
    start
        Where the prototypes start: ``"kmeans"``, each head with its own seed, or ``"random"``,
        at draws from a normal distribution as wide as the latent space.
    beta
        The β, from 0 to 1: the lower, the more even the clusters.
    n_heads
        Sets of prototypes.
    n_neighbors
        Nearest rows by cosine in the space of X, centred, from which the neighbour is drawn.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters_, latent_dim)
        The prototypes.
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        The q of the teacher.
    temperature_ : float
        The T: a quarter of the mean square distance of a row from its centre at the start.
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``n_clusters`` (those that have rows, in the
        head that has the fewest), and for ``"imsat"`` ``marginal_entropy``,
        ``conditional_entropy`` and ``consistency_loss``. The other parameters and attributes are
        those of `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    References
    ----------
    Adaloglou, Michels, Kalisch, Kollmann (2023), Exploring the Limits of Deep Image Clustering
    using Pretrained Models (TEMI): β = 0.6, momentum of the teacher 0.996, 25 to 50 neighbours, 16
    to 50 heads. Hu, Miyato, Tokui, Matsumoto, Sugiyama (2017), Learning Discrete Representations
    via Information Maximizing Self-Augmented Training (IMSAT), eq. 6-9.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = MutualInformationClustering(
    ...     n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0
    ... ).fit(X)
    >>> model.n_clusters_, model.labels_.shape
    (3, (90,))
    """

    clustering_epochs: int = 30
    goal: Goal = "temi"
    partners: Partners = "neighbours"
    start: Start = "kmeans"
    beta: float = 0.6
    n_heads: int = 4
    n_neighbors: int = 25

    _choices: ClassVar[Choices] = {
        "goal": get_args(Goal),
        "partners": get_args(Partners),
        "start": get_args(Start),
    }

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        if not 0.0 <= self.beta <= 1.0:
            raise ValueError(f"beta must be between 0 and 1, got {self.beta!r}")
        return super()._check(X, reset)

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Train encoder and prototypes, and take the teacher's best head."""
        labels, centers = self._start(given)
        network, rows = self._place(given.X)
        device = network.feature_mean.device
        first = self._first_centers(given.latent, centers)
        temperatures = [temperature(given.latent, of_head) for of_head in first]
        heads = PrototypeHeads(
            network, torch.from_numpy(first).to(device), torch.tensor(temperatures, device=device)
        )
        objective = Objective(self.goal, self.partners, self.beta, TEACHER_MOMENTUM)
        partners = find_partners(rows, self.n_neighbors)
        training = InformationTraining(heads, rows, partners, objective)
        self.history_ = training.fit(self._schedule, self.learning_rate, progress)
        best = training.best_head(self.seed_)
        self.autoencoder_ = training.teacher.autoencoder.requires_grad_(True)
        self.cluster_centers_ = training.teacher.centers[best].cpu().numpy()
        self.temperature_ = temperatures[best]
        return labels

    def _first_centers(
        self, latent: NDArray[np.float32], centers: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the first prototypes of all heads, (n_heads, n_clusters, latent_dim)."""
        if self.start == "random":
            rng = np.random.default_rng(self.seed_)
            draws = rng.normal(size=(self.n_heads, *centers.shape))
            return np.asarray(latent.mean(axis=0) + latent.std(axis=0) * draws, dtype=np.float32)
        seeds = range(self.seed_ + 1, self.seed_ + self.n_heads)
        others = [fit_kmeans(latent, len(centers), 1, seed)[1] for seed in seeds]
        return np.stack([centers, *others])

    def _predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Do what `predict_proba` says, with X checked."""
        latent = torch.from_numpy(self._transform(X))
        distances = torch.cdist(
            latent,
            torch.from_numpy(self.cluster_centers_),
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        q = torch.softmax(-distances.square() / (2 * self.temperature_), dim=1)
        return np.asarray(q.numpy())
