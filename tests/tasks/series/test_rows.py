"""Rows become series, whichever way a table holds them."""

import json
from typing import Any

import pytest

from tasks.reading.formats.rows import Row
from tasks.reading.sources.errors import FeedError
from tasks.series.rows import SERIES, series_rows
from tasks.series.settings import SeriesSettings


def rows(*values: dict[str, Any] | None) -> list[Row]:
    return [
        Row(number, it, json.dumps(it), *(("row_parses", "broken") if it is None else ()))
        for number, it in enumerate(values, 1)
    ]


def read(*values: dict[str, Any] | None, **settings: Any) -> list[dict[str, Any]]:
    return list(series_rows(rows(*values), "t.csv", SeriesSettings(**settings)))


def told(row: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(row[SERIES]))


def test_rows_of_single_values_are_gathered_by_their_series() -> None:
    found = read(
        {"machine": "a", "time": "1", "volt": "2.5", "amp": 1, "hall": "north"},
        {"machine": "b", "time": "1", "volt": "7", "amp": 2, "hall": "south"},
        {"machine": "a", "time": "2", "volt": "", "amp": "x", "hall": "north"},
    )
    assert [(it["id"], it["hall"]) for it in found] == [("a", "north"), ("b", "south")]
    assert told(found[0]) == {
        "times": [1.0, 2.0],
        "values": {"volt": [2.5, None], "amp": [1.0, None]},
        "in_order": False,
    }


def test_rows_of_lists_are_series_already() -> None:
    found = read(
        {"id": "a", "time": [1, 2], "x": [0.5, None], "kind": "p"},
        {"id": "b", "time": [1, 2, 3], "x": "[1, 2, 3]", "kind": "q"},
    )
    assert [it["id"] for it in found] == ["a", "b"]
    assert told(found[0]) == {"times": [1.0, 2.0], "values": {"x": [0.5, None]}, "in_order": True}
    assert told(found[1])["values"] == {"x": [1.0, 2.0, 3.0]}
    assert found[1]["kind"] == "q"
    nested = read({"id": "c", "values": [[1, 2], [3, 4]]})
    assert told(nested[0])["values"] == {"values 1": [1.0, 2.0], "values 2": [3.0, 4.0]}


def test_settings_say_which_columns_are_what() -> None:
    row = {"who": "a", "when": "2026-03-01", "x": 1, "y": 2}
    found = read(row, column="who", time="when", values=("y",))
    assert told(found[0]) == {"times": ["2026-03-01"], "values": {"y": [2.0]}, "in_order": False}


def test_what_is_no_series_is_a_row_with_its_problem() -> None:
    found = read(None, {"id": "", "x": 1}, {"id": "a", "x": 1})
    assert found[0][SERIES] == "!row_parses!broken"
    assert found[1][SERIES].startswith("!series_found!")
    assert told(found[2])["times"] == []


def test_infinity_is_missing() -> None:
    found = read({"id": "a", "x": [1, float("inf"), float("nan"), True]})
    assert told(found[0])["values"]["x"] == [1.0, None, None, None]


def test_a_table_without_series_or_numbers_is_refused() -> None:
    with pytest.raises(FeedError, match="no column that says which series"):
        read({"x": 1})
    with pytest.raises(FeedError, match="no column of numbers"):
        read({"id": "a", "text": "b"})
