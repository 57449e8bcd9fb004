"""Rows of a database as lines of JSON.

JSON and not Parquet: SQLite and expressions may change the type of a column from row to row, and a
table that is written in batches cannot.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

_NUMBER_DIGITS: Final = 18
"""Larger decimals are text: Python spells no integer of thousands of digits."""


def line_of(row: Mapping[Any, Any]) -> str:
    """Return a row as a line of JSON: numbers and times as they are, all others as text."""
    return json.dumps(dict(row), ensure_ascii=False, default=_cell)


def _cell(value: Any) -> Any:
    """Return what JSON has of a value that it does not know."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="backslashreplace")
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def _number(value: Decimal) -> int | float | str:
    """Return a decimal as a number where that is exact, and as text where it is not."""
    if not value.is_finite() or value.adjusted() >= _NUMBER_DIGITS:
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
