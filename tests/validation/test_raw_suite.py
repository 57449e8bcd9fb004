import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from validation.limits import RawLimits
from validation.measure import measure_raw
from validation.raw_suite import raw_suite
from validation.report import Report
from validation.run import Read, validate, validate_raw
from validation.tables.stage_schemas import RAW_ROWS
from validation.usual import Nights, Usual

Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]
Rows = list[dict[str, Any]]


def usual(median: float) -> Usual:
    return Usual(groups=(Nights(said="the last nights", median=median),))


CRISIS_TWEETS = Path(__file__).parents[3] / "shared" / "data" / "crisislex_t26.parquet"

GOOD: Rows = [{}] * 10
STALE: Rows = [{"timestamp": "2026-11-19"}] * 10
UNREADABLE: dict[str, Any] = {"doc_id": None, "text": None, "timestamp": None}

# The good rows of a feed, and one that breaks one rule: what nightly feeds really bring.
DAMAGE: list[tuple[dict[str, Any], str, str]] = [
    (
        {**UNREADABLE, "problem_rule": "row_parses", "problem": "unterminated string, column 9"},
        "row_parses",
        "unterminated string, column 9",
    ),
    (
        {**UNREADABLE, "problem_rule": "text_decodes", "problem": "byte 0xff is not UTF-8"},
        "text_decodes",
        "byte 0xff is not UTF-8",
    ),
    ({"doc_id": None}, "id_present", "the row has no id"),
    (
        {"doc_id": "x" * 1_001},
        "id_length",
        "the id has 1,001 characters; at most 1,000 are allowed",
    ),
    (
        {"withdrawn": "maybe"},
        "withdrawal_parses",
        "withdrawn 'maybe' is neither yes nor no nor a date",
    ),
    ({"text": "   "}, "text_present", "the text is missing or blank"),
    ({"text": None}, "text_present", "the text is missing or blank"),
    (
        {"text": "lorem " * 166_667},
        "text_length",
        "1,000,002 characters; at most 200,000 are allowed",
    ),
    (
        {"timestamp": "31/31/20xx"},
        "date_parses",
        "timestamp '31/31/20xx' is no date that can only mean one day; set `date_format` or `day_first` under [ingest]",
    ),
    (
        {"timestamp": "2999-01-01T00:00:00"},
        "date_in_bounds",
        "dated 2999-01-01 00:00:00+00:00, not between 1970-01-01 00:00+00:00 and "
        "2027-11-25 00:00+00:00",
    ),
    (
        {"timestamp": "0001-01-01"},
        "date_in_bounds",
        "dated 0001-01-01 00:00:00+00:00, not between 1970-01-01 00:00+00:00 and "
        "2027-11-25 00:00+00:00",
    ),
    (
        {"text": "\x00\x07\x1b[31m?\x00"},
        "control_characters",
        "4 of 9 characters are control characters",
    ),
    (
        {"doc_id": "id-1", "text": "another text"},
        "id_unique",
        "id 'id-1' belongs to an earlier row with another text",
    ),
]


def reading(batches: list[pa.RecordBatch]) -> Read:
    return lambda columns: [batch.select(columns) for batch in batches]


def found_by(report: Report, rule_id: str) -> tuple[int, int]:
    (outcome,) = (it for it in report.outcomes if it.rule_id == rule_id)
    return outcome.n_checked, outcome.n_failed


def failed(report: Report) -> list[str]:
    return [outcome.rule_id for outcome in report.outcomes if not outcome.success]


def test_a_good_night_passes_every_rule(raw_batches: Build, raw_limits: RawLimits) -> None:
    report = validate_raw(reading(raw_batches(GOOD)), raw_limits)
    assert failed(report) == []
    assert report.refused.empty


