"""Pick the parts out of a row: a column, a path into objects, an id made from several."""

import hashlib
import json
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

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ObjectCellError(ValueError):
    """A part whose cell is an object; the message goes on from the name of the file and the row."""


def pick(values: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column, or of a field of it by its dotted path; None if absent.

    A column whose very name has dots comes first.
    """
    if name in values:
        return plain(values[name])
    found: Any = values
    for key in name.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return plain(found)


def plain(value: Any) -> Any:
    """Return what document databases wrap in an object of one key, `{"$oid": "5f…"}`, unwrapped."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((key, wrapped),) = value.items()
    if key == "$date":
        inner = plain(wrapped)
        return _moment(inner) if isinstance(inner, int | float) or _is_number(inner) else inner
    return plain(wrapped) if key in _WRAPPERS else value


_WRAPPERS: Final = {
    "$oid", "$uuid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$symbol",
}  # fmt: skip
"""MongoDB Extended JSON, version 2; `$date` is one too."""


def is_object(value: Any) -> bool:
    """Return whether a cell holds fields of its own."""
    return isinstance(plain(value), Mapping)


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


def parts_of(
    values: Mapping[str, Any], mapping: Mapping[str, str], made_of: Sequence[str] | None = None
) -> dict[str, str | None]:
    """Pick the mapped columns out of a row, as text.

    Parameters
    ----------
    values
        The row.
    mapping
        Part → column or path.
    made_of
        Columns that the id is made of; empty: of the content, see `CONTENT`; None: it is a column.

    Raises
    ------
    ObjectCellError
        If a cell is an object.
    """
    parts = {part: _cell(part, column, pick(values, column)) for part, column in mapping.items()}
    if made_of is None:
        return parts
    if made_of:
        named = {name: as_text(pick(values, name)) for name in made_of}
    else:
        named = {part: parts.get(part) for part in CONTENT}
    return parts | {"doc_id": made_id(named)}


def made_id(named: Mapping[str, str | None]) -> str | None:
    """Make an id of values; None if there are none."""
    there = [(name, value) for name, value in named.items() if value is not None and value.strip()]
    if not there:
        return None
    spelled = json.dumps(there).encode()
    return f"made-{hashlib.sha256(spelled).hexdigest()[:_ID_CHARS]}"


def _cell(part: str, column: str, value: Any) -> str | None:
    if isinstance(value, Mapping):
        fields = list(fields_of(column, value))
        raise ObjectCellError(
            f"column {column!r} is read as {part} and holds an object with the fields"
            f" {', '.join(map(repr, fields[:_N_LISTED]))}; name one of them under [ingest.columns]:"
            f" {part} = {json.dumps(fields[-1])}"
        )
    return as_text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip("-").isdecimal()


def _moment(milliseconds: Any) -> str:
    return (_EPOCH + timedelta(milliseconds=float(milliseconds))).isoformat()
