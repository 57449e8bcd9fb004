"""Small shifts, rotations and changes of size: an image stays what it shows."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.convolutional import Shape

SHIFT: Final = 0.08
"""Of a side: two pixels of 28."""

ROTATION: Final = 10.0
"""Degrees; from some 20 on a six comes near a zero, and a seven near a one."""

SCALE: Final = 0.1


def moved(rows: Tensor, shape: Shape) -> Tensor:
    """Shift, turn and scale every image a little, each by a draw of its own.

    Parameters
    ----------
    rows
        Images as rows, shape (n, height * width * channels); draws are torch's global ones.
    shape
        Height, width and channels.

    Returns
    -------
    Same shape; what comes in from outside continues the border.
    """
    n_images = len(rows)
    images = rows.view(-1, *shape).permute(0, 3, 1, 2)
    draws = (2 * torch.rand(n_images, 4) - 1).to(rows.device)
    angle = draws[:, 0] * math.radians(ROTATION)
    scale = 1 + SCALE * draws[:, 1]
    shift = 2 * SHIFT * draws[:, 2:]  # the grid goes from -1 to 1
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    theta = torch.stack([cosine, -sine, shift[:, 0], sine, cosine, shift[:, 1]], dim=1)
    size = [n_images, shape[2], shape[0], shape[1]]
    grid = functional.affine_grid(theta.view(-1, 2, 3), size, align_corners=False)
    found = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return found.permute(0, 2, 3, 1).flatten(1)
