"""Time series as pictures: a curve for each channel, as PNG."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WIDTH: Final = 160
HEIGHT: Final = 112
_SMALL: Final = 48
_MARGIN: Final = 4
_OVER: Final = 3
"""Drawn so many times larger and then shrunk: lines come out smooth."""

_SHADES: Final = 32
"""Of all colours of a picture: it takes a third of the bytes, and nobody sees it."""

_PAPER: Final = "#ffffff"
_COLOURS: Final = ("#1f6f8b", "#c8553d", "#6a994e", "#8d5a97", "#b08900", "#4a4e69")
"""Of channels, in turn; each can be told from the others."""


def curves(content: bytes, is_small: bool = False) -> bytes:
    """Draw a series that is kept as NPY.

    Parameters
    ----------
    content
        Of the table `contents`.
    is_small
        Whether the picture is shown for a moment only.

    Returns
    -------
    A PNG; the same series always gives the same bytes.
    """
    series = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    width, height = (_SMALL, _SMALL) if is_small else (WIDTH, HEIGHT)
    low, high = float(series.min()), float(series.max())
    scale = (height - 2 * _MARGIN) / (high - low) if high > low else 0.0
    image = Image.new("RGB", (_OVER * width, _OVER * height), _PAPER)
    pen = ImageDraw.Draw(image)
    for number, channel in enumerate(series.T):
        points = _points(height - _MARGIN - (channel - low) * scale, width)
        pen.line(points, fill=_COLOURS[number % len(_COLOURS)], width=_OVER + 1)
    small = image.resize((width, height), Image.Resampling.BOX).quantize(_SHADES)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _points(heights: NDArray[np.floating], width: int) -> list[tuple[float, float]]:
    """Return the points of a curve; of a long one, for every pixel its highest and its lowest."""
    if len(heights) > width:
        edges = np.linspace(0, len(heights), width // 2 + 1).astype(int)[:-1]
        pairs = [np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)]
        heights = np.stack(pairs, axis=1).ravel()
    across = np.linspace(_MARGIN, width - _MARGIN, len(heights))
    return [(_OVER * float(x), _OVER * float(y)) for x, y in zip(across, heights, strict=True)]
