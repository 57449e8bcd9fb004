"""How series are read: which columns hold them, what is refused, how they are prepared."""

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class SeriesSettings(BaseModel):
    """Where the series of a feed are, what is refused, and what becomes of the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(
        "",
        description="Column that says which series a row belongs to, in a table with a row for each"
        " time; empty to tell it by its name.",
    )
    time: str = Field("", description="Column of the time; empty to tell it by its name.")
    values: tuple[str, ...] = Field(
        (), description="Columns of the values, a channel each; empty for all that hold numbers."
    )
    min_steps: PositiveInt = Field(8, description="A series with fewer steps is refused.")
    max_steps: PositiveInt = Field(1_000_000, description="A series with more steps is refused.")
    max_missing: float = Field(
        0.3, ge=0, le=1, description="A series of which a larger share is missing is refused."
    )
    max_gap: float = Field(
        20.0, ge=1, description="A series with a gap of more usual steps of time is refused."
    )
    z_normalise: bool = Field(
        True,
        description="Whether each channel is brought to mean 0 and spread 1; false where the level"
        " or the strength of a series matters.",
    )
    steps: PositiveInt = Field(
        512, description="A longer series is brought to so many steps, each a mean of its own."
    )
