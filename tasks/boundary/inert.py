"""Texts from a feed that steer nothing: no terminal, no log, no line of either."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Formatting marks that shape words and emoji, and steer nothing."""

_NAMED: Final = 5
"""Files that a message names: a folder of pictures has thousands."""

_ESCAPED: Final = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[tnr])")


def inert(text: str, kept: str = "") -> str:
    r"""Escape control and formatting characters as Python spells them: \x1b, \n, \u202e.

    Parameters
    ----------
    text
        From a feed, or from someone who quotes it.
    kept
        Characters that stay, for instance the line feeds of a text of several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(it if it in kept or not _steers(it) else _spelled(it) for it in text)


def label_of(name: str) -> str:
    """Return a name for messages and tables in which no control character is left.

    Two names never get the same label: where a name has a character to escape, or looks as if it
    had been escaped, its own backslashes are doubled.
    """
    if inert(name) == name and not _ESCAPED.search(name):
        return name
    return inert(name.replace("\\", "\\\\"))


def _steers(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS


def _spelled(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return repr(character)[1:-1]


def first_of(names: Sequence[str]) -> str:
    """Name the first of some files for a message, and count the others."""
    named = ", ".join(map(inert, names[:_NAMED]))
    return named if len(names) <= _NAMED else f"{named} and {len(names) - _NAMED:,} more"
