"""Texts in a terminal: nothing from a feed may steer it, or be taken for markup."""

from rich.markup import escape


def printable(text: str) -> str:
    """Replace what could steer a terminal: control and escape characters."""
    return "".join(
        character if character.isprintable() or character == "\n" else "�" for character in text
    )


def as_markup(text: str) -> str:
    """Return a text as it is to be printed where markup is read."""
    return escape(printable(text))
