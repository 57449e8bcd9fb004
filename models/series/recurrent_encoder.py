"""Recurrent codes: an encoder of series that learns to write what it has not been shown."""

from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from torch import Tensor

from models.core.arrays import Floats, normalise_rows
from models.core.devices import resolve_device, seeded_rng
from models.core.persistence import JSON
from models.core.records import Progress
from models.core.weights_file import read_weights, write_weights
from models.networks.adam import Adam
from models.networks.training import Schedule, fit_epochs
from models.series.batches import Batch, Series, batches, padded
from models.series.recurrent_network import MOST_PATCHES, RecurrentAutoencoder

LATENT_DIM: Final = 32
BATCH_SIZE: Final = 64
LEARNING_RATE: Final = 2e-3
STEPS: Final = 1500
"""Of the optimiser: the same for few series, in more epochs, and for many, in fewer."""

HIDDEN_SHARE: Final = 0.25
"""Of the patches that the reader is not shown, and the writer is asked for."""

KL_WEIGHT: Final = 1e-2


class RecurrentEncoder:
    """A bidirectional GRU with masked reconstruction.

    Parameters
    ----------
    network
        Trained, on the device to compute on.
    centre
        Mean code of the series it was learnt from, shape (latent_dim,).
    """

    def __init__(self, network: RecurrentAutoencoder, centre: Floats) -> None:
        self.network = network
        self.centre = centre

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self.network.latent_dim

    @classmethod
    def learn(
        cls,
        series: Series,
        seed: int,
        device: str = "auto",
        progress: Progress | None = None,
        *,
        variational: bool = False,
        steps: int | None = None,
    ) -> Self:
        r"""Learn an encoder from series.

        A quarter of the patches is hidden from the reader; the loss is over all steps t that the
        series has, m of them in all, and over all channels:

        .. math::
            L = \frac{1}{m} \sum_t \| x_t - \hat{x}_t \|^2 + \beta \, KL(q(z|x) \| N(0, I))

        Parameters
        ----------
        series
            One array for each, shape (length, n_channels), finite; at least one.
        seed
            The same seed gives the same bits on the same machine.
        device
            See `models.core.devices.resolve_device`.
        progress
            See `models.core.records.Progress`.
        variational
            Whether the code is drawn, and β is `KL_WEIGHT`; otherwise β is 0 and it is the mean.
        steps
            Of the optimiser, to the next whole epoch below; None: `STEPS`.
        """
        where = resolve_device(device)
        usual = int(np.median([len(each) for each in series]))
        with seeded_rng(seed, torch.device("cpu")):
            patch = -(-max(usual, 1) // MOST_PATCHES)
            network = RecurrentAutoencoder(series[0].shape[1], patch, LATENT_DIM).to(where)

        def batch_losses(indices: Tensor) -> dict[str, Tensor]:
            return _losses(network, padded(series, indices.tolist()), variational)

        steps_an_epoch = -(-len(series) // BATCH_SIZE)
        n_steps = STEPS if steps is None else steps
        schedule = Schedule("encoder", max(1, n_steps // steps_an_epoch), BATCH_SIZE, seed)
        optimizer = Adam(network.parameters(), LEARNING_RATE)
        fit_epochs(optimizer, batch_losses, len(series), schedule, progress=progress)
        network.eval()
        centre = _codes(network, series).mean(axis=0, dtype=np.float64)
        return cls(network, centre.astype(np.float32))

    def encode(self, series: Series) -> Floats:
        """Encode series to unit rows, shape (n_series, dimension)."""
        return normalise_rows(_codes(self.network, series) - self.centre)

    def save(self, path: Path) -> None:
        """Write the encoder to one safetensors file; see `models.core.weights_file`."""
        weights = {key: value.cpu().numpy() for key, value in self.network.state_dict().items()}
        settings: dict[str, JSON] = {
            "n_channels": self.network.n_channels,
            "patch": self.network.patch,
            "latent_dim": self.dimension,
        }
        write_weights(path, {**weights, "centre": self.centre}, settings)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> Self:
        """Read an encoder that `save` wrote."""
        arrays, settings = read_weights(path)
        network = RecurrentAutoencoder(**settings)
        centre = arrays.pop("centre")
        network.load_state_dict({key: torch.from_numpy(it) for key, it in arrays.items()})
        return cls(network.to(resolve_device(device)).eval(), centre)


def _losses(network: RecurrentAutoencoder, batch: Batch, variational: bool) -> dict[str, Tensor]:
    """Compute the loss of a batch, and its parts; see `RecurrentEncoder.learn`."""
    where = network.code.weight.device
    patches = network.patches(batch.values.to(where))
    is_there = network.patches(batch.mask[:, None].expand_as(batch.values).to(where))
    is_shown = (torch.rand(patches.shape[:2]) >= HIDDEN_SHARE).to(where)[:, :, None]
    mean, log_variance = network.encode(patches * is_shown, _lengths(network, batch.mask))
    code = mean
    if variational:
        code = mean + (log_variance / 2).exp() * torch.randn(mean.shape).to(where)
    errors = (network.decode(code, patches.shape[1]) - patches).square() * is_there
    reconstruction = errors.sum() / is_there.sum()
    if not variational:
        return {"loss": reconstruction}
    divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2
    return {"loss": reconstruction + KL_WEIGHT * divergence, "divergence": divergence}


def _codes(network: RecurrentAutoencoder, series: Series) -> Floats:
    """Compute the mean codes of series, shape (n_series, latent_dim)."""
    where = network.code.weight.device
    found = np.zeros((len(series), network.latent_dim), dtype=np.float32)
    with torch.no_grad():
        for batch in batches(series):
            patches = network.patches(batch.values.to(where))
            mean, _ = network.encode(patches, _lengths(network, batch.mask))
            found[batch.positions] = mean.cpu().numpy()
    return found


def _lengths(network: RecurrentAutoencoder, mask: Tensor) -> Tensor:
    """Return how many patches each series has, on the CPU."""
    steps = mask.sum(dim=1).long()
    return (steps + network.patch - 1) // network.patch
