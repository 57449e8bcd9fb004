"""DEC: the encoder of an autoencoder, refined into clusters without the decoder."""

import copy
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.devices import as_tensor, place_rows, resolve_device
from models.functional import kl_divergence, soft_assignment
from models.idec import IDEC
from models.refinement import Refinement


class DEC(IDEC):
    r"""Deep embedded clustering, as published.

    `pretrain` trains an autoencoder to reconstruct its input. `refine` starts centres with k-means
    on the latent vectors, then leaves the decoder alone and minimises

    .. math::
        L = KL(P \| Q) = \frac{1}{n} \sum_i \sum_j p_{ij} \log \frac{p_{ij}}{q_{ij}}

    .. math::
        q_{ij} = \frac{(1 + \|z_i - \mu_j\|^2)^{-1}}{\sum_{j'} (1 + \|z_i - \mu_{j'}\|^2)^{-1}},
        \quad
        p_{ij} = \frac{q_{ij}^2 / f_j}{\sum_{j'} q_{ij'}^2 / f_{j'}}, \quad f_j = \sum_i q_{ij}

    over the encoder f, z = f(x), and the centres μ. The target P, its end, the clusters that are
    kept and all that is not said here are those of `models.idec.IDEC`; nothing but the pretraining
    keeps the latent space true to the data, so the clusters collapse more easily.

    Differs from the paper in what is shared by all estimators here: the layers are pretrained
    together and without dropout, and Adam takes the place of SGD.

    Parameters
    ----------
    n_clusters, latent_dim, hidden_dims, pretrain_epochs, clustering_epochs, batch_size
        See `models.idec.IDEC`.
    learning_rate, update_interval, tol, random_state, device
        See `models.idec.IDEC`.

    Attributes
    ----------
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``clustering_loss`` (the same), and
        ``label_change``. The other attributes are those of `models.idec.IDEC`; the decoder in
        ``autoencoder_`` is still the pretrained one.

    References
    ----------
    Xie, Girshick, Farhadi (2016), Unsupervised Deep Embedding for Clustering Analysis, eq. 1-3;
    end at a label change below 0.1 % (section 4.3), a target every 140 steps as in the code of
    IDEC's authors.
    """

    def __init__(  # noqa: PLR0913 -- the hyper-parameters of the method
        self,
        n_clusters: int | Literal["auto"] = 8,
        *,
        latent_dim: int | None = None,
        hidden_dims: Sequence[int] | None = None,
        pretrain_epochs: int = 30,
        clustering_epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        update_interval: int = 140,
        tol: float = 1e-3,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.pretrain_epochs = pretrain_epochs
        self.clustering_epochs = clustering_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.update_interval = update_interval
        self.tol = tol
        self.random_state = random_state
        self.device = device

    def _start(self, X: NDArray[np.float32], centers: NDArray[np.float32]) -> Refinement:
        """Put a copy of the network, the first centres and the data on the device."""
        device = resolve_device(self.device)
        autoencoder = copy.deepcopy(self.autoencoder_).cpu()  # the original survives a failure
        rows = place_rows(autoencoder.standardize(as_tensor(X)), device)
        first = torch.from_numpy(centers).to(device)
        return EncoderRefinement(autoencoder.to(device), first, rows, clustering_loss_weight=1.0)


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
