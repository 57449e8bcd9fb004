"""The network that learns the latent space: a symmetric fully connected autoencoder."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from models.core.devices import seeded_rng

_MAX_HIDDEN_DIM = 256
_MAX_LATENT_DIM = 10
_ROWS_AT_ONCE = 65_536
_CELLS_AT_ONCE = 512 * _ROWS_AT_ONCE
"""Of wide rows, such as images, fewer at once: in double precision these are 256 MB."""


def default_hidden_dims(n_features: int) -> tuple[int, ...]:
    """Return one hidden layer of 256 units, or of 4 per feature where there are fewer than 64.

    Sentence vectors are already the output of a deep network: d-256-z clusters them as well as the
    500-500-2000 of the papers (made for pixels), and trains several times faster.
    """
    return (min(_MAX_HIDDEN_DIM, 4 * n_features),)


def default_latent_dim(n_features: int) -> int:
    """Return 10 latent dimensions, as published, or one per feature where there are fewer."""
    return min(_MAX_LATENT_DIM, n_features)


class Autoencoder(nn.Module):
    """A symmetric autoencoder with ReLU between its layers, linear at the code and the output.

    It has no layer that mixes the rows of a batch, so a batch of one row is as good as any.

    Parameters
    ----------
    n_features
        Width of the input.
    hidden_dims
        Widths of the encoder's hidden layers, from input to code; the decoder mirrors them.
    latent_dim
        Width of the code.

    Attributes
    ----------
    hidden_dims, latent_dim
        As given.
    feature_mean, feature_scale
        What `standardize` subtracts, shape (n_features,), and divides by, a scalar.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, n_features: int, hidden_dims: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        self.hidden_dims = tuple(int(width) for width in hidden_dims)
        self.latent_dim = int(latent_dim)
        self.encoder, self.decoder = self._layers(n_features)
        self.register_buffer("feature_mean", torch.zeros(n_features))
        self.register_buffer("feature_scale", torch.ones(()))

    def _layers(self, n_features: int) -> tuple[nn.Sequential, nn.Sequential]:
        """Make encoder and decoder; the encoder's last layer is linear and gives the code."""
        dims = (n_features, *self.hidden_dims, self.latent_dim)
        return _layers(dims), _layers(dims[::-1])

    def encode(self, x: Tensor) -> Tensor:
        """Map standardized rows (n_samples, n_features) to codes (n_samples, latent_dim)."""
        code: Tensor = self.encoder(x)
        return code

    def decode(self, z: Tensor) -> Tensor:
        """Map codes (n_samples, latent_dim) to standardized rows (n_samples, n_features)."""
        x_hat: Tensor = self.decoder(z)
        return x_hat

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the codes and the reconstructions of standardized rows."""
        z = self.encode(x)
        return z, self.decode(z)

    def fit_standardization(self, x: Tensor) -> None:
        """Learn the mean of each feature, and one scale for all, from rows (n_samples, n_features).

        One scale, so that distances keep their proportions: this is the normalisation of DEC
        (section 4.1: mean square 1), after centring. Rows may be of any type of numbers.
        """
        at_once = min(_ROWS_AT_ONCE, max(1, _CELLS_AT_ONCE // x.shape[1]))
        chunks = torch.split(x, at_once)
        mean = torch.stack([chunk.double().sum(dim=0) for chunk in chunks]).sum(dim=0) / len(x)
        squares = torch.stack([(chunk.double() - mean).square_().sum() for chunk in chunks]).sum()
        scale = (squares / x.nelement()).sqrt()
        self.feature_mean.copy_(mean)
        self.feature_scale.copy_(scale if scale > 0 else torch.ones(()))

    def standardize(self, x: Tensor) -> Tensor:
        """Centre and scale rows (n_samples, n_features), so that their mean square is 1."""
        return (x - self.feature_mean) / self.feature_scale


def build_autoencoder(
    n_features: int,
    hidden_dims: Sequence[int] | None,
    latent_dim: int | None,
    seed: int,
    network: Callable[[int, Sequence[int], int], Autoencoder] = Autoencoder,
) -> Autoencoder:
    """Make an autoencoder on the CPU, with weights that depend on the seed alone.

    Parameters
    ----------
    n_features
        Width of the input.
    hidden_dims
        Widths of the encoder's hidden layers; None: see `default_hidden_dims`.
    latent_dim
        Width of the code; None: see `default_latent_dim`.
    seed
        Seeds the first weights; torch's global random numbers stay as they were.
    network
        Makes the autoencoder of these three.
    """
    if hidden_dims is None:
        hidden_dims = default_hidden_dims(n_features)
    if latent_dim is None:
        latent_dim = default_latent_dim(n_features)
    with seeded_rng(seed, torch.device("cpu")):
        return network(n_features, hidden_dims, latent_dim)


def _layers(dims: Sequence[int]) -> nn.Sequential:
    """Chain linear layers of these widths with ReLU between them."""
    layers: list[nn.Module] = []
    for n_inputs, n_outputs in pairwise(dims):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
