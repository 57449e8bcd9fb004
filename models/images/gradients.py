"""Oriented gradients: what of an image stays where light, contrast and small shifts change."""

import math
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.core.arrays import Floats

ORIENTATIONS: Final = 8
"""Directions of a gradient, dark to bright: half as many or twice as many tell digits no better."""

CELLS: Final = 15
"""Cells along a side, each overlapping half of the next: four pixels of 28 wide."""

COLOUR_CELLS: Final = 4
COLOUR_WEIGHT: Final = 0.5
"""Of the colours beside the gradients: what an image shows counts more than how it is lit."""

_BLUR: Final = (0.0044, 0.0540, 0.2420, 0.3991, 0.2420, 0.0540, 0.0044)
"""A Gaussian of one pixel: gradients of single pixels are mostly noise."""

_AT_ONCE: Final = 512
_PIXELS_AT_ONCE: Final = _AT_ONCE * 64 * 64
"""Images of which memory holds the planes, a gigabyte at most."""


def gradient_features(images: NDArray[np.uint8]) -> Floats:
    r"""Compute how strong the gradients of each direction are in each cell of an image.

    A gradient of strength m is shared between the two nearest directions; a cell has the root of
    the mean, so that no single edge decides:

    .. math::
        h_{co} = \sqrt{ \frac{1}{|c|} \sum_{p \in c} m_p \,
            \max(0, 1 - |\theta_p - \theta_o| / \Delta) }

    Images with colours have the mean of each colour difference in a coarse grid beside them.

    Parameters
    ----------
    images
        Shape (n_images, height, width, channels), 0 to 255.

    Returns
    -------
    Shape (n_images, n_features).

    References
    ----------
    Dalal, Triggs (2005), Histograms of Oriented Gradients for Human Detection.
    """
    parts = []
    at_once = min(_AT_ONCE, _PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
    for start in range(0, len(images), at_once):
        batch = np.ascontiguousarray(images[start : start + at_once])
        pixels = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255
        features = _oriented(pixels.mean(dim=1, keepdim=True))
        if pixels.shape[1] >= 3:
            features = torch.cat([features, _colours(pixels, features)], dim=1)
        parts.append(features.numpy())
    return np.concatenate(parts)


def _oriented(grey: Tensor) -> Tensor:
    """Compute the histograms of images, shape (n, 1, height, width), as rows."""
    blur = torch.tensor(_BLUR)
    padded = functional.pad(grey, (3, 3, 3, 3), mode="replicate")
    smooth = functional.conv2d(padded, blur.view(1, 1, -1, 1))
    smooth = functional.conv2d(smooth, blur.view(1, 1, 1, -1))
    along = functional.pad(smooth[..., :, 2:] - smooth[..., :, :-2], (1, 1))
    down = functional.pad(smooth[..., 2:, :] - smooth[..., :-2, :], (0, 0, 1, 1))
    strength, angle = torch.hypot(along, down), torch.atan2(down, along)
    width = 2 * math.pi / ORIENTATIONS
    shares = []
    for number in range(ORIENTATIONS):
        away = torch.remainder(angle - number * width + math.pi, 2 * math.pi) - math.pi
        shares.append(strength * (1 - away.abs() / width).clamp_min(0))
    cells = _cells(torch.cat(shares, dim=1))
    return cells.sqrt().flatten(1)


def _cells(planes: Tensor) -> Tensor:
    """Average over overlapping cells, about `CELLS` along each side."""
    sizes = [max(2, round(side / (CELLS - 1)) * 2) for side in planes.shape[2:]]
    return functional.avg_pool2d(
        planes,
        sizes,
        stride=[size // 2 for size in sizes],
        padding=[size // 2 for size in sizes],
        count_include_pad=False,
    )


def _colours(pixels: Tensor, gradients: Tensor) -> Tensor:
    """Compute the colour differences of a coarse grid, in proportion to the usual gradients."""
    red, green, blue = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    planes = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    grid = functional.adaptive_avg_pool2d(planes, COLOUR_CELLS).flatten(1)
    ratio = gradients.shape[1] / grid.shape[1]
    return COLOUR_WEIGHT * math.sqrt(ratio) * grid
