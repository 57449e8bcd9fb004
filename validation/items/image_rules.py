"""The rules of images: what is measured of one when it is read, and what that must be."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

from typing import Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from validation.gx import Expectation, gxe
from validation.items.item_rules import ItemRules
from validation.rules import row_rule
from validation.tables.columns import PROBLEM_RULE

WIDTH: Final = "width"
HEIGHT: Final = "height"
N_PIXELS: Final = "n_pixels"
SHORT_SIDE: Final = "short_side"
ASPECT: Final = "aspect"
N_BYTES: Final = "n_bytes"
COLOUR_MODE: Final = "colour_mode"
FORMAT: Final = "format"
SPREAD: Final = "spread"

MEASURED: Final = (
    pa.field(N_BYTES, pa.int64()),
    pa.field(FORMAT, pa.string()),  # by the content; the name says nothing
    pa.field(COLOUR_MODE, pa.string()),  # as Pillow calls it
    pa.field(WIDTH, pa.int64()),
    pa.field(HEIGHT, pa.int64()),
    pa.field(N_PIXELS, pa.int64()),
    pa.field(SHORT_SIDE, pa.int64()),
    pa.field(ASPECT, pa.float64()),  # the longer side over the shorter one
    pa.field(SPREAD, pa.float64()),  # standard deviation of the pixels, of 255; null if not decoded
)
"""Of every image whose head can be read; the pixels of one that is too large are not decoded."""

FOUND: Final = "image_found"
IDENTIFIED: Final = "image_format"
DECODED: Final = "image_decodes"

FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""No other is tried: some are programs, or are read by programs."""

COLOUR_MODES: Final = (
    "1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV",
    "I;16", "I;16B", "I;16L", "I;16N",
)  # fmt: skip
"""Those whose range of values is known. Of numbers without one nobody can say what is white."""


class ImageLimits(BaseModel):
    """What images are held against."""

    model_config = ConfigDict(frozen=True)

    max_bytes: int
    max_pixels: int
    min_side: int
    max_aspect: float
    min_spread: float


def image_rules(limits: ImageLimits) -> ItemRules:
    """Return the rules of images; one that breaks several is refused by the first of them."""
    return ItemRules(MEASURED, [*_readable(), *_sized(limits), *_shown(limits)])


def _readable() -> list[Expectation]:
    """Return the rules that an image is there, of a known format, and not broken."""
    names = ", ".join(FORMATS)
    expected = {
        FOUND: "every row leads to an image",
        IDENTIFIED: f"every image is, by its content, one of {names}",
        DECODED: "every image can be decoded to its end",
    }
    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column=PROBLEM_RULE, value_set=[rule], **row_rule(rule, said, "{problem}")
        )
        for rule, said in expected.items()
    ]


def _sized(limits: ImageLimits) -> list[Expectation]:
    """Return the rules about sizes; what is too large has not been decoded."""
    size = "{width:,} × {height:,} pixels"
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=N_BYTES,
            max_value=limits.max_bytes,
            **row_rule(
                "image_bytes",
                f"an image has at most {limits.max_bytes:,} bytes",
                f"{{n_bytes:,}} bytes; at most {limits.max_bytes:,} are read",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_PIXELS,
            max_value=limits.max_pixels,
            **row_rule(
                "image_pixels",
                f"an image has at most {limits.max_pixels:,} pixels",
                f"{size}, {{n_pixels:,}} in all; at most {limits.max_pixels:,} are decoded",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=SHORT_SIDE,
            min_value=limits.min_side,
            **row_rule(
                "image_size",
                f"each side of an image has at least {limits.min_side} pixels",
                f"{size}; each side must have at least {limits.min_side}",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=ASPECT,
            max_value=limits.max_aspect,
            **row_rule(
                "image_aspect",
                f"no image is more than {limits.max_aspect:g} times as long as wide",
                f"{size}: one side is {{aspect:.1f}} times the other; at most"
                f" {limits.max_aspect:g} times is allowed",
            ),
        ),
    ]


def _shown(limits: ImageLimits) -> list[Expectation]:
    """Return the rules about what is to be seen."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column=COLOUR_MODE,
            value_set=list(COLOUR_MODES),
            **row_rule(
                "image_colour",
                "the colours of every image have a range that is known",
                "its pixels are of the mode {colour_mode}, whose black and white are not known",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=SPREAD,
            min_value=limits.min_spread,
            **row_rule(
                "image_blank",
                "every image shows something",
                f"it is of one colour: its pixels differ by {{spread:.2f}} of 255, and"
                f" {limits.min_spread:g} is the least that shows anything",
            ),
        ),
    ]
