"""What an answer of a JSON API holds, found by dotted paths."""

import json
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.reading.sources.errors import FeedError

MISSING: Final = object()
"""What `at` finds where there is nothing, which null is not."""

_SHOWN: Final = 20
"""Keys in a message."""

_KEY_CHARS: Final = 40
"""Of a key in a message."""


def at(value: Any, path: str) -> Any:
    """Return what is at a dotted path, or `MISSING`; a key may have dots itself."""
    if not isinstance(value, dict):
        return MISSING
    if path in value:
        return value[path]
    head, _, rest = path.partition(".")
    return at(value[head], rest) if rest and head in value else MISSING


def parsed(shown: str, content: bytes) -> Any:
    """Return the JSON of an answer.

    Raises
    ------
    FeedError
        If it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        start = excerpt(content[: 2 * _KEY_CHARS].decode(errors="replace"), _KEY_CHARS)
        raise FeedError(
            f"{shown} must answer with JSON, got {start!r}; give the URL of the API, and under"
            " `headers_from` of [http] what it wants to be told"
        ) from None


def records_of(shown: str, value: Any, path: str) -> list[Any]:
    """Return the records of an answer.

    Raises
    ------
    FeedError
        If there is no list of them, naming the keys that there are.
    """
    found = at(value, path) if path else value
    if isinstance(found, list):
        return found
    where = f"at `records` = {path!r}" if path else "as its whole answer"
    raise FeedError(
        f"{shown} must have a list of records {where}, got {_kind(found)}; {keys_said(value)}; set"
        " `records` under [http] to the path of the list"
    )


def keys_said(value: Any) -> str:
    """Say which paths an answer has: its keys, and those of the objects right below it."""
    if not isinstance(value, dict):
        return f"the answer is {_kind(value)}"
    names = [excerpt(path, _KEY_CHARS) for path in _paths(value)]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"there are the keys {', '.join(map(repr, names[:_SHOWN])) or 'none'}{more}"


def _paths(value: dict[str, Any]) -> list[str]:
    below = {key: it if isinstance(it, dict) else {} for key, it in value.items()}
    return [path for key, it in below.items() for path in (key, *(f"{key}.{sub}" for sub in it))]


def _kind(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), "a number")
