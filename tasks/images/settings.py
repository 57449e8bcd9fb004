"""How images are read: which column leads to them, and the bounds that they are held to."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from tasks.reading.sources.urls import require_no_secret

_LEAST_SPREAD: Final = 1.0
"""Of 255: the noise of a camera that has its cap on is about as much."""

SIDE: Final = 64
"""At which people recognise what is on an image, and a night of 20,000 takes under six minutes."""

SMALLEST_SIDE: Final = 28
LARGEST_SIDE: Final = 224
"""As encoders take them, from MNIST to those that were trained on photographs."""


class ImageSettings(BaseModel):
    """Where the images of a feed are, and what is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(
        "",
        description="Column of a table that leads to its images: a path below the table's folder, a"
        " URL, or their bytes; empty to tell it by its name.",
    )
    encoder: str = Field(
        "",
        description="Hub name or folder of a sentence-transformers model that encodes images, as"
        " CLIP; an encoder is learnt from the images if left empty.",
    )
    side: int = Field(
        SIDE,
        ge=SMALLEST_SIDE,
        le=LARGEST_SIDE,
        description="Pixels of the longer side of an image as it is kept and encoded; larger where"
        " small details tell images apart, which costs in proportion to its square. 64, and 224"
        " where an encoder is given.",
    )
    max_bytes: PositiveInt = Field(50_000_000, description="A larger file is refused, unread.")
    max_pixels: PositiveInt = Field(
        50_000_000, description="An image with more is refused and not decoded."
    )
    min_side: PositiveInt = Field(8, description="An image with a shorter side is refused.")
    max_aspect: float = Field(
        20.0, ge=1, description="An image that is more times as long as wide is refused."
    )
    min_spread: float = Field(
        _LEAST_SPREAD,
        ge=0,
        description="Standard deviation of the pixels, of 255, below which an image is blank and"
        " refused.",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_large_as_encoders_take(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("encoder"):
            return {"side": LARGEST_SIDE, **given}
        return given

    @field_validator("encoder")
    @classmethod
    def _encoder_holds_no_secret(cls, encoder: str) -> str:
        require_no_secret(encoder, "images.encoder")
        return encoder
