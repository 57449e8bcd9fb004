"""DCN: an autoencoder whose latent space is drawn to the centres of k-means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.core.arrays import Integers
from models.core.records import History, Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Given
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule, fit_epochs

FIRST_COUNT: Final = 100.0
"""Rows that each centre of the start stands for, as in public re-implementations."""


@dataclass(eq=False, repr=False)
class DCN(AutoencoderClusterer):
    r"""Deep clustering network, as published: alternate between network, labels and centres.

    `pretrain` trains an autoencoder g∘f. `refine` starts centres M and labels s with k-means on the
    latent vectors, then repeats for each batch

    .. math::
        \min_{f, g} \; \ell(g(f(x_i)), x_i) + \frac{\lambda}{2} \|f(x_i) - M s_i\|^2

    .. math::
        s_i \leftarrow \arg\min_k \|f(x_i) - m_k\|, \quad
        m_k \leftarrow m_k - \frac{1}{c_k} (m_k - f(x_i)) \; \text{where} \; s_i = k

    one step on the network with s and M fixed, then the labels with network and centres fixed,
    then the centres, where c_k counts the rows that were given to cluster k so far.

    Labels are hard in this method; `predict_proba` and ``soft_assignments_`` measure the distances
    to the centres with the kernel of DEC, so that they are highest where the label is.

    Parameters
    ----------
    clustering_loss_weight
        The λ of the loss; the reconstruction has weight 1 and is a mean over the features, where
        the paper has the sum.

    Attributes
    ----------
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``reconstruction_loss`` and
        ``clustering_loss``, the last without λ. The other parameters and attributes are those of
        `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    References
    ----------
    Yang, Fu, Sidiropoulos, Hong (2017), Towards K-means-friendly Spaces: Simultaneous Deep
    Learning and Clustering, eq. 8-10 and algorithm 1.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = DCN(n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0).fit(X)
    >>> model.n_clusters_, model.labels_.shape
    (3, (90,))
    """

    clustering_loss_weight: float = 0.1

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Alternate between network, labels and centres."""
        labels, centers = self._start(given)
        network, rows = self._place(given.X)
        alternation = Alternation(
            network,
            torch.from_numpy(centers).to(network.feature_mean.device),
            torch.from_numpy(labels),
            rows,
            self.clustering_loss_weight,
        )
        self.history_ = alternation.fit(self._schedule, self.learning_rate, progress)
        self.autoencoder_ = alternation.autoencoder
        self.cluster_centers_ = alternation.centers.cpu().numpy()
        return labels


class Alternation:
    """What changes while DCN refines: the network by its gradient, labels and centres without.

    Parameters
    ----------
    autoencoder
        Pretrained, on the device to train on.
    centers
        First centres, shape (n_clusters, latent_dim), on the same device.
    labels
        First labels, shape (n_samples,), on any device.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    clustering_loss_weight
        The λ of the loss.

    Attributes
    ----------
    counts
        The c of the paper, shape (n_clusters,).
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        centers: Tensor,
        labels: Tensor,
        rows: Tensor,
        clustering_loss_weight: float,
    ) -> None:
        self.autoencoder = autoencoder
        self.centers = centers.clone()
        self.labels = labels.to(centers.device, copy=True)
        self.rows = rows
        self.clustering_loss_weight = clustering_loss_weight
        self.counts = torch.full_like(centers[:, 0], FIRST_COUNT)
        self._last_batch: Tensor | None = None

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        r"""Compute the loss of DCN and its parts on some rows, with labels and centres fixed.

        .. math::
            L = L_r + \lambda \, \frac{1}{2 n} \sum_i \|f(x_i) - M s_i\|^2

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss``, ``reconstruction_loss`` and ``clustering_loss``, the last without λ.
        """
        self._last_batch = indices
        x = self.rows[indices].to(self.centers.device)
        z, x_hat = self.autoencoder(x)
        reconstruction = reconstruction_loss(x, x_hat)
        own = self.centers[self.labels[indices.to(self.labels.device)]]  # (batch_size, latent_dim)
        clustering = (z.to(own.dtype) - own).square().sum(dim=1).mean() / 2
        return {
            "loss": reconstruction + self.clustering_loss_weight * clustering,
            "reconstruction_loss": reconstruction,
            "clustering_loss": clustering,
        }

    def update_clusters(self) -> None:
        """Assign the rows of the last batch anew, then move the centres towards them."""
        if self._last_batch is None:
            return
        indices, self._last_batch = self._last_batch, None
        with torch.no_grad():
            z = self.autoencoder.encode(self.rows[indices].to(self.centers.device))
        distances = torch.cdist(z, self.centers, compute_mode="donot_use_mm_for_euclid_dist")
        labels = distances.argmin(dim=1)
        self.labels[indices.to(self.labels.device)] = labels
        self.centers, self.counts = move_centers(self.centers, self.counts, z, labels)

    def fit(
        self, schedule: Schedule, learning_rate: float, progress: Progress | None = None
    ) -> History:
        """Train, in place; see `models.networks.training.fit_epochs`."""

        def before_step(_: int) -> bool:
            self.update_clusters()
            return False

        history = fit_epochs(
            Adam(self.autoencoder.parameters(), learning_rate),
            self.batch_losses,
            len(self.rows),
            schedule,
            before_step,
            progress,
        )
        self.update_clusters()  # of the very last batch, which no step follows
        return history


def move_centers(
    centers: Tensor, counts: Tensor, z: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Move centres towards the rows given to them, each row by 1 / count.

    .. math::
        c_k \leftarrow c_k + 1, \quad m_k \leftarrow m_k - \frac{1}{c_k} (m_k - z_i)

    Row after row this is the mean of all rows that a centre has ever been given, so that it is
    computed at once for all.

    Parameters
    ----------
    centers
        Shape (n_clusters, latent_dim).
    counts
        Rows that each centre stands for, shape (n_clusters,), at least 1.
    z
        Latent vectors, shape (n_samples, latent_dim).
    labels
        The cluster of each, shape (n_samples,).

    Returns
    -------
    New centres and counts, same shapes.

    References
    ----------
    Yang, Fu, Sidiropoulos, Hong (2017), Towards K-means-friendly Spaces: Simultaneous Deep
    Learning and Clustering, eq. 10.
    """
    members = torch.nn.functional.one_hot(labels, len(centers)).to(centers.dtype)  # (n, k)
    new_counts = counts + members.sum(dim=0)
    shift = members.T @ z.to(centers.dtype) - members.sum(dim=0)[:, None] * centers
    return centers + shift / new_counts[:, None], new_counts
