"""Which column of a feed is the id, the text, the date: configured or guessed, and logged."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from tasks.reading.formats.rows import MAX_COLUMNS, as_text
from tasks.reading.sources.errors import FeedError

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

MAX_NAME_CHARS: Final = 1_000
"""A longer name is a value: it would be the name of a column of every table of documents."""

_REQUIRED = ("doc_id", "text")
# A title is a text, and a row that withdraws its document needs none.
_STAND_INS: Final = {"title", "withdrawn"}
# A message is one line of a log.
_N_LISTED: Final = 30
_LISTED_CHARS: Final = 80


class Columns(BaseModel):
    """The feed's own names for the columns that nightfold needs; what is left out is guessed.

    An empty name of a part that may be absent means that no column plays it.
    """

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

    def is_without(self, part: str) -> bool:
        """Return whether the config wants no column to play a part that may be absent."""
        return part not in _REQUIRED and getattr(self, part) == ""


class FileColumns:
    """Which of a file's columns plays which part; a column that comes late counts too.

    The columns of a file's first rows are mapped together, the most usual name first. A part that
    none of them plays goes to the first later column that looks like it: what was written before
    stays right, for the rows before did not have that column.

    Parameters
    ----------
    wanted
        What the config says.
    file
        Named in messages.
    known
        Names of the columns of all the feed's files; this file's are added.
    """

    def __init__(self, wanted: Columns, file: str, known: set[str]) -> None:
        self._wanted = wanted
        self._file = file
        self._known = known
        self._names: dict[str, None] = {}
        self._late: set[str] | None = None
        self._has_rows = False
        self.mapping: dict[str, str] = {}
        """Part (doc_id, text, ...) → column name, for the parts that were found so far."""

    def admit(self, values: Mapping[str, Any]) -> str | None:
        """Take the columns of a row in; return why the row must not be read, if it must not."""
        self._has_rows = True
        if self._names.keys() >= values.keys():
            return None
        new = [name for name in values if name not in self._names]
        problem = self._unfit(new)
        if problem is None:
            self._names |= dict.fromkeys(new)
            self._known.update(new)
            if self._late is not None:
                self._late.update(new)
                self.mapping = _guessed(new, self._wanted) | self.mapping
        return problem

    def settle(self) -> None:
        """Map the columns of all rows so far; those of later rows can only add to it."""
        self._late = set()
        self.mapping = _guessed(self._names, self._wanted) if self._names else {}

    def require_parts(self) -> None:
        """Check that all that is needed was found; a file without a readable row needs nothing.

        Raises
        ------
        FeedError
            If a column that the config names, or a required part, is absent.
        """
        if self._has_rows:
            _require_parts(self.mapping, list(self._names), self._wanted, self._file)

    def rivals(self) -> Iterator[tuple[str, str, str]]:
        """Yield part, its column and another column that looks like the same part, unused.

        A withdrawal that is overlooked publishes what was asked to go. Of the other parts only a
        late column is named, for which the choice among the first rows' columns could not look.
        """
        for part, guesses in GUESSES.items():
            used = self.mapping.get(part)
            if used is None or getattr(self._wanted, part) is not None:
                continue
            for name in self._names:
                is_overlooked = part == "withdrawn" or name in (self._late or ())
                if name.lower() in guesses and name != used and is_overlooked:
                    yield part, used, name

    def _unfit(self, new: list[str]) -> str | None:
        longest = max(new, key=len)
        if len(longest) > MAX_NAME_CHARS:
            return (
                f"the key {longest[:40]!r}... has {len(longest):,} characters;"
                f" at most {MAX_NAME_CHARS:,} are allowed"
            )
        n_columns = len(self._known) + sum(name not in self._known for name in new)
        if n_columns <= MAX_COLUMNS:
            return None
        return (
            f"with the key {new[0][:40]!r} the feed has {n_columns:,} columns; at most"
            f" {MAX_COLUMNS:,} are allowed, so put values that stand as keys under one key"
        )


def map_columns(present: Iterable[str], wanted: Columns, file: str) -> dict[str, str]:
    """Find which of a file's columns plays which part.

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
    Part (doc_id, text, ...) → column name, only for the parts that were found. A file of titles
    needs no text, nor does one that says what was withdrawn.

    Raises
    ------
    FeedError
        If a column that the config names, or a required part, is absent.
    """
    names = list(present)
    mapping = _guessed(names, wanted)
    _require_parts(mapping, names, wanted, file)
    return mapping


def _guessed(names: Iterable[str], wanted: Columns) -> dict[str, str]:
    """Map every part that the config names or that one of the columns looks like."""
    spoken_for = set(wanted.model_dump().values())
    by_lower = {name.lower(): name for name in reversed(list(names)) if name not in spoken_for}
    mapping: dict[str, str] = {}
    for part, guesses in GUESSES.items():
        if wanted.is_without(part):
            continue
        named = getattr(wanted, part)
        looks_like_it = (by_lower[guess] for guess in guesses if guess in by_lower)
        found = next(looks_like_it, None) if named is None else named
        if found is not None:
            mapping[part] = found
    return mapping


def _require_parts(
    mapping: Mapping[str, str], names: list[str], wanted: Columns, file: str
) -> None:
    for part in GUESSES:
        named = getattr(wanted, part)
        if named is not None and named not in names and not wanted.is_without(part):
            raise FeedError(
                f"{file} has no column {named!r} for {part}; its columns are {_listed(names)}"
            )
    for part in _REQUIRED:
        if part not in mapping and not (part == "text" and _STAND_INS & mapping.keys()):
            raise FeedError(
                f"{file} has no column that looks like {part}; its columns are {_listed(names)};"
                f" set `{part}` under [ingest.columns] in the config file"
            )


def parts_of(values: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Pick the mapped columns out of a row, as text."""
    return {part: as_text(values.get(column)) for part, column in mapping.items()}


def encodable(text: str) -> str:
    """Escape lone surrogates, which JSON can spell and UTF-8 cannot."""
    # Most texts are plain, and this is asked of every cell.
    return text if text.isascii() else text.encode("utf-8", errors="backslashreplace").decode()


def _listed(names: list[str]) -> str:
    spelled = [repr(name[:_LISTED_CHARS]) for name in names[:_N_LISTED]]
    rest = len(names) - len(spelled)
    return ", ".join(spelled) + (f" and {rest:,} more" if rest else "") or "none"
