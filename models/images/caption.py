"""What can be said of an image by measuring it, in plain words."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats

DARK: Final = 0.25
BRIGHT: Final = 0.75
"""Mean brightness from 0 to 1: quarters of the scale."""

PLAIN: Final = 0.03
BUSY: Final = 0.12
"""Mean step between neighbouring pixels: smooth areas are below the one, textures above this."""

FLAT: Final = 0.08
"""Standard deviation of the brightness below which an image has hardly any contrast."""

GREY: Final = 0.12
"""Saturation below which a pixel counts as having no colour."""

_COLOUR_SHARE: Final = 0.15
_LEAST_SHARE: Final = 0.02
"""Of the pixels: a thing that is smaller is a speck."""

_HUES: Final = (
    (15, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (200, "cyan"),
    (260, "blue"), (290, "purple"), (335, "pink"), (361, "red"),
)  # fmt: skip
"""Up to which angle of the colour circle, in degrees, a hue has a name."""


def caption(image: NDArray[np.uint8]) -> str:
    """Describe an image, shape (height, width, channels), in some words.

    How bright it is, which colours it has, how much is going on in it, and where its mass lies: the
    same words for images that share what they name, so that they can be keywords of a cluster.
    """
    pixels: Floats = image.astype(np.float32) / np.float32(255)
    grey = pixels.mean(axis=2)
    words = [_brightness(grey), *_contrast(grey), *_colours(pixels), _texture(grey), *_mass(grey)]
    return " ".join(words)


def _brightness(grey: Floats) -> str:
    mean = float(grey.mean())
    return "dark" if mean < DARK else "bright" if mean > BRIGHT else "midtone"


def _contrast(grey: Floats) -> list[str]:
    return ["faint"] if float(grey.std()) < FLAT else []


def _texture(grey: Floats) -> str:
    steps = [np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1) if grey.shape[axis] > 1]
    step = float(np.mean(steps)) if steps else 0.0
    return "plain" if step < PLAIN else "busy" if step > BUSY else "detailed"


def _colours(pixels: Floats) -> list[str]:
    """Name the colours of a fair share of what stands out, the most frequent first."""
    if pixels.shape[2] < 3:
        return []
    pixels = _standing_out(pixels[..., :3])
    chroma = pixels.max(axis=1) - pixels.min(axis=1)
    has_colour = chroma > GREY
    if has_colour.mean() < _COLOUR_SHARE:
        return ["grey"]
    hues = _hues(pixels[has_colour], chroma[has_colour])
    names = np.array([name for _, name in _HUES])[np.digitize(hues, [edge for edge, _ in _HUES])]
    found, counts = np.unique(names, return_counts=True)
    shares = counts / has_colour.size
    order = np.argsort(-shares, kind="stable")
    return [str(found[it]) for it in order if shares[it] >= _COLOUR_SHARE]


def _standing_out(pixels: Floats) -> Floats:
    """Return the pixels that differ from the border, shape (n, 3); all, where hardly any do.

    A thing on a pale ground is called by its own colour, and not by that of the ground.
    """
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    stands_out = np.abs(pixels - np.median(border, axis=0)).max(axis=2) > GREY
    is_enough = stands_out.mean() >= _LEAST_SHARE
    return pixels[stands_out] if is_enough else pixels.reshape(-1, 3)


def _hues(colours: Floats, chroma: Floats) -> Floats:
    """Return the angle of each colour on the colour circle, in degrees from 0 to 360."""
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    largest = colours[:, :3].argmax(axis=1)
    sextants = np.stack(
        [(green - blue) / chroma, 2 + (blue - red) / chroma, 4 + (red - green) / chroma]
    )
    return np.asarray(60 * sextants[largest, np.arange(len(colours))] % 360, dtype=np.float32)


def _mass(grey: Floats) -> list[str]:
    """Say whether what differs from the border is wide or tall, and whether in the middle."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    weight = np.abs(grey - np.median(border))
    total = float(weight.sum())
    if total <= 0:
        return ["blank"]
    spreads = []
    for axis in (0, 1):
        along = weight.sum(axis=1 - axis) / total
        places = np.linspace(0, 1, len(along))
        middle = float(along @ places)
        spreads.append(float(np.sqrt(along @ (places - middle) ** 2)))
    tall, wide = spreads
    words = ["tall"] if tall > _SIDEWAYS * wide else ["wide"] if wide > _SIDEWAYS * tall else []
    return [*words, "small" if max(spreads) < _SMALL else "large"]


_SIDEWAYS: Final = 1.25
_SMALL: Final = 0.2
