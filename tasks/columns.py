"""Which column of a feed is the id, the text, the date: configured or guessed, and said aloud."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from tasks.feed import FeedError

GUESSES: Final[dict[str, tuple[str, ...]]] = {
    "doc_id": (
        "id",
        "doc_id",
        "document_id",
        "review_id",
        "ticket_id",
        "_id",
        "uuid",
        "uid",
        "key",
    ),
    "text": (
        "text",
        "body",
        "content",
        "review",
        "review_text",
        "reviewtext",
        "message",
        "comment",
        "description",
    ),
    "timestamp": (
        "timestamp",
        "date",
        "created_at",
        "datetime",
        "created",
        "published_at",
        "published",
        "time",
    ),
    "title": ("title", "subject", "headline"),
    "source": ("source",),
    "label": ("label",),
    "withdrawn": (
        "withdrawn",
        "is_withdrawn",
        "withdrawn_at",
        "deleted",
        "is_deleted",
        "deleted_at",
    ),
}
"""The usual names, the most usual first; case does not matter."""

_REQUIRED = ("doc_id", "text")


class Columns(BaseModel):
    """The feed's own names for the columns that nightfold needs; what is left out is guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    doc_id: str | None = Field(None, description="Column with the document's id.")
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


def map_columns(present: Iterable[str], wanted: Columns, file: str) -> dict[str, str]:
    """Say which of a file's columns plays which part.

    Parameters
    ----------
    present
        The file's column names.
    wanted
        What the config says.
    file
        Named in the error.

    Returns
    -------
    Part (doc_id, text, ...) → column name, only for the parts that were found. A file that says
    what was withdrawn may do so without a text.

    Raises
    ------
    FeedError
        If a column that the config names, or a required part, is absent.
    """
    names = list(present)
    spoken_for = set(wanted.model_dump().values())
    by_lower = {name.lower(): name for name in reversed(names) if name not in spoken_for}
    mapping: dict[str, str] = {}
    for part, guesses in GUESSES.items():
        said = getattr(wanted, part)
        if said is not None and said not in names:
            raise FeedError(
                f"{file} has no column {said!r} for {part}; its columns are {_listed(names)}"
            )
        found = said or next((by_lower[guess] for guess in guesses if guess in by_lower), None)
        if found is not None:
            mapping[part] = found
    for part in _REQUIRED:
        if part not in mapping and not (part == "text" and "withdrawn" in mapping):
            raise FeedError(
                f"{file} has no column that looks like {part}; its columns are {_listed(names)};"
                f" set `{part}` under [ingest.columns] in the config file"
            )
    return mapping


def as_text(value: Any) -> str | None:
    """Give a cell as text; None for what is absent."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the one value that differs from itself
        return None
    if isinstance(value, bytes):  # Parquet of older writers, which do not mark their strings
        return value.decode(errors="backslashreplace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def parts_of(values: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Pick the mapped columns out of a row, as text."""
    return {part: as_text(values.get(column)) for part, column in mapping.items()}


def encodable(text: str) -> str:
    """Escape lone surrogates, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", errors="backslashreplace").decode()


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
