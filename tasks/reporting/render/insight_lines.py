"""What a night's clusters mean, in sentences: which emerge, and where each is more frequent."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.reporting.insights.alarms import alarms_of, emergence_sentence
from tasks.reporting.night_view import NightView

_SHOWN: Final = 5
"""Sentences of a kind: the table has all."""

_NAME_CHARS: Final = 60
_VALUE_CHARS: Final = 40


def emergence_sentences(night: NightView) -> list[str]:
    """Say which clusters have more new documents than usual, which have grown, which are fading."""
    rows = night.insights.get("emergence", ())
    name_of = {row["cluster_id"]: night.name_of(row["cluster_id"]) for row in rows}
    alarms = [emergence_sentence(row, name_of[row["cluster_id"]]) for row in alarms_of(rows)]
    weak = [
        f"weak signal: {_quoted(name_of[row['cluster_id']])} is small and has grown this week"
        for row in rows
        if row["kind"] == "weak_signal"
    ]
    falling = [
        f"fading: {emergence_sentence(row, name_of[row['cluster_id']])}"
        for row in rows
        if row["kind"] == "falling"
    ]
    said = [*alarms, *weak, *falling]
    return said[:_SHOWN] + _rest(len(said) - _SHOWN, "emergence")


def where_sentences(night: NightView) -> list[str]:
    """Say which values are the most over-represented, one for each cluster and column."""
    rows = list(_first_of_each(night))
    said = [_where(row, night.name_of(row["cluster_id"])) for row in rows[:_SHOWN]]
    return said + _rest(len(rows) - _SHOWN, "breakdown")


def _first_of_each(night: NightView) -> Iterator[Mapping[str, Any]]:
    """Yield the surest row of each cluster and column; the table has the surest first."""
    seen = set()
    for row in night.insights.get("breakdown", ()):
        if (key := (row["cluster_id"], row["feed_column"])) not in seen:
            seen.add(key)
            yield row


def _where(row: Mapping[str, Any], name: str) -> str:
    column = excerpt(row["feed_column"], _NAME_CHARS)
    value = excerpt(row["feed_value"], _VALUE_CHARS)
    return (
        f"{_quoted(name)}: {row['share']:.0%} have {column} {value!r}, of all documents"
        f" {row['overall_share']:.0%} ({row['lift']:.1f} times as many)"
    )


def _quoted(name: str) -> str:
    return repr(excerpt(name, _NAME_CHARS))


def _rest(n: int, table: str) -> list[str]:
    return [f"… and {n:,} more, in the table `{table}`"] if n > 0 else []
