"""Rows of tables as series: one row for each, with its times and values as one JSON text.

A row with lists is a series already; rows with single values are gathered by the series that they
belong to. Tables keep such rows in any order, so their times put them in theirs.
"""

import json
import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tasks.reading.formats.rows import Row, as_text
from tasks.reading.sources.errors import FeedError
from tasks.series.settings import SeriesSettings
from validation.items.series_rules import FOUND

logger = logging.getLogger(__name__)

SERIES: Final = "series"
"""Column of the lines that holds times and values, or `!rule!problem`."""

OF_SERIES: Final = (
    "series", "series_id", "id", "recording", "recording_id", "run", "run_id", "track", "sensor",
    "machine", "device", "unit", "key", "name",
)  # fmt: skip
OF_TIME: Final = (
    "time", "timestamp", "ts", "datetime", "date", "t", "step", "index", "seconds", "at",
)  # fmt: skip
"""Names of the columns that say which series a row is of, and when; the most usual first."""

Record = dict[str, Any]


@dataclass
class _Gathered:
    """The rows of one series so far."""

    times: list[Any] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    others: Record = field(default_factory=dict)


@dataclass(frozen=True)
class _Columns:
    """Which columns are what, in a table with a row for each time."""

    series: str
    time: str | None
    values: tuple[str, ...]


def series_rows(rows: Iterable[Row], name: str, settings: SeriesSettings) -> Iterator[Record]:
    """Yield a row for each series of a table.

    Parameters
    ----------
    rows
        As they were read.
    name
        Of the table, for people.
    settings
        Which columns are what.

    Raises
    ------
    FeedError
        If no column says which series a row belongs to, or none holds values.
    """
    gathered: dict[str, _Gathered] = {}
    columns: _Columns | None = None
    for row in rows:
        if row.values is None:
            yield {SERIES: f"!{row.problem_rule}!{row.problem}", "raw": row.raw}
            continue
        lists = _lists_of(row.values)
        if lists:
            yield _whole(row.values, lists, settings)
            continue
        columns = columns or _columns_of(row.values, name, settings)
        series = as_text(row.values.get(columns.series))
        if not series:
            yield {
                SERIES: f"!{FOUND}!the row says of no series that it belongs to it",
                **_plain(row),
            }
            continue
        _add(gathered.setdefault(series, _Gathered()), row.values, columns)
    for series, found in gathered.items():
        text = _told(found.times, found.values, in_order=False)
        yield {**found.others, "id": series, SERIES: text}


def _whole(values: Record, lists: Mapping[str, list[Any]], settings: SeriesSettings) -> Record:
    """Return the row of a series that is whole."""
    time = settings.time or next((it for it in lists if it.lower() in OF_TIME), None)
    wanted = settings.values or tuple(it for it in lists if it != time)
    channels = {name: channel for it in wanted for name, channel in _channels(it, lists.get(it))}
    kept = {key: it for key, it in values.items() if key not in lists and key != SERIES}
    if not channels:
        return {**kept, SERIES: f"!{FOUND}!the row holds no list of values"}
    times = list(lists.get(time, [])) if time else []
    return {**kept, SERIES: _told(times, channels)}


def _channels(name: str, values: list[Any] | None) -> Iterator[tuple[str, list[Any]]]:
    """Yield the channels that a list holds: itself, or the lists in it, one for each channel."""
    if values and all(isinstance(it, list) for it in values):
        yield from ((f"{name} {number}", it) for number, it in enumerate(values, 1))
    elif values is not None:
        yield name, values


def _columns_of(values: Record, name: str, settings: SeriesSettings) -> _Columns:
    """Choose the columns of a table by their names and what the first row holds."""
    folded = {key.lower(): key for key in reversed(list(values))}
    series = settings.column or next((folded[it] for it in OF_SERIES if it in folded), None)
    time = settings.time or next((folded[it] for it in OF_TIME if it in folded), None)
    if series is None:
        columns = ", ".join(repr(it) for it in list(values)[:20])
        raise FeedError(
            f"{name} has no column that says which series a row belongs to; set `column` under"
            f" [series] to one of {columns}"
        )
    channels = settings.values or tuple(
        it for it in values if it not in (series, time) and number_of(values[it]) is not None
    )
    if not channels:
        raise FeedError(f"{name} has no column of numbers; set `values` under [series] to some")
    logger.info("series of %s: %r over %r, values %s", name, series, time, ", ".join(channels))
    return _Columns(series, time, channels)


def _add(found: _Gathered, values: Record, columns: _Columns) -> None:
    """Add a row to its series; what else it holds counts where the series begins."""
    if columns.time is not None:
        found.times.append(values.get(columns.time))
    for channel in columns.values:
        found.values.setdefault(channel, []).append(values.get(channel))
    if not found.others:
        own = {columns.series, columns.time, SERIES, *columns.values}
        found.others = {key: as_text(it) for key, it in values.items() if key not in own}


def _told(times: list[Any], values: Mapping[str, list[Any]], in_order: bool = True) -> str:
    """Write times and values as JSON, and whether they come in their order."""
    channels = {name: [number_of(it) for it in channel] for name, channel in values.items()}
    when = [number_of(it) if number_of(it) is not None else as_text(it) for it in times]
    told = {"times": when, "values": channels, "in_order": in_order}
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def _plain(row: Row) -> Record:
    """Return what a row holds, as text."""
    return {key: as_text(it) for key, it in (row.values or {}).items() if key != SERIES}


def _lists_of(values: Record) -> dict[str, list[Any]]:
    """Return the cells that hold lists."""
    found = {name: list_of(value) for name, value in values.items()}
    return {name: it for name, it in found.items() if it is not None}


def list_of(value: Any) -> list[Any] | None:
    """Return a cell that holds a list, itself or as JSON."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return list(value) if isinstance(value, list | tuple) else None


def number_of(value: Any) -> float | None:
    """Return a cell as a finite number; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
