"""What a feed looks like: examples, lengths, scripts and dates of the rows that can be read."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tasks.operating.survey import Survey, survey_rows
from tasks.preparing.batches import batches_of
from validation.limits import NightDates
from validation.tables.stage_schemas import RAW_ROWS

COLUMNS = {"a.jsonl": {"doc_id": "id", "text": "body", "timestamp": "at"}}


def surveyed(*rows: dict[str, Any]) -> Survey:
    given = [{"file": "a.jsonl", "row": 1, "raw": "{}", **row} for row in rows]
    table = pa.Table.from_pylist(given, schema=RAW_ROWS)
    return survey_rows(batches_of(table), COLUMNS, NightDates(night=date(2026, 3, 1)))


def test_examples_are_the_first_values_that_differ() -> None:
    found = surveyed(*({"doc_id": it, "text": "t"} for it in ("a", "a", " ", "b", "c", "d")))
    assert list(found.examples["doc_id"]) == ["a", "b", "c"]
    assert (found.n_rows, found.n_filled["text"], found.n_filled["timestamp"]) == (6, 6, 0)


def test_a_row_that_could_not_be_read_is_not_looked_at() -> None:
    found = surveyed({"problem_rule": "row_parses", "problem": "broken"}, {"text": "t"})
    assert (found.n_rows, found.quantiles()) == (1, [1] * 5)


def test_lengths_are_those_of_texts_or_else_of_titles() -> None:
    rows = [{"text": "x" * n} for n in range(1, 100)]
    found = surveyed(*rows, {"title": "y" * 100}, {})
    assert found.quantiles() == [1, 50, 90, 99, 100]
    assert (found.n_longer(98), found.n_longer(100)) == (2, 0)
    assert surveyed({}).quantiles() == []


def test_scripts_are_shares_of_the_letters() -> None:
    scripts = surveyed({"text": "абв abc 123"}, {"text": "x" * 1000}, {"text": "ω"}).scripts()
    assert list(scripts) == ["Latin", "Others"]
    assert sum(scripts.values()) == pytest.approx(1)
    assert surveyed({"text": "漢字 かな"}).scripts() == {"Cjk": 0.5, "Hiragana": 0.5}


def test_the_span_leaves_out_dates_that_no_document_may_have() -> None:
    dates = ("2026-02-03", "2026-01-05T10:00:00Z", "soon", "2062-01-01", None)
    found = surveyed(*({"timestamp": it} for it in dates))
    assert found.first is not None
    assert found.last is not None
    assert (str(found.first.date()), str(found.last.date())) == ("2026-01-05", "2026-02-03")
