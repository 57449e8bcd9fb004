"""How images are read: which column leads to them, and the bounds that they are held to."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

_LEAST_SPREAD: Final = 1.0
"""Of 255: the noise of a camera that has its cap on is about as much."""


class ImageSettings(BaseModel):
    """Where the images of a feed are, and what is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(
        "",
        description="Column of a table that leads to its images: a path below the table's folder, a"
        " URL, or their bytes; empty to tell it by its name.",
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
