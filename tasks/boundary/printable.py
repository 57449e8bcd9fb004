"""Texts in a terminal: nothing from a feed may steer it, or be taken for markup."""

from rich.markup import escape

from tasks.boundary.inert import inert


def as_markup(text: str) -> str:
    """Return a text as it is to be printed where markup is read; its line feeds stay."""
    return escape(inert(text, kept="\n"))
