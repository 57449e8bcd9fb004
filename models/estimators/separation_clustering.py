"""Clustering by the separation regulariser, with either sign."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.core.arrays import Integers
from models.core.records import Progress
from models.estimators.autoencoder_clusterer import AutoencoderClusterer, Choices, Given
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.separation import SeparationTraining, SigmoidAutoencoder
from models.networks.training import fit_epochs

_SIGNS: Final = {"literal": 1.0, "separating": -1.0}


@dataclass(eq=False, repr=False)
class SeparationClustering(AutoencoderClusterer):
    r"""An autoencoder trained on reconstruction and the separation regulariser.

    `pretrain` trains a `models.networks.separation.SigmoidAutoencoder`. `refine` minimises

    .. math::
        L = L_r \pm \lambda R(W_1, W_2)

    where R, `models.networks.separation.separation`, has the centroids of the k-means clusters in
    the latent space, found anew before each epoch. With the sign as the formula is written, +,
    training shrinks the weights along the directions between the centroids, and so works
    **against** separation; − stretches them, and has no lower bound: λ and the number of epochs are
    all that holds it.

    Parameters
    ----------
    hidden_dims
        One width, that of the hidden layer; None: see
        `models.networks.autoencoder.default_hidden_dims`.
    pretraining
        Not ``"variational"``, as the latent space of this network is bounded.
    clustering_loss_weight
        The λ of the loss; the reconstruction has weight 1.
    sign
        ``"separating"`` for −, ``"literal"`` for +.

    Attributes
    ----------
    history_ : History
        A record for each epoch of `refine`: ``epoch``, ``loss``, ``reconstruction_loss``,
        ``separation`` (the R, without weight and sign). The other parameters and attributes are
        those of `models.estimators.autoencoder_clusterer.AutoencoderClusterer`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(90, 5, centers=3, random_state=0)
    >>> model = SeparationClustering(
    ...     n_clusters=3, pretrain_epochs=5, clustering_epochs=5, random_state=0
    ... ).fit(X)
    >>> model.n_clusters_, model.labels_.shape
    (3, (90,))
    """

    clustering_epochs: int = 30
    clustering_loss_weight: float = 1e-3
    sign: Literal["separating", "literal"] = "separating"

    pretrainings: ClassVar[tuple[str, ...]] = ("reconstruction", "neighbours", "mutual-information")

    _network: ClassVar[type[Autoencoder]] = SigmoidAutoencoder
    _choices: ClassVar[Choices] = {"sign": tuple(_SIGNS)}

    def _check(self, X: ArrayLike, reset: bool) -> NDArray[np.float32]:
        """Check the parameters, and X: float32, finite, as wide as at `pretrain`."""
        if self.hidden_dims is not None and len(self.hidden_dims) != 1:
            raise ValueError(f"hidden_dims must be one width, got {self.hidden_dims!r}")
        if self.image_shape is not None:
            raise ValueError(f"image_shape must be None here, got {self.image_shape!r}")
        return super()._check(X, reset)

    def _find_clusters(self, given: Given, progress: Progress | None) -> Integers:
        """Train the network, and run k-means in its latent space."""
        labels, _ = self._start(given)
        self.autoencoder_ = self._train(given, progress)
        trained = given._replace(latent=self._transform(given.X))
        _, self.cluster_centers_ = self._start(trained)
        return labels

    def _train(self, given: Given, progress: Progress | None) -> Autoencoder:
        """Train a copy of the network."""
        network, rows = self._place(given.X)
        weight = _SIGNS[self.sign] * self.clustering_loss_weight
        training = SeparationTraining(
            cast("SigmoidAutoencoder", network), rows, given.n_clusters, weight, self.seed_
        )
        steps_per_epoch = -(-len(rows) // self.batch_size)

        def before_step(step: int) -> bool:
            if step > 0 and step % steps_per_epoch == 0:
                training.update_centers()
            return False

        self.history_ = fit_epochs(
            Adam(network.parameters(), self.learning_rate),
            training.batch_losses,
            len(rows),
            self._schedule,
            before_step,
            progress,
        )
        return network
