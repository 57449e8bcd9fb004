"""Pick the parts out of a row: a column, a path into objects, an id made from several."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tasks.reading.formats.rows import as_text

CONTENT: Final = ("text", "title", "timestamp", "source")
"""Of what an id is made where no column has one: what tells two documents apart."""

_ID_CHARS: Final = 32
"""Half of a SHA-256: two of a billion documents would share one in a case of 10^20."""

_DEPTH: Final = 4
"""How deep fields of objects are named in messages."""

_LARGEST_EXACT: Final = 2.0**53
"""From here on floats leave integers out."""

_N_LISTED: Final = 10
"""A message is one line of a log."""

_WHOLE: Final = re.compile(r"-?\d+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NestedCellError(ValueError):
    """A part whose cell is an object or a list; the message goes on from file and row."""


def pick(values: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column, or of a field of it by its dotted path; None if absent.

    A column whose very name has dots comes first.
    """
    found: Any = values.get(name)
    # Nearly all values are strings, and this is asked of every cell.
    if type(found) is str:
        return found
    if name in values:
        return plain(found)
    found = values
    for key in name.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return plain(found)


def plain(value: Any) -> Any:
    """Return what document databases wrap in an object of one key, `{"$oid": "5f…"}`, unwrapped."""
    # To ask whether something is a Mapping takes time.
    if isinstance(value, str) or not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((key, wrapped),) = value.items()
    if key == "$date":
        return _moment(plain(wrapped))
    return plain(wrapped) if key in _WRAPPERS else value


_WRAPPERS: Final = {
    "$oid", "$uuid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$symbol",
}  # fmt: skip
"""MongoDB Extended JSON, version 2; `$date` is one too."""


def is_nested(value: Any) -> bool:
    """Return whether a cell holds an object or a list, which is no text."""
    return isinstance(plain(value), Mapping | list)


def fields_of(name: str, value: Any, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the dotted paths of an object's fields."""
    inner = plain(value)
    if not isinstance(inner, Mapping) or depth == 0:
        yield name
        return
    for key, below in inner.items():
        yield from fields_of(f"{name}.{key}", below, depth - 1)


def is_rounded(value: Any) -> bool:
    """Return whether a number was too large for the float that it came in: others share it."""
    return isinstance(value, float) and abs(value) >= _LARGEST_EXACT


def parts_of(values: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Pick the mapped columns out of a row, as text.

    Parameters
    ----------
    values
        The row.
    mapping
        Part → column or path.

    Raises
    ------
    NestedCellError
        If a cell is an object or a list.
    """
    return {part: _cell(part, column, pick(values, column)) for part, column in mapping.items()}


def columns_of_id(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, str | None]:
    """Pick the columns that an id is made of, as text; see `parts_of` for errors."""
    return {name: _cell("doc_id", name, pick(values, name)) for name in names}


def made_id(named: Mapping[str, str | None]) -> str | None:
    """Make an id of values; None if there are none."""
    there = [(name, value) for name, value in named.items() if value is not None and value.strip()]
    if not there:
        return None
    spelled = json.dumps(there).encode()
    return f"made-{hashlib.sha256(spelled).hexdigest()[:_ID_CHARS]}"


def _cell(part: str, column: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise NestedCellError(f"column {column!r} is read as {part} and holds a list")
    if isinstance(value, Mapping):
        fields = list(fields_of(column, value))
        if not fields:
            raise NestedCellError(f"column {column!r} is read as {part} and holds an empty object")
        raise NestedCellError(
            f"column {column!r} is read as {part} and holds an object with the fields"
            f" {', '.join(map(repr, fields[:_N_LISTED]))}; name one of them under [ingest.columns]:"
            f" {part} = {json.dumps(fields[-1])}"
        )
    return as_text(value)


def _moment(value: Any) -> Any:
    """Return milliseconds since 1970 in ISO 8601; what is none, as it came, for the check."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and _WHOLE.fullmatch(value)):
        return value
    try:
        return (_EPOCH + timedelta(milliseconds=float(value))).isoformat()
    except (OverflowError, ValueError):  # too far from 1970, or NaN
        return value
