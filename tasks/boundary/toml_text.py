"""Texts from a feed in a TOML file: a name stays itself in quotes, a comment stays a comment."""

import json

from tasks.boundary.inert import inert


def toml_string(text: str) -> str:
    """Return a text as a basic string of TOML; reading it gives the text back.

    What an editor shows as nothing, or as something else, is spelled out.

    Raises
    ------
    UnicodeEncodeError
        If it has half a surrogate pair, which no TOML can hold.
    """
    text.encode()
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(mark if mark.isprintable() else f"\\U{ord(mark):08X}" for mark in quoted)


def toml_comment(text: str) -> str:
    """Return a text as one line of comment, which no character in it ends."""
    return f"# {inert(text)}".rstrip()
