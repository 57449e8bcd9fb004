"""IDEC: an autoencoder's latent space, refined into clusters."""

from dataclasses import dataclass

from torch import Tensor

from models.estimators.dec import DEC
from models.networks.autoencoder import Autoencoder
from models.networks.refinement import Refinement


@dataclass(eq=False, repr=False)
class IDEC(DEC):
    r"""Improved deep embedded clustering, as published.

    Goes as `models.estimators.dec.DEC` does, but trains the decoder too and minimises

    .. math::
        L = L_r + \gamma \, KL(P \| Q)

    over autoencoder and centres: the reconstruction keeps the latent space honest while the
    clusters are drawn together.

    Parameters
    ----------
    clustering_loss_weight
        The γ of the loss; the reconstruction has weight 1.

    Attributes
    ----------
    history_ : History
        A record for each epoch: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``clustering_loss`` (without γ), ``label_change``. The other parameters and attributes are
        those of `models.estimators.dec.DEC`.

    References
    ----------
    Guo, Gao, Liu, Yin (2017), Improved Deep Embedded Clustering with Local Structure
    Preservation. Reference code: k-means with 20 starts, a target every 140 steps, γ = 0.1,
    tol = 0.001.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = IDEC(n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0).fit(X)
    >>> model.n_clusters_, model.predict_proba(X).shape
    (3, (90, 3))
    """

    clustering_loss_weight: float = 0.1

    def _refinement(self, network: Autoencoder, centers: Tensor, rows: Tensor) -> Refinement:
        """Make what is trained."""
        return Refinement(network, centers, rows, self.clustering_loss_weight)
