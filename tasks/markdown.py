"""Texts from a feed, with no mark of Markdown left in force."""

from typing import Any, Final

_SPECIAL: Final = str.maketrans(
    {mark: f"\\{mark}" for mark in "\\`*_{}[]()<>#+-.!|~"} | {"\n": " "}
)


def escape_markdown(text: str) -> str:
    """Take the meaning out of every mark, so that a text from a feed is shown as it is."""
    return "".join(mark for mark in text if mark.isprintable() or mark == "\n").translate(_SPECIAL)


def as_cell(value: Any) -> Any:
    """Make a value fit for a cell of a table: texts escaped, several as one, other values alone."""
    if isinstance(value, str):
        return escape_markdown(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(escape_markdown(str(item)) for item in value)
    return value
