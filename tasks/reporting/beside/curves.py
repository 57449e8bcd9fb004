"""Time series as pictures: a curve for each channel, as SVG."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 160
HEIGHT: Final = 112
_SMALL: Final = 64
_MARGIN: Final = 4

_MOST_POINTS: Final = 160
"""Of a curve: as many as it is wide."""

_COLOURS: Final = ("#1f6f8b", "#c8553d", "#6a994e", "#8d5a97", "#b08900", "#4a4e69")
"""Of channels, in turn; each can be told from the others, and from both grounds of the page."""


def curves(content: bytes, is_small: bool = False) -> str:
    """Draw a series that is kept as NPY.

    Parameters
    ----------
    content
        Of the table `contents`.
    is_small
        Whether the picture is shown for a moment only.

    Returns
    -------
    An SVG; it holds nothing that came from the feed but numbers.
    """
    series = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    width, height = (_SMALL, _SMALL) if is_small else (WIDTH, HEIGHT)
    low, high = float(series.min()), float(series.max())
    scale = (height - 2 * _MARGIN) / (high - low) if high > low else 0.0
    lines = [
        _line(height - _MARGIN - (channel - low) * scale, width, _COLOURS[number % len(_COLOURS)])
        for number, channel in enumerate(series.T)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">{"".join(lines)}</svg>'
    )


def _line(heights: NDArray[np.floating], width: int, colour: str) -> str:
    """Draw one channel; of a long one, every so many steps the highest and the lowest."""
    if len(heights) > _MOST_POINTS:
        edges = np.linspace(0, len(heights), _MOST_POINTS // 2 + 1).astype(int)[:-1]
        pairs = [np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)]
        heights = np.stack(pairs, axis=1).ravel()
    across = np.linspace(_MARGIN, width - _MARGIN, len(heights))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4"/>'
