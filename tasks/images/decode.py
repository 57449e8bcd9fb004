"""Decode images that may be hostile: the head first, the pixels only within bounds.

Nothing here runs longer or takes more memory than the bounds allow, and whatever goes wrong inside
a decoder is that image's own fault, and ends with it.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from validation.items.image_rules import COLOUR_MODES, DECODED, FORMATS, IDENTIFIED, ImageLimits

_COMPRESSION: Final = 4
"""Of PNG, from 0 to 9: twice as fast as the default, and files a twentieth larger."""

_WIDE_MODES: Final = ("I;16", "I;16B", "I;16L", "I;16N")
_TO_BYTES: Final = 1 / 257
"""From 16 bits to 8."""


class UnfitImageError(ValueError):
    """An image that cannot be looked at.

    Parameters
    ----------
    rule
        Of `validation.items.image_rules`.
    problem
        As a sentence without its file.
    """

    def __init__(self, rule: str, problem: str) -> None:
        super().__init__(problem)
        self.rule = rule


@dataclass(frozen=True)
class Looked:
    """What is known of an image.

    Parameters
    ----------
    format, mode, width, height
        By its head, as it is stored.
    pixels
        As it is kept, shape (height, width, 1 or 3); None where it is too large to be decoded.
    spread
        Standard deviation of these pixels, in the channel where it is largest.
    """

    format: str
    mode: str
    width: int
    height: int
    pixels: NDArray[np.uint8] | None = None
    spread: float | None = None


def look_at(content: bytes, limits: ImageLimits, side: int) -> Looked:
    """Measure an image, and prepare its pixels where the bounds allow it.

    Parameters
    ----------
    content
        Of its file.
    limits
        The bounds.
    side
        Pixels of the longer side of an image as it is kept.

    Raises
    ------
    UnfitImageError
        If it is of no format that is read, or cannot be decoded.
    """
    with _quiet():
        image = _opened(content)
        with image:
            looked = Looked(image.format or "", image.mode, *image.size)
            is_bounded = looked.width * looked.height <= limits.max_pixels
            if not is_bounded or looked.mode not in COLOUR_MODES:
                return looked
            pixels = _prepared(image, side)
    spread = float(pixels.std(axis=(0, 1)).max())
    return Looked(looked.format, looked.mode, looked.width, looked.height, pixels, spread)


def digest_of(pixels: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of prepared pixels: of two files with the same, one is a copy."""
    shape = "×".join(map(str, pixels.shape)).encode()
    return hashlib.sha256(shape + b"\0" + pixels.tobytes()).hexdigest()


def as_png(pixels: NDArray[np.uint8]) -> bytes:
    """Write prepared pixels as PNG: the same ones always give the same bytes."""
    shown = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG", compress_level=_COMPRESSION)
    return file.getvalue()


def from_png(content: bytes) -> NDArray[np.uint8]:
    """Read what `as_png` wrote, shape (height, width, 1 or 3)."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def shape_of(content: bytes) -> tuple[int, int, int]:
    """Return height, width and channels of what `as_png` wrote, without its pixels."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        return image.height, image.width, len(image.getbands())


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Pillow look at heads of any size without a word: what may be decoded is decided here."""
    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise UnfitImageError(IDENTIFIED, f"its content is of none of {known}") from error
    except Exception as error:  # a decoder may raise anything at bytes that somebody made up
        raise _undecodable(error) from error


def _prepared(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Decode an image, upright, on white, no larger than asked, grey where it has no colour."""
    try:
        # A JPEG of a camera is decoded at a fraction of its size.
        image.draft(None, (2 * side, 2 * side))
        image.load()
        upright = ImageOps.exif_transpose(_in_bytes(image))
        upright.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
        pixels = np.asarray(upright)
    except Exception as error:  # as above
        raise _undecodable(error) from error
    if pixels.ndim == 2:
        return pixels[:, :, None]
    has_colour = (pixels != pixels[:, :, :1]).any()
    return pixels if has_colour else pixels[:, :, :1]


def _in_bytes(image: Image.Image) -> Image.Image:
    """Return an image in 8 bits, grey or in red, green and blue; what is transparent is white."""
    exif = image.getexif()
    if image.mode in _WIDE_MODES:
        wide = np.asarray(image).astype(np.float32)
        made = Image.fromarray((wide * _TO_BYTES + 0.5).astype(np.uint8))
    elif image.has_transparency_data:
        layered = image.convert("RGBA")
        made = Image.new("RGB", image.size, "white")
        made.paste(layered, mask=layered.getchannel("A"))
    else:
        made = image.convert("L" if image.mode in {"1", "L"} else "RGB")
    made.getexif().update(exif)
    return made


def _undecodable(error: Exception) -> UnfitImageError:
    why = " ".join(str(error).split()) or type(error).__name__
    return UnfitImageError(DECODED, f"it cannot be decoded: {why}"[:_REASON_CHARS])


_REASON_CHARS: Final = 200
