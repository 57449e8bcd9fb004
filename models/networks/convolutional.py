"""A convolutional autoencoder: what the fully connected one is, for rows that are images."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from torch import Tensor, nn

from models.networks.autoencoder import Autoencoder

CHANNELS: Final = 128
"""Of the last layer, as in the encoder of DCEC; each layer before it has half of the next."""

SMALLEST_SIDE: Final = 4
"""Sides are halved down to here: below it a layer sees the border and little else."""

_KERNEL: Final = 3
_PADDING: Final = 1

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


class ConvolutionalAutoencoder(Autoencoder):
    """An autoencoder of images, which come and go as rows of height × width × channels numbers.

    Convolutions with stride 2 halve the sides, a linear layer makes the code; the decoder mirrors
    them. ReLU between the layers, linear at the code and the output.

    Parameters
    ----------
    image_shape
        Height, width and channels.
    hidden_dims
        Channels of the convolutions; one each.
    latent_dim
        Width of the code.

    Attributes
    ----------
    image_shape
        As given.
    """

    def __init__(self, image_shape: Shape, hidden_dims: Sequence[int], latent_dim: int) -> None:
        height, width, channels = image_shape
        self.image_shape = (int(height), int(width), int(channels))
        super().__init__(height * width * channels, hidden_dims, latent_dim)

    def _layers(self, n_features: int) -> tuple[nn.Sequential, nn.Sequential]:
        """Make encoder and decoder; the encoder's last layer is linear and gives the code."""
        sides = _sides(self.image_shape[:2], len(self.hidden_dims))
        widths = (self.image_shape[2], *self.hidden_dims)
        flat = widths[-1] * sides[-1][0] * sides[-1][1]
        inward: list[nn.Module] = [_ToImages(self.image_shape)]
        for few, many in pairwise(widths):
            inward += [nn.Conv2d(few, many, _KERNEL, 2, _PADDING), nn.ReLU()]
        outward: list[nn.Module] = [
            nn.Linear(self.latent_dim, flat),
            nn.ReLU(),
            nn.Unflatten(1, (widths[-1], *sides[-1])),
        ]
        for number in range(len(self.hidden_dims), 0, -1):
            outward += [_grow(widths, sides, number), nn.ReLU()]
        code = nn.Linear(flat, self.latent_dim)
        return nn.Sequential(*inward, nn.Flatten(), code), nn.Sequential(*outward[:-1], _ToRows())


def default_channels(image_shape: Shape) -> tuple[int, ...]:
    """Return the channels of the convolutions: as many as it takes to come to `SMALLEST_SIDE`."""
    side, depth = min(image_shape[:2]), 1
    while -(-side // 2) > SMALLEST_SIDE:
        side, depth = -(-side // 2), depth + 1
    return tuple(max(1, CHANNELS >> number) for number in range(depth - 1, -1, -1))


class _ToImages(nn.Module):
    """Turn rows into images, channels first."""

    def __init__(self, image_shape: Shape) -> None:
        super().__init__()
        self.image_shape = image_shape

    def forward(self, rows: Tensor) -> Tensor:
        return rows.view(-1, *self.image_shape).permute(0, 3, 1, 2)


class _ToRows(nn.Module):
    """Turn images, channels first, into rows."""

    def forward(self, images: Tensor) -> Tensor:
        return images.permute(0, 2, 3, 1).flatten(1)


def _sides(sides: tuple[int, int], depth: int) -> list[tuple[int, int]]:
    """Return height and width before and after each halving."""
    found = [sides]
    for _ in range(depth):
        found.append((-(-found[-1][0] // 2), -(-found[-1][1] // 2)))
    return found


def _grow(widths: Sequence[int], sides: list[tuple[int, int]], number: int) -> nn.ConvTranspose2d:
    """Make the layer that undoes the convolution of this number, counted from 1."""
    small, large = sides[number], sides[number - 1]
    missing = (large[0] - 2 * small[0] + 1, large[1] - 2 * small[1] + 1)
    return nn.ConvTranspose2d(
        widths[number], widths[number - 1], _KERNEL, 2, _PADDING, output_padding=missing
    )
