"""The separation regulariser: its formulas, the network it is made for, and the training."""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor, nn

from models.core.kmeans import fit_kmeans
from models.networks.autoencoder import Autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import map_rows

_N_INIT: Final = 4


def projected_distance(weight: Tensor, centers: Tensor) -> Tensor:
    r"""Measure how far apart a layer's weights put the centroids of its inputs.

    .. math::
        \frac{1}{|\{a < b\}|} \sum_{a < b} \frac{1}{2} \sum_i |W(i,:) \cdot (\mu_a - \mu_b)|

    Parameters
    ----------
    weight
        The W of a linear layer, shape (n_outputs, n_inputs).
    centers
        Centroids μ in the layer's input space, shape (n_clusters, n_inputs).

    Returns
    -------
    A scalar, not negative; 0 for a single centroid, which has no pairs.
    """
    if len(centers) < 2:
        return 0.0 * weight.sum()
    distances: Tensor = torch.pdist(centers @ weight.T, p=1)
    return 0.5 * distances.mean()


def separation(weights: Sequence[Tensor], centers: Sequence[Tensor]) -> Tensor:
    r"""Compute the regulariser R: the sum of `projected_distance` over the layers.

    For two clusters and two layers

    .. math::
        R = \frac{1}{2} \sum_i |W_1(i,:) \cdot (\mu_a - \mu_b)|
          + \frac{1}{2} \sum_i |W_2(i,:) \cdot (\mu'_a - \mu'_b)|

    with μ the centroids of the inputs and μ' those of the hidden activations.

    Parameters
    ----------
    weights
        Of each layer, shape (n_outputs, n_inputs).
    centers
        For each layer the centroids in its input space, shape (n_clusters, n_inputs).
    """
    distances = [projected_distance(w, mu) for w, mu in zip(weights, centers, strict=True)]
    return torch.stack(distances).sum()


class SigmoidAutoencoder(Autoencoder):
    r"""An autoencoder with the encoder :math:`\sigma(W_2 \tanh(W_1 x + b_1) + b_2)`.

    The decoder has tanh between its two layers and a linear output. Parameters are those of
    `models.networks.autoencoder.Autoencoder`, with exactly one hidden width.
    """

    def __init__(self, n_features: int, hidden_dims: Sequence[int], latent_dim: int) -> None:
        super().__init__(n_features, hidden_dims, latent_dim)
        # The linear layers stay in their places, so that weights are saved and read as ever.
        self.encoder[1] = nn.Tanh()
        self.encoder.append(nn.Sigmoid())
        self.decoder[1] = nn.Tanh()

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """W₁, shape (hidden_dim, n_features), and W₂, shape (latent_dim, hidden_dim)."""
        return self.encoder.get_parameter("0.weight"), self.encoder.get_parameter("2.weight")

    def hidden(self, x: Tensor) -> Tensor:
        """Map standardized rows to hidden activations tanh(W₁x + b₁), (n_samples, hidden_dim)."""
        activations: Tensor = self.encoder[:2](x)
        return activations


class SeparationTraining:
    """What changes while the network is trained on the regulariser: it, and the centroids.

    Parameters
    ----------
    network
        Pretrained, on the device to train on; it is trained in place.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    n_clusters
        Clusters of the k-means in the latent space.
    weight
        Of R in the loss, with its sign.
    seed
        Of k-means.

    Attributes
    ----------
    centers
        Centroids in the input spaces of both layers, see `update_centers`.
    """

    def __init__(
        self, network: SigmoidAutoencoder, rows: Tensor, n_clusters: int, weight: float, seed: int
    ) -> None:
        self.network = network
        self.rows = rows
        self.n_clusters = n_clusters
        self.weight = weight
        self.seed = seed
        self.update_centers()

    def update_centers(self) -> None:
        """Cluster the latent vectors; keep the centroids of rows and of hidden activations."""
        device = self.network.feature_mean.device
        latent = map_rows(self.network.encode, self.rows, device).cpu().numpy()
        labels, _ = fit_kmeans(latent, self.n_clusters, _N_INIT, self.seed)
        hidden = map_rows(self.network.hidden, self.rows, device)
        self.centers = [
            means_of(values, torch.from_numpy(labels).to(device)) for values in (self.rows, hidden)
        ]

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        r"""Compute the loss :math:`L_r + \lambda R` and its parts on some rows.

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss``, ``reconstruction_loss`` and ``separation``, the last without its weight.
        """
        x = self.rows[indices].to(self.network.feature_mean.device)
        reconstruction = reconstruction_loss(x, self.network(x)[1])
        r = separation(self.network.weights, self.centers)
        return {
            "loss": reconstruction + self.weight * r,
            "reconstruction_loss": reconstruction,
            "separation": r,
        }


def means_of(values: Tensor, labels: Tensor) -> Tensor:
    """Average values (n_samples, n) over each cluster that has rows, (n_clusters, n)."""
    _, compact, sizes = torch.unique(labels, return_inverse=True, return_counts=True)
    sums = torch.zeros(len(sizes), values.shape[1], device=labels.device)
    means: Tensor = sums.index_add_(0, compact, values.to(labels.device)) / sizes[:, None]
    return means
