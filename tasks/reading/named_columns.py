"""The feed's own names for the columns that nightfold needs, as they are configured."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.reading.rating_column import RATING

REQUIRED: Final = ("doc_id", "text")


class Columns(BaseModel):
    """The feed's own names for the columns that nightfold needs; what is left out is guessed.

    A name may be a dotted path into objects.

    An empty name of a part that may be absent means that no column plays it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    doc_id: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None,
        description="Column with the document's id, or a list of columns whose values make it."
        " Without any, it is made from the text, the title, the date and the source.",
    )
    text: str | None = Field(None, description="Column with the text.")
    timestamp: str | None = Field(None, description="Column with the date or time; may be absent.")
    title: str | None = Field(None, description="Column with a title; may be absent.")
    source: str | None = Field(
        None, description="Column that says where a row is from; may be absent."
    )
    label: str | None = Field(
        None, description="Column with a true label: scored against, never clustered on."
    )
    withdrawn: str | None = Field(
        None, description="Column that says yes, or since when, where the source took a row back."
    )
    rating: str | None = Field(
        None,
        description="Column with a rating, such as one to five stars; may be absent. It stays one"
        " of the feed's own columns.",
    )

    @model_validator(mode="after")
    def _rating_is_a_column_of_its_own(self) -> Self:
        others = self.model_dump(exclude_none=True, exclude={RATING}).values()
        if self.rating and self.rating in others:
            raise ValueError(
                f"rating must be a column that is read as nothing else, got {self.rating!r}"
            )
        return self

    def names(self) -> list[str]:
        """Return all columns that the config names."""
        given = self.model_dump(exclude_none=True).values()
        return [name for it in given for name in ((it,) if isinstance(it, str) else it)]

    def is_without(self, part: str) -> bool:
        """Return whether the config wants no column to play a part that may be absent."""
        return part not in REQUIRED and getattr(self, part) == ""
