"""Carry the feed's other columns through: the type that one gets, and its values as an array."""

import json
import math
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import pyarrow as pa

from tasks.boundary.surrogates import encodable

_EXACT: Final = range(-(2**53), 2**53 + 1)
"""The integers that float64 holds, each apart from its neighbours."""

_RESTORABLE: Final = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_date,
    pa.types.is_timestamp,
)

KINDS: Final = {
    "bool": "true or false",
    "number": "numbers",
    "long": "integers beyond 2^53",
    "text": "text",
    "json": "lists or objects",
}
"""What a JSON value is, and how messages name many of it."""

_KIND_OF_TYPE: Final = {
    type(None): None, bool: "bool", float: "number", str: "text", list: "json", dict: "json",
}  # fmt: skip
"""Of all types that JSON is read as but the integer, whose kind depends on how large it is."""


def kind_of(value: Any) -> str | None:
    """Return which of `KINDS` a JSON value is; None for null."""
    if type(value) is int:
        return "number" if value in _EXACT else "long"
    return _KIND_OF_TYPE[type(value)]


def first_type(kinds: Collection[str], stated: str | None) -> pa.DataType | None:
    """Return the type of a column that no night has had; None where no value says which.

    JSON has one type of number, so numbers are float64, whole or not. What is mixed, nested or
    would lose digits is text.

    Parameters
    ----------
    kinds
        Of all values of the first night, see `kind_of`.
    stated
        Arrow type that the feed's own format states, if it does.
    """
    known = restorable_type(stated) if stated is not None else None
    if known is not None:
        return known
    if set(kinds) == {"bool"}:
        return pa.bool_()
    if set(kinds) == {"number"}:
        return pa.float64()
    return pa.string() if kinds else None


def restorable_type(stated: str) -> pa.DataType | None:
    """Return the type that a format states, if JSON values turn back into it; others are text."""
    try:
        kind = pa.type_for_alias(stated)
    except ValueError:
        return None
    return kind if any(is_kind(kind) for is_kind in _RESTORABLE) else None


def fits(value: Any, kind: pa.DataType) -> bool:
    """Return whether a column of a type holds a JSON value exactly; every one holds null."""
    return fitting(kind)(value)


def fitting(kind: pa.DataType) -> Callable[[Any], bool]:
    """Return the check that `fits` makes of each value of a type, for columns of many values."""
    if is_text(kind):
        return lambda _: True
    if pa.types.is_boolean(kind):
        return lambda value: value is None or isinstance(value, bool)
    if pa.types.is_float64(kind):
        return lambda value: kind_of(value) in {None, "number"}
    return lambda value: value is None or _survives(value, kind)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type is one of text, which holds every value as it is spelled."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build one column from JSON values; null where a value does not fit."""
    if is_text(kind):
        return pa.array([spelled(value) for value in values], kind)
    if pa.types.is_temporal(kind):
        return _moments(values, kind)
    # Which check a type needs is found once: for each value anew it takes most of the time.
    does_fit = fitting(kind)
    kept = [value if does_fit(value) else None for value in values]
    if pa.types.is_integer(kind):
        kept = [None if value is None else int(value) for value in kept]
    if pa.types.is_float32(kind):  # it takes no integer beyond 2^24, even one that it holds exactly
        kept = [None if value is None else float(value) for value in kept]
    return pa.array(kept, kind)


def spelled(value: Any) -> str | None:
    """Spell a JSON value as text: a string as it came, anything else as JSON."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return encodable(value)


def _moments(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, pa.string()).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # one does not fit: which one takes a look at each
        return pa.array([v if fits(v, kind) else None for v in values], pa.string()).cast(kind)


def _survives(value: Any, kind: pa.DataType) -> bool:
    """Return whether a value comes back the same from a type that Parquet stated."""
    try:
        if pa.types.is_temporal(kind):
            return isinstance(value, str) and pa.scalar(value).cast(kind).is_valid
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if pa.types.is_integer(kind):
            return int(value) == value and bool(pa.scalar(int(value), kind).is_valid)
        back = pa.scalar(float(value), kind).as_py()
    except (ValueError, OverflowError):
        return False
    return bool(back == value or (math.isnan(back) and math.isnan(value)))
