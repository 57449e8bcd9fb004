"""The one size that the images of a window are brought to, chosen from their own sizes."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.networks.convolutional import Shape

SIDES: Final = (28, 32, 48, 64, 96, 128, 160, 192, 224)
"""Pixels of a side. Smaller images are enlarged to the first, at which the network has room for
three convolutions; larger ones are shrunk to the last."""


def common_shape(sizes: Sequence[tuple[int, int]], is_colour: bool) -> Shape:
    """Choose height, width and channels from the heights and widths of a window's images.

    Parameters
    ----------
    sizes
        Height and width of each image, in pixels.
    is_colour
        Whether any image has colours; grey ones have one channel then too.

    Returns
    -------
    Square: the smallest of `SIDES` that the longer side of the median image fits into, or the last.

    Raises
    ------
    ValueError
        If there are no images.
    """
    if not sizes:
        raise ValueError("sizes must be those of at least one image, got none")
    usual = float(np.median([max(size) for size in sizes]))
    side = next((it for it in SIDES if it >= usual), SIDES[-1])
    return side, side, 3 if is_colour else 1
