"""A table of series is told by its first rows, and one of anything else is not."""

from typing import Any

from tasks.series.glance import LongColumns, list_columns, listed, long_columns


def long_rows(n_series: int = 3, n_steps: int = 5, **more: Any) -> list[dict[str, Any]]:
    return [
        {"pump": f"p{series}", "hall": f"h{series % 2}", "time": str(step), "flow": f"{step}.5"}
        | more
        for step in range(n_steps)
        for series in range(n_series)
    ]


def test_the_series_is_what_comes_again_at_other_times() -> None:
    # Two pumps of a hall are measured at one time, so that a hall is no series.
    assert long_columns(long_rows()) == LongColumns("pump", "time", ["flow"])


def test_a_usual_name_counts_more() -> None:
    rows = [row | {"sensor": row["pump"], "level": 1} for row in long_rows()]
    assert long_columns(rows) == LongColumns("sensor", "time", ["flow", "level"])


def test_a_few_broken_rows_are_no_objection() -> None:
    rows = long_rows(n_steps=20)
    assert long_columns([*rows, rows[0]]) is not None
    assert long_columns([*rows, *rows]) is None


def test_documents_with_a_date_and_a_number_are_no_series() -> None:
    rows = [{"id": f"r{n}", "date": "2026-03-01", "stars": n % 5} for n in range(20)]
    assert long_columns(rows) is None
    assert long_columns([{"pump": "p", "flow": n} for n in range(9)]) is None
    assert long_columns([]) is None


def test_lists_of_numbers_are_series_and_others_are_not() -> None:
    rows: list[dict[str, Any]] = [
        {"a": "[1, 2.5, null]", "b": [[1, 2], [3, 4]], "tags": ["new", "red"], "n": 3, "none": None}
    ]
    assert list_columns(rows) == ["a", "b"]
    assert list_columns([{"text": "[sic] a text"}]) == []


def test_many_names_are_cut_short() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed([f"c{n}" for n in range(9)]).endswith("'c5' and 3 more")