def test_each_kind_of_damage_is_refused_by_its_own_rule(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    damaged = [row for row, _, _ in DAMAGE]
    report = validate_raw(reading(raw_batches([*GOOD * 4, *damaged])), raw_limits)
    assert report.refused.to_dict("records") == [
        {"position": position, "rule_id": rule_id, "severity": "warning", "reason": reason}
        for position, (_, rule_id, reason) in enumerate(DAMAGE, start=40)
    ]
    row_rules = {o.rule_id for o in report.outcomes if o.scope == "row"}
    assert row_rules == {rule_id for _, rule_id, _ in DAMAGE}
    assert not report.critical_failures


def test_a_withdrawn_row_needs_nothing_but_its_id(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    bare = {"text": None, "timestamp": None, "withdrawn": "yes"}
    broken = {"text": "\x07" * 300_000, "timestamp": "never", "withdrawn": "2026-03-01"}
    report = validate_raw(reading(raw_batches([*GOOD, bare, broken] * 5)), raw_limits)
    assert report.refused.empty
    assert all(outcome.success for outcome in report.outcomes)
    nameless = {"doc_id": " ", "text": None, "withdrawn": "1"}
    report = validate_raw(reading(raw_batches([*GOOD, nameless])), raw_limits)
    assert report.refused.rule_id.tolist() == ["id_present"]


def test_a_repeat_is_no_reason_to_refuse(raw_batches: Build, raw_limits: RawLimits) -> None:
    repeat = {"doc_id": "id-1", "text": "good text number 1"}
    report = validate_raw(reading(raw_batches([*GOOD, repeat])), raw_limits)
    assert report.refused.empty
    assert found_by(report, "repeat_share") == (11, 1)


def test_rows_without_a_date_are_good(raw_batches: Build, raw_limits: RawLimits) -> None:
    report = validate_raw(reading(raw_batches([{"timestamp": None}] * 3)), raw_limits)
    assert report.refused.empty
    assert failed(report) == ["missing_date_share"]


@pytest.mark.parametrize(
    "text", ["Toll rises to 14 in Italy\x92s Sardinia", "Hello, it is me\x00", "ok 😀"]
)
def test_stray_controls_and_symbols_lose_no_row(
    raw_batches: Build, raw_limits: RawLimits, text: str
) -> None:
    report = validate_raw(reading(raw_batches([{"text": text}])), raw_limits)
    assert report.refused.empty


@pytest.mark.parametrize(
    ("rows", "limits", "rule_id", "severity"),
    [
        ([], {}, "rows_present", "critical"),
        ([*GOOD, {"text": ""}], {}, "missing_text_share", "warning"),
        ([{"timestamp": ""}] * 6 + [{}] * 4, {}, "missing_date_share", "warning"),
        ([{"doc_id": "a", "text": "b c"}] * 3, {}, "repeat_share", "warning"),
        ([{"text": "12345 67890"}] * 3 + [{}] * 7, {}, "letter_share", "warning"),
        ([{"text": "caf\ufffd"}] + [{}] * 9, {}, "replacement_share", "warning"),
        (GOOD, {"usual_rows": usual(51)}, "row_count", "warning"),
        ([{}] * 51, {"usual_rows": usual(1)}, "row_count", "warning"),
        ([*GOOD, {"text": ""}], {"usual_no_text": usual(0)}, "missing_text_share", "warning"),
        ([*GOOD, {"timestamp": ""}], {"usual_no_date": usual(0)}, "missing_date_share", "warning"),
        (
            [*STALE, {"timestamp": "2062-01-01"}],
            {"usual_days_old": usual(1)},
            "freshness",
            "warning",
        ),
        ([{"doc_id": ""}] * 4 + [{}] * 6, {}, "refused_share", "critical"),
        ([{"doc_id": "", "n_lines": 5}] + [{}] * 9, {}, "refused_share", "critical"),
        ([{"n_lines": 101}] + [{}] * 9, {}, "lines_per_row", "warning"),
    ],
)
def test_a_night_out_of_the_ordinary_is_noticed(
    raw_batches: Build, rows: Rows, limits: dict[str, Any], rule_id: str, severity: str
) -> None:
    limit = RawLimits(night=date(2026, 11, 24), **limits)
    report = validate_raw(reading(raw_batches(rows)), limit)
    outcome = {outcome.rule_id: outcome for outcome in report.outcomes}[rule_id]
    assert (outcome.success, outcome.severity, outcome.scope) == (False, severity, "table")


@pytest.mark.parametrize(
    ("rows", "limits"),
    [
        ([{"doc_id": ""}] * 3 + [{}] * 7, {}),
        ([{"doc_id": "", "n_lines": 3}] + [{}] * 9, {}),
        ([{"n_lines": 100}] + [{}] * 9, {}),
        ([{"text": "12345 67890"}] * 2 + [{}] * 8, {}),
        ([{"text": ""}] + [{}] * 19, {}),
        ([{"timestamp": ""}] * 5 + [{}] * 5, {}),
        ([{"doc_id": "a", "text": "b c"}] * 2 + [{}] * 3, {}),
        ([{"text": "caf\ufffd"}] + [{}] * 19, {}),
        (GOOD, {"usual_rows": usual(50)}),
        (GOOD, {"usual_rows": usual(2)}),
        (GOOD, {"usual_rows": usual(0)}),
        ([*GOOD * 3, {"text": ""}], {"usual_no_text": usual(0)}),
        ([{"text": ""}] * 3 + [{}] * 3, {"usual_no_text": usual(0.17)}),
        ([{"timestamp": ""}] * 9 + [{}], {"usual_no_date": usual(0.7)}),
        ([*STALE, {"timestamp": "2026-11-20"}], {"usual_days_old": usual(1)}),
        ([{"timestamp": ""}], {"usual_days_old": usual(1), "max_missing_date_share": 1}),
    ],
)
def test_a_night_exactly_at_a_limit_passes(
    raw_batches: Build, rows: Rows, limits: dict[str, Any]
) -> None:
    limit = RawLimits(night=date(2026, 11, 24), **limits)
    report = validate_raw(reading(raw_batches(rows)), limit)
    assert [o.rule_id for o in report.outcomes if not o.success and o.scope == "table"] == []


def test_a_missing_measurement_is_critical(raw_batches: Build, raw_limits: RawLimits) -> None:
    frames = (it.drop(columns="letter_share") for it in measure_raw(raw_batches(GOOD)))
    report = validate(frames, raw_suite(raw_limits))
    found = {o.rule_id: o.observed or o.error for o in report.critical_failures}
    assert found["columns"] == "missing letter_share"
    assert "letter_share" in str(found["letter_share"])


@pytest.mark.parametrize(
    "change",
    [{"max_repeat_share": 1.1}, {"max_chars": 0}, {"night": "soon"}, {"x": 1}],
)
def test_impossible_limits_are_refused(raw_limits: RawLimits, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RawLimits(**{**raw_limits.model_dump(), **change})


@pytest.mark.skipif(not CRISIS_TWEETS.exists(), reason="the evaluation data are not here")
def test_no_real_tweet_is_refused(raw_limits: RawLimits) -> None:
    tweets = pd.read_parquet(CRISIS_TWEETS)
    rows = pa.table(
        {
            "file": pa.repeat("tweets", len(tweets)),
            "row": range(len(tweets)),
            "doc_id": tweets["id"],
            "text": tweets["text"],
            "timestamp": [moment.isoformat() for moment in tweets["timestamp"]],
            "raw": pa.repeat(json.dumps({}), len(tweets)),
        }
    )
    for name in set(RAW_ROWS.names) - set(rows.column_names):
        rows = rows.append_column(name, pa.nulls(len(tweets), pa.string()))
    batches = rows.select(RAW_ROWS.names).cast(RAW_ROWS).to_batches(max_chunksize=4_096)
    report = validate_raw(reading(batches), raw_limits)
    assert failed(report) == []
    assert report.refused.empty
    assert found_by(report, "repeat_share") == (27_933, 1)


def test_rows_without_text_have_a_limit_of_their_own(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    rows = [*GOOD, *[{"text": None, "timestamp": "never"}] * 30]
    found = reading(raw_batches(rows))
    limits = RawLimits(night=raw_limits.night, max_without_text_share=0.75)
    report = validate_raw(found, limits)
    assert not report.critical_failures
    assert len(report.refused) == 30
    report = validate_raw(found, limits.model_copy(update={"max_without_text_share": 0.74}))
    assert [it.rule_id for it in report.critical_failures] == ["without_text_share"]


def test_rows_without_text_do_not_hide_that_the_others_are_broken(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    rows = [{}, {"doc_id": None}, *[{"text": None}] * 4]
    report = validate_raw(reading(raw_batches(rows)), raw_limits)
    (failure,) = report.critical_failures
    assert (failure.rule_id, failure.observed) == ("refused_share", "1 of 2 rows, 50.0%")


def test_a_night_in_which_no_row_has_a_text_is_stopped_by_that_alone(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    report = validate_raw(reading(raw_batches([{"text": None}] * 3)), raw_limits)
    assert [it.rule_id for it in report.critical_failures] == ["without_text_share"]
