"""DEC: the encoder of an autoencoder, refined into clusters without the decoder."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.core.arrays import Integers
from models.core.records import Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Given
from models.networks.autoencoder import Autoencoder
from models.networks.functional import kl_divergence, soft_assignment
from models.networks.refinement import Refinement, fit_refinement


@dataclass(eq=False, repr=False)
class DEC(AutoencoderClusterer):
    r"""Deep embedded clustering, as published.

    `pretrain` trains an autoencoder. `refine` starts centres with k-means on the latent vectors,
    then leaves the decoder alone and minimises

    .. math::
        L = KL(P \| Q) = \frac{1}{n} \sum_i \sum_j p_{ij} \log \frac{p_{ij}}{q_{ij}}

    .. math::
        q_{ij} = \frac{(1 + \|z_i - \mu_j\|^2)^{-1}}{\sum_{j'} (1 + \|z_i - \mu_{j'}\|^2)^{-1}},
        \quad
        p_{ij} = \frac{q_{ij}^2 / f_j}{\sum_{j'} q_{ij'}^2 / f_{j'}}, \quad f_j = \sum_i q_{ij}

    over the encoder f, z = f(x), and the centres μ. The target P is computed from **all** rows
    every ``update_interval`` steps; the training stops when between two of these fewer than ``tol``
    of the rows have changed their cluster. Nothing but the pretraining keeps the latent space true
    to the data, so the clusters collapse more easily than those of `models.estimators.idec.IDEC`.

    Differs from the paper in what is shared by all estimators here: the layers are pretrained
    together and without dropout, and Adam takes the place of SGD.

    Parameters
    ----------
    update_interval
        Steps between two targets; fewer on small data, see
        `models.networks.refinement.MAX_EPOCHS_PER_TARGET`.
    tol
        Share of rows; see above. 0 never stops early.

    Attributes
    ----------
    soft_assignments_ : ndarray of shape (n_samples, n_clusters_)
        The q.
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``clustering_loss`` (the same), and
        ``label_change`` (the last one known; None before the second target). The decoder in
        ``autoencoder_`` is still the pretrained one. The other parameters and attributes are those
        of `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 1-3;
    end at a label change below 0.1 % (section 4.3), k-means with 20 starts and a target every 140
    steps as in the code of IDEC's authors.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = DEC(n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0).fit(X)
    >>> model.n_clusters_, model.transform(X).shape
    (3, (90, 5))
    """

    update_interval: int = 140
    tol: float = 1e-3

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Train network and centres on the loss."""
        labels, centers = self._start(given)
        network, rows = self._place(given.X)
        first = torch.from_numpy(centers).to(network.feature_mean.device)
        refinement = self._refinement(network, first, rows)
        self.history_ = fit_refinement(
            refinement,
            self._schedule,
            self.learning_rate,
            self.update_interval,
            self.tol,
            progress,
        )
        self.autoencoder_ = refinement.autoencoder
        self.cluster_centers_ = refinement.centers.detach().cpu().numpy()
        return labels

    def _refinement(self, network: Autoencoder, centers: Tensor, rows: Tensor) -> Refinement:
        """Make what is trained."""
        return EncoderRefinement(network, centers, rows, clustering_loss_weight=1.0)


class EncoderRefinement(Refinement):
    """What changes while DEC refines: the encoder, the centres, and the target they follow."""

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        r"""Compute the loss of DEC on some rows.

        .. math::
            L = KL(P \| Q)

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss`` and ``clustering_loss``, which are the same.
        """
        device = self.centers.device
        x, p = self.rows[indices].to(device), self.target[indices].to(device)
        clustering = kl_divergence(p, soft_assignment(self.autoencoder.encode(x), self.centers))
        return {"loss": clustering, "clustering_loss": clustering}
