import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from validation.measure import (
    PREPARED_COLUMNS,
    RAW_COLUMNS,
    _slices,
    measure_prepared,
    measure_raw,
)

Measure = Callable[[Iterable[pa.RecordBatch]], Iterator[pd.DataFrame]]
Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]

# Code points that Python's Unicode tables know; those of the measuring engine may be newer.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cn"]), max_size=40)
SHARED_BUILDERS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100
)


def counted_one_by_one(text: str) -> list[float | None]:
    visible = [c for c in text if not c.isspace() and unicodedata.category(c) != "Cf"]
    control = [c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n\r"]
    letters = [c for c in visible if unicodedata.category(c).startswith("L")]
    return [
        len(text),
        len(visible),
        len(control),
        len(control) / len(text) if text else None,
        len(letters) / len(visible) if visible else None,
        text.count("\ufffd"),
    ]


def whole(measure: Measure, batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    (frame,) = measure(batches)
    return frame


def column(frame: pd.DataFrame, name: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in frame[name].tolist()]


@SHARED_BUILDERS
@given(texts=st.lists(TEXTS, min_size=1, max_size=9))
def test_counts_are_those_of_a_loop_over_characters(raw_batches: Build, texts: list[str]) -> None:
    frame = whole(measure_raw, raw_batches([{"text": text} for text in texts]))
    names = [
        "n_chars",
        "n_visible_chars",
        "n_control",
        "control_share",
        "letter_share",
        "n_replacement",
    ]
    found = [list(row) for row in zip(*(column(frame, name) for name in names), strict=True)]
    assert found == [pytest.approx(counted_one_by_one(text)) for text in texts]


@pytest.mark.parametrize("letters", ["abc", "日本語", "Ελλ", "नमत", "שלום", "กขค"])
def test_letters_of_any_script_are_letters(raw_batches: Build, letters: str) -> None:
    frame = whole(measure_raw, raw_batches([{"text": f"{letters} 123"}]))
    assert frame.letter_share.tolist() == pytest.approx([len(letters) / (len(letters) + 3)])


@pytest.mark.parametrize("text", [None, "", "  \n", "\u3000", "\ufeff\u200b"])
def test_a_text_that_shows_nothing_is_no_text(raw_batches: Build, text: str | None) -> None:
    frame = whole(measure_raw, raw_batches([{"text": text}]))
    assert column(frame, "has_text") == [False]
    assert column(frame, "n_chars") == [None if text is None else len(text)]


def test_a_nul_does_not_end_a_text(raw_batches: Build) -> None:
    frame = whole(measure_raw, raw_batches([{"text": "\x00one\x00two"}]))
    assert (frame.n_chars[0], frame.n_visible_chars[0], frame.n_control[0]) == (8, 8, 2)


def test_ids_are_stripped_and_blank_ones_are_none(raw_batches: Build) -> None:
    frame = whole(measure_raw, raw_batches([{"doc_id": d} for d in (" a\t", "  ", "", None)]))
    assert column(frame, "doc_id") == ["a", None, None, None]
    assert column(frame, "has_id") == [True, False, False, False]


def test_a_row_the_reader_gave_up_on_is_blamed_for_nothing_else(raw_batches: Build) -> None:
    broken = dict.fromkeys(["doc_id", "text", "timestamp"])
    rows = [
        {**broken, "problem_rule": "row_parses", "problem": "no closing brace"},
        {**broken, "problem_rule": "text_decodes", "problem": None},
        {},
    ]
    frame = whole(measure_raw, raw_batches(rows))
    assert column(frame, "problem") == ["no closing brace", "the row is unreadable", None]
    for name in ("has_id", "has_text", "unparsed_timestamp", "n_chars"):
        assert column(frame, name)[:2] == [None, None]


def test_dates_are_parsed_or_quoted(raw_batches: Build) -> None:
    long = "x" * 100_000
    rows = [{"timestamp": t} for t in ("2012-05-18T13:00:00+02:00", " ", None, "31/31/20xx", long)]
    frame = whole(measure_raw, raw_batches(rows))
    moment = datetime(2012, 5, 18, 11, tzinfo=UTC)
    assert column(frame, "parsed_timestamp") == [moment, None, None, None, None]
    assert frame.has_timestamp.tolist() == [True, False, False, True, True]
    assert column(frame, "unparsed_timestamp") == [None, None, None, "31/31/20xx", "x" * 60]


def test_batches_of_any_size_give_the_same_measurements(raw_batches: Build) -> None:
    batches = raw_batches([{"doc_id": f"id-{n % 11}"} for n in range(40)])
    one = pa.Table.from_batches(batches).combine_chunks().to_batches()
    assert len(one) < len(batches)
    pd.testing.assert_frame_equal(whole(measure_raw, batches), whole(measure_raw, one))


def test_a_night_without_rows_has_all_columns() -> None:
    raw, prepared = whole(measure_raw, []), whole(measure_prepared, [])
    assert (len(raw), set(raw)) == (0, RAW_COLUMNS)
    assert (len(prepared), set(prepared)) == (0, PREPARED_COLUMNS)


def test_frames_are_of_some_batches_and_count_on(
    raw_batches: Build, document_batches: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validation.measure.ROWS_AT_ONCE", 10)
    frames = list(measure_raw(raw_batches([{}] * 21)))
    assert [it.position.tolist() for it in frames] == [list(range(14)), list(range(14, 21))]
    documents = list(measure_prepared(document_batches([{"position": 5}, *[{}] * 14])))
    assert [len(it) for it in documents] == [14, 1]
    assert documents[0].position.tolist()[:2] == [5, 1]


def test_long_texts_are_measured_in_slices(
    raw_batches: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = raw_batches([{"text": "a b " * n, "doc_id": f"id-{n % 5}"} for n in range(20)])
    at_once = whole(measure_raw, batches)
    monkeypatch.setattr("validation.measure._BYTES_AT_ONCE", 200)
    sizes = [len(it) for batch in batches for it in _slices(batch)]
    assert sum(sizes) == 20
    assert max(sizes) < 7
    pd.testing.assert_frame_equal(whole(measure_raw, batches), at_once)


def test_positions_count_on_over_batches(raw_batches: Build) -> None:
    frame = whole(measure_raw, iter(raw_batches([{}] * 20)))
    assert frame.position.tolist() == list(range(20))
    assert frame.position.dtype == "int64"


def test_measurements_hold_no_text(raw_batches: Build) -> None:
    text = "lorem " * 166_667
    started = time.perf_counter()
    frame = whole(measure_raw, raw_batches([{"text": text}]))
    assert time.perf_counter() - started < 5
    assert frame.n_chars.tolist() == [1_000_002]
    assert frame.memory_usage(deep=True).sum() < 2_000


def test_documents_are_measured(document_batches: Build) -> None:
    rows = [{"text": "a 1"}, {"text": "\x07", "duplicate_of": "id-1", "timestamp": None}]
    frame = whole(measure_prepared, document_batches(rows))
    assert set(frame) == PREPARED_COLUMNS
    assert frame.letter_share.tolist() == [0.5, 0.0]
    assert frame.n_control.tolist() == [0, 1]
    assert frame.is_duplicate.tolist() == [False, True]
    assert frame.timestamp.isna().tolist() == [False, True]


def test_a_title_is_a_text_where_there_is_no_other(raw_batches: Build) -> None:
    rows = [
        {"text": None, "title": "abc"},
        {"text": " \u200b", "title": "abcd"},
        {"text": "abcde", "title": "abc"},
        {"text": None, "title": " "},
        {"text": " ", "title": None},
        {"text": None, "title": "abc", "withdrawn": "yes"},
    ]
    frame = whole(measure_raw, raw_batches(rows))
    assert column(frame, "has_text") == [True, True, True, False, False, None]
    assert column(frame, "n_chars") == [3, 4, 5, 1, 1, None]
