"""Time series as pictures: a curve for each channel, or the mean of many and its spread, as PNG."""

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Doubles = NDArray[np.float64]

WIDTH: Final = 160
HEIGHT: Final = 112
_SMALL: Final = 48
_MARGIN: Final = 4
_OVER: Final = 3
"""Drawn so many times larger and then shrunk: lines come out smooth."""

_SHADES: Final = 32
"""Of all colours of a picture: it takes a third of the bytes, and nobody sees it."""

_STEPS: Final = 76
"""Of a mean: every second pixel between the margins."""

_FAINT: Final = "38"
"""How opaque a spread is, of ff: the spreads of three channels can be seen through one another."""

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
    series = _read(content)
    size = (_SMALL, _SMALL) if is_small else (WIDTH, HEIGHT)
    image, heights = _paper(size), _heights(series, series, size[1])
    _draw_lines(image, heights, size[0])
    return _as_png(image, size)


def mean_and_spread(contents: Sequence[bytes]) -> bytes:
    """Draw the mean of series, channel by channel, and one standard deviation to either side.

    Parameters
    ----------
    contents
        Series that are kept as NPY, at least one. They are brought to one length; a channel that
        some have not is that of the others.

    Returns
    -------
    A PNG; the same series always give the same bytes.
    """
    mean, spread = _moments([_in_steps(_read(it)) for it in contents])
    size, both = (WIDTH, HEIGHT), np.stack([mean - spread, mean + spread])
    image, (low, high) = _paper(size), _heights(both, both, HEIGHT)
    pen = ImageDraw.Draw(image, "RGBA")
    for number, sides in enumerate(zip(low.T, high.T, strict=True)):
        below, above = (_points(it, WIDTH) for it in sides)
        pen.polygon([*below, *reversed(above)], fill=_colour(number) + _FAINT)
    _draw_lines(image, _heights(mean, both, HEIGHT), WIDTH)
    return _as_png(image, size)


def _moments(series: Sequence[Doubles]) -> tuple[Doubles, Doubles]:
    """Compute mean and standard deviation, each of shape (_STEPS, n_channels)."""
    n_channels = max(it.shape[1] for it in series)
    lacking = [((0, 0), (0, n_channels - it.shape[1])) for it in series]
    pairs = zip(series, lacking, strict=True)
    same = np.stack([np.pad(it, width, constant_values=np.nan) for it, width in pairs])
    return np.nanmean(same, axis=0), np.nanstd(same, axis=0)


def _in_steps(series: Doubles) -> Doubles:
    """Bring a series to `_STEPS` steps, each read off the straight lines between its own."""
    at = np.linspace(0, len(series) - 1, _STEPS)
    return np.stack([np.interp(at, np.arange(len(series)), it) for it in series.T], axis=1)


def _read(content: bytes) -> Doubles:
    series = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return np.asarray(series, dtype=np.float64)


def _paper(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", (_OVER * size[0], _OVER * size[1]), _PAPER)


def _heights(series: Doubles, shown: Doubles, height: int) -> Doubles:
    """Return how far below the upper edge values lie, so that all that is shown fits in."""
    low, high = float(shown.min()), float(shown.max())
    scale = (height - 2 * _MARGIN) / (high - low) if high > low else 0.0
    return np.asarray(height - _MARGIN - (series - low) * scale)


def _draw_lines(image: Image.Image, heights: Doubles, width: int) -> None:
    pen = ImageDraw.Draw(image)
    for number, channel in enumerate(heights.T):
        pen.line(_points(channel, width), fill=_colour(number), width=_OVER + 1)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _as_png(image: Image.Image, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    small = image.resize(size, Image.Resampling.BOX).quantize(_SHADES)
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _points(heights: Doubles, width: int) -> list[tuple[float, float]]:
    """Return the points of a curve; of a long one, for every pixel its highest and its lowest."""
    if len(heights) > width:
        edges = np.linspace(0, len(heights), width // 2 + 1).astype(int)[:-1]
        pairs = [np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)]
        heights = np.stack(pairs, axis=1).ravel()
    across = np.linspace(_MARGIN, width - _MARGIN, len(heights))
    return [(_OVER * float(x), _OVER * float(y)) for x, y in zip(across, heights, strict=True)]
