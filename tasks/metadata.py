"""Carry the feed's other columns through: find one Arrow type per column and build its arrays."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from tasks.columns import encodable

_INT64: Final = range(-(2**63), 2**63)
_FLOAT64: Final = range(-(2**53), 2**53 + 1)
"""The integers that a float64 column holds exactly."""

_RESTORABLE: Final = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_date,
    pa.types.is_timestamp,
)


def metadata_fields(
    rows: Iterable[Mapping[str, Any]], stated: Mapping[str, str], reserved: Iterable[str]
) -> dict[str, pa.Field]:
    """Find the column, name and type, that each key of the rows becomes.

    Parameters
    ----------
    rows
        The unmapped part of every row, as JSON values.
    stated
        Arrow types that the feed's own format states.
    reserved
        Names that nightfold uses itself; a key with such a name gets the prefix ``feed_``.

    Returns
    -------
    Key → field, in the order in which the keys were seen.
    """
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            kinds.setdefault(key, set()).add(_kind(value))
    taken = set(reserved)
    return {
        key: pa.field(_free_name(key, taken), _type(found, stated.get(key)))
        for key, found in kinds.items()
    }


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build one metadata column from JSON values."""
    if pa.types.is_string(kind):
        return pa.array([_spelled(value) for value in values], kind)
    if pa.types.is_temporal(kind):
        return pa.array([None if value is None else str(value) for value in values]).cast(kind)
    return pa.array(values, kind)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() if value in _INT64:
            return "int" if value in _FLOAT64 else "long"
        case float():
            return "float"
        case str():
            return "str"
        case _:
            return "other"


def _type(kinds: set[str], stated: str | None) -> pa.DataType:
    if stated is not None:
        known = _stated_type(stated)
        if known is not None:
            return known
    match kinds - {"null"}:
        case found if found == {"bool"}:
            return pa.bool_()
        case found if found and found <= {"int", "long"}:
            return pa.int64()
        case found if found and found <= {"int", "float"}:
            return pa.float64()
        case _:
            return pa.string()


def _stated_type(stated: str) -> pa.DataType | None:
    """Read a type that JSON values turn back into; the others are kept as text."""
    try:
        kind = pa.type_for_alias(stated)
    except ValueError:
        return None
    return kind if any(is_kind(kind) for is_kind in _RESTORABLE) else None


def _free_name(key: str, taken: set[str]) -> str:
    name = encodable(key if key not in taken else f"feed_{key}")
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _spelled(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return encodable(value)
