"""How tables look that hold series: which columns are lists, or say which series, and when.

Pure functions of the first rows of a table, for people who have not named the columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tasks.boundary.excerpts import excerpt
from tasks.reading.formats.rows import as_text
from tasks.series.rows import OF_SERIES, OF_TIME, list_of, number_of

_LEAST_STEPS: Final = 3
"""Rows of a series among those that are looked at: ids that hardly come again are no series."""

_LEAST_APART: Final = 0.95
"""Share of the rows whose series and time no other row has: some recordings are broken."""

_NAMED: Final = 6
_NAME_CHARS: Final = 60

Rows = Sequence[Mapping[str, Any]]


class LongColumns(NamedTuple):
    """Which columns are what, in a table with a row for each time."""

    series: str
    time: str
    values: list[str]


def list_columns(rows: Rows) -> list[str]:
    """Return the columns whose cells are lists of numbers, or of such lists."""
    return [name for name in _names(rows) if _are_lists([row.get(name) for row in rows])]


def long_columns(rows: Rows) -> LongColumns | None:
    """Find the columns of a table with a row for each time; None where it seems to be no such one.

    Of the columns whose values come again, each time at another time, the series is the one with
    a usual name, else the one that tells most of them apart.
    """
    names = _names(rows)
    folded = {name.lower(): name for name in reversed(names)}
    time = next((folded[it] for it in OF_TIME if it in folded), None)
    if time is None:
        return None
    others = [name for name in names if name != time]
    told_apart = {name: n for name in others if (n := _n_series(rows, name, time))}
    usual = [folded[it] for it in OF_SERIES if folded.get(it) in told_apart]
    series = (usual or sorted(told_apart, key=lambda it: -told_apart[it]))[:1]
    values = [
        it for it in others if it not in series and _are_numbers([row.get(it) for row in rows])
    ]
    return LongColumns(series[0], time, values) if series and values else None


def listed(names: Sequence[str]) -> str:
    """Return names of columns for people, the first of many."""
    shown = ", ".join(repr(excerpt(it, _NAME_CHARS)) for it in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _n_series(rows: Rows, name: str, time: str) -> int:
    """Count the values of a column that may be series; 0 where they stand twice at a time."""
    pairs = [(as_text(row.get(name)), as_text(row.get(time))) for row in rows]
    given = [it for it in pairs if it[0]]
    n_values = len({value for value, _ in given})
    is_told = len(set(given)) >= _LEAST_APART * len(given)
    return n_values if is_told and len(given) >= _LEAST_STEPS * n_values else 0


def _are_lists(values: Sequence[Any]) -> bool:
    given = [it for it in values if it is not None and it != ""]
    found = [list_of(it) for it in given]
    return bool(given) and all(it is not None and _are_numbers(list(_flat(it))) for it in found)


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _are_numbers(values: Sequence[Any]) -> bool:
    given = [it for it in values if it is not None and it != ""]
    return bool(given) and all(number_of(it) is not None for it in given)
