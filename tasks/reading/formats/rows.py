"""What a reader hands over: a row as it came, or the reason why a file has none to read."""

import json
import logging
from collections.abc import MutableMapping
from typing import Any, Final, NamedTuple

MAX_COLUMNS: Final = 10_000
"""More are values that stand where names belong; each costs an array in every batch."""

MAX_DEPTH: Final = 100
"""Deeper nesting is no metadata; Python's own JSON parser gives up at about 1,000."""

RAW_CHARS_KEPT: Final = 1 << 20
"""Of a row that could not be read, so much is kept for people to look at."""


class UnfitFileError(ValueError):
    """A file that is well formed and still cannot be read; the message goes on from its name."""


class ForeignFileError(UnfitFileError):
    """A file that as a whole does not have its encoding."""


class FileLog(logging.LoggerAdapter[logging.Logger]):
    """What is said about a file while it is read; the message goes on from its name.

    Parameters
    ----------
    logger
        Of those who read the file.
    name
        Of the file.
    """

    def __init__(self, logger: logging.Logger, name: str) -> None:
        super().__init__(logger, {})
        self._name = name.replace("%", "%%")

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        """Put the name before the message."""
        return f"{self._name} {msg}", kwargs


class Row(NamedTuple):
    """One row as it came.

    Parameters
    ----------
    number
        1-based: the line of a JSONL file, the element of an array, the record of any other file.
    values
        The columns; None if the row could not be read.
    raw
        The whole row: JSON, or the broken line itself.
    problem_rule, problem
        The rule that the reader saw broken, and how.
    line, n_lines
        First physical line of the row, from 1, and the number of lines; a row of Parquet is a line.
    """

    number: int
    values: dict[str, Any] | None
    raw: str
    problem_rule: str | None = None
    problem: str | None = None
    line: int = 0
    n_lines: int = 1


def as_text(value: Any) -> str | None:
    """Return a cell as text; None for what is absent."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the one value that differs from itself
        return None
    if isinstance(value, bytes):  # Parquet of older writers, which do not mark their strings
        return value.decode(errors="backslashreplace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def spelled(values: dict[str, Any]) -> str:
    """Return a whole row as JSON."""
    return json.dumps(values, ensure_ascii=False, default=as_text)


def broken_row(number: int, raw: str, rule: str, problem: str, line: int, n_lines: int = 1) -> Row:
    """Return a row that could not be read; a raw text that is cut says so in the problem."""
    if len(raw) > RAW_CHARS_KEPT:
        raw = raw[:RAW_CHARS_KEPT]
        problem = f"{problem}; raw is cut at {RAW_CHARS_KEPT:,} characters"
    return Row(number, None, raw, rule, problem, line, n_lines)


def require_columns(names: list[str]) -> None:
    """Check the names of a file's columns, where its format states them.

    Raises
    ------
    UnfitFileError
        If two columns share a name, or there are more than `MAX_COLUMNS`.
    """
    if len(names) > MAX_COLUMNS:
        raise UnfitFileError(
            f"has {len(names):,} columns; at most {MAX_COLUMNS:,} are read, so remove some"
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UnfitFileError(
                f"has two columns named {name[:80]!r}; rename or remove one of them"
            )
        seen.add(name)
