"""Texts from a feed in a TOML file: a name stays itself in quotes, a comment stays a comment."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, Final

from tasks.boundary.inert import inert

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


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


def toml_value(value: Any) -> str:
    """Return a value that TOML has, as TOML; what is a table, in one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return toml_string(value)
        case date() | time():
            return value.isoformat()
        case Mapping():
            return f"{{ {', '.join(f'{_key(it)} = {toml_value(value[it])}' for it in value)} }}"
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case _:
            return str(value)


def toml_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting, those of groups left out."""
    for key, value in settings.items():
        if not isinstance(value, Mapping):
            yield f"{_key(key)} = {toml_value(value)}"


def toml_groups(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of each group of settings, a group below a group in one line."""
    for name, group in settings.items():
        if isinstance(group, Mapping):
            yield f"[{_key(name)}]"
            yield from (f"{_key(key)} = {toml_value(value)}" for key, value in group.items())
            yield ""


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else toml_string(name)
