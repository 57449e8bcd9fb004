"""Texts from a feed, with no mark of Markdown left in force."""

import string
from typing import Any, Final

_SPECIAL: Final = str.maketrans(
    # Every mark that CommonMark lets a backslash disarm: with these alone a text can neither name
    # a scheme (`https:`), a host (`www.`, `a.b`), an address (`a@b`) nor an entity (`&colon;`).
    {mark: f"\\{mark}" for mark in string.punctuation} | {"\n": " "}
)


def escape_markdown(text: str) -> str:
    """Take the meaning out of every mark, so that a text from a feed is shown as it is."""
    return "".join(mark for mark in text if mark.isprintable() or mark == "\n").translate(_SPECIAL)


def as_cell(value: Any) -> Any:
    """Make a value fit for a cell of a table: texts escaped, several as one, numbers alone."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return ", ".join(escape_markdown(str(item)) for item in value)
    return escape_markdown(str(value))
