"""The network of recurrent codes: a bidirectional GRU reads a series, another one writes it."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HIDDEN_DIM: Final = 64
"""Of each direction."""

MOST_PATCHES: Final = 64
"""Steps of the GRU for a usual series: a longer memory is hard to train, and costs as much more."""


class RecurrentAutoencoder(nn.Module):
    """An autoencoder of series, cut into patches of some steps so that the GRU has few to take.

    Parameters
    ----------
    n_channels
        Channels of a series.
    patch
        Steps in a patch.
    latent_dim
        Width of the code.
    """

    def __init__(self, n_channels: int, patch: int, latent_dim: int) -> None:
        super().__init__()
        self.n_channels, self.patch, self.latent_dim = n_channels, patch, latent_dim
        width = n_channels * patch
        self.reader = nn.GRU(width, HIDDEN_DIM, batch_first=True, bidirectional=True)
        self.code = nn.Linear(4 * HIDDEN_DIM, latent_dim)
        self.log_variance = nn.Linear(4 * HIDDEN_DIM, latent_dim)
        self.writer = nn.GRU(latent_dim + 1, HIDDEN_DIM, batch_first=True)
        self.output = nn.Linear(HIDDEN_DIM, width)

    def patches(self, values: Tensor) -> Tensor:
        """Cut series, (n, n_channels, n_steps), into (n, n_patches, n_channels * patch)."""
        missing = -values.shape[2] % self.patch
        filled: Tensor = nn.functional.pad(values, (0, missing))
        cut = filled.view(len(values), self.n_channels, -1, self.patch)
        return cut.permute(0, 2, 1, 3).flatten(2)

    def encode(self, patches: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the mean and the log-variance of the code, each (n, latent_dim).

        Parameters
        ----------
        patches
            Shape (n, n_patches, n_channels * patch).
        lengths
            Patches that each series has, shape (n,), on the CPU; what comes after is not read.
        """
        packed = pack_padded_sequence(patches, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.reader(packed)
        read, _ = pad_packed_sequence(states, batch_first=True)
        mean = read.sum(dim=1) / lengths.to(read.device)[:, None]
        seen = torch.cat([mean, last[0], last[1]], dim=1)
        return self.code(seen), self.log_variance(seen)

    def decode(self, code: Tensor, n_patches: int) -> Tensor:
        """Write patches, (n, n_patches, n_channels * patch), from codes and the time alone."""
        time = torch.linspace(0, 1, n_patches, device=code.device)
        at = time[None, :, None].expand(len(code), -1, 1)
        written, _ = self.writer(torch.cat([code[:, None].expand(-1, n_patches, -1), at], dim=2))
        patches: Tensor = self.output(written)
        return patches
