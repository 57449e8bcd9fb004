"""The two checks on small tables, and what is said of what they find."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tasks.preparing.batches import batches_of
from tasks.preparing.checks import (
    REFUSED,
    CheckSettings,
    Verdict,
    judge_prepared,
    judge_raw,
    refused_rows,
)
from validation.report import DataValidationError, Report, RuleOutcome
from validation.tables.stage_schemas import CANDIDATES, RAW_ROWS
from validation.usual import Nights, Usual, UsualNight

NIGHT = date(2026, 3, 2)


def raw_table(*rows: dict[str, Any], batch: int = 2) -> pa.Table:
    """Raw rows in batches of some, each with an id, a text and its number."""
    full = [
        {"file": "a.jsonl", "row": n, "raw": f"raw {n}", "source": "a.jsonl", "n_lines": 1}
        | {"doc_id": f"id {n}", "text": f"The text of row {n}."}
        | row
        for n, row in enumerate(rows, start=1)
    ]
    table = pa.Table.from_pylist(full, schema=RAW_ROWS)
    return pa.Table.from_batches(table.to_batches(max_chunksize=batch), RAW_ROWS)


def report(*refused: tuple[int, str], critical: tuple[str, ...] = ()) -> Report:
    outcomes = tuple(
        RuleOutcome(
            rule_id=rule, scope="table", severity="critical", success=False, n_checked=9,
            n_failed=3, observed="3 of 9", expected="at most 1",
        )
        for rule in critical
    )  # fmt: skip
    rows = [(place, rule, "warning", f"reason of {place}") for place, rule in refused]
    frame = pd.DataFrame(rows, columns=["position", "rule_id", "severity", "reason"])
    types = {"position": "int64", "rule_id": "str", "severity": "str", "reason": "str"}
    return Report("raw", 9, outcomes, frame.astype(types))


def test_refused_rows_are_shown_as_they_came_over_all_batches() -> None:
    raw = batches_of(raw_table({}, {}, {}, {}, {}))
    found = refused_rows(report((1, "r"), (4, "s")), raw)
    assert found.schema == REFUSED
    assert found.to_pylist() == [
        {"position": 1, "file": "a.jsonl", "row": 2, "rule_id": "r", "severity": "warning",
         "reason": "reason of 1", "raw": "raw 2"},
        {"position": 4, "file": "a.jsonl", "row": 5, "rule_id": "s", "severity": "warning",
         "reason": "reason of 4", "raw": "raw 5"},
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [(), ({}, {})])
def test_without_refused_rows_the_table_is_empty(rows: tuple[dict[str, Any], ...]) -> None:
    found = refused_rows(report(), batches_of(raw_table(*rows)))
    assert found.equals(REFUSED.empty_table())


def test_a_sound_feed_passes() -> None:
    Verdict(report((0, "r")), REFUSED.empty_table()).require_sound("reviews")


def test_the_error_names_feed_rules_and_the_first_rows() -> None:
    refused = [
        {"position": n, "file": "a.jsonl", "row": n + 1, "rule_id": "r", "severity": "s"}
        | {"reason": f"why {n}", "raw": ""}
        for n in range(4)
    ]
    table = pa.Table.from_pylist(refused, schema=REFUSED)
    verdict = Verdict(report(critical=("refused_share", "columns")), table)
    with pytest.raises(DataValidationError) as raised:
        verdict.require_sound("reviews", "/store/refused.parquet")
    assert str(raised.value) == (
        "feed 'reviews' fails the raw check, so nothing is published: refused_share (3 of 9;"
        " expected: at most 1); columns (3 of 9; expected: at most 1); fix the feed, or change the"
        " limit under [check] in the config file; first refused rows: a.jsonl row 1: r, why 0;"
        " a.jsonl row 2: r, why 1; a.jsonl row 3: r, why 2; all of them: /store/refused.parquet"
    )
    assert [failure.rule_id for failure in raised.value.failures] == ["refused_share", "columns"]
    refused[0]["rule_id"] = "date_parses"
    proven = Verdict(verdict.report, pa.Table.from_pylist(refused, schema=REFUSED))
    with pytest.raises(DataValidationError, match="`nightfold init FEED` finds the encoding"):
        proven.require_sound("reviews", "")


def test_the_error_names_no_rows_where_none_is_refused() -> None:
    verdict = Verdict(report(critical=("r",)), REFUSED.empty_table())
    with pytest.raises(DataValidationError, match=r"so nothing is placed: .* config file$"):
        verdict.require_sound("f", "/store/refused.parquet", so="nothing is placed")


def test_the_error_names_no_place_where_the_rows_are_not_kept() -> None:
    row = {"position": 0, "file": "a", "row": 1, "rule_id": "r", "severity": "s", "reason": "why"}
    table = pa.Table.from_pylist([row | {"raw": ""}], schema=REFUSED)
    with pytest.raises(DataValidationError, match=r"first refused rows: a row 1: r, why$"):
        Verdict(report(critical=("r",)), table).require_sound("f")


def test_raw_rows_are_judged_over_all_batches() -> None:
    settings = CheckSettings(max_chars=100, max_refused_share=0.5)
    rows = raw_table({}, {"text": "x" * 101}, {}, {}, {"doc_id": None}, {})
    verdict = judge_raw(batches_of(rows), settings.raw_limits(NIGHT, UsualNight()))
    assert verdict.refused.select(["position", "row", "rule_id"]).to_pylist() == [
        {"position": 1, "row": 2, "rule_id": "text_length"},
        {"position": 4, "row": 5, "rule_id": "id_present"},
    ]
    verdict.require_sound("f")


def test_candidates_are_refused_by_their_row_in_the_feed() -> None:
    candidates = [
        {"position": place, "doc_id": f"id {place}", "text": text, "text_digest": "0" * 64}
        | {"source": "a.jsonl", "is_truncated": False, "reused_on": reused_on}
        for place, text, reused_on in (
            (0, "kept", None),
            (1, "\u200b", None),
            (2, "other", "2026-03-01"),
            (3, "kept", None),
        )
    ]
    table = pa.Table.from_pylist(candidates, schema=CANDIDATES)
    bounds = CheckSettings(max_refused_share=0.5).document_bounds(50, UsualNight())
    raw = batches_of(raw_table({}, {}, {}, {}))
    verdict = judge_prepared(batches_of(table), raw, bounds.limits(NIGHT, 4, 1, 0))
    assert verdict.refused.select(["position", "row", "rule_id", "raw"]).to_pylist() == [
        {"position": 1, "row": 2, "rule_id": "text_present", "raw": "raw 2"},
        {"position": 2, "row": 3, "rule_id": "id_reused", "raw": "raw 3"},
    ]
    assert verdict.n_without_text() == 1
    verdict.require_sound("f")
    with pytest.raises(DataValidationError, match="refused_share"):
        judge_prepared(batches_of(table), raw, bounds.limits(NIGHT, 4, 2, 0)).require_sound("f")


def test_settings_become_the_limits_of_a_night() -> None:
    settings = CheckSettings(max_chars=7, earliest_date=date(2000, 1, 2), max_refused_share=0.5)
    usual = [Usual(groups=(Nights(said=str(it), median=it),)) for it in range(5)]
    names = ("rows", "documents", "no_text", "no_date", "days_old")
    night = UsualNight(**dict(zip(names, usual, strict=True)))
    raw = settings.raw_limits(NIGHT, night)
    assert (raw.max_chars, raw.earliest, raw.night) == (7, datetime(2000, 1, 2, tzinfo=UTC), NIGHT)
    assert (raw.max_refused_share, raw.usual_rows) == (0.5, night.rows)
    found = (raw.usual_no_text, raw.usual_no_date, raw.usual_days_old)
    assert found == (night.no_text, night.no_date, night.days_old)
    prepared = settings.document_bounds(90, night).limits(NIGHT, 10, 3, 0)
    assert (prepared.max_chars, prepared.earliest, prepared.night) == (90, raw.earliest, NIGHT)
    assert (prepared.max_refused_share, prepared.usual_documents) == (0.5, night.documents)
    assert (prepared.n_read, prepared.n_refused_before) == (10, 3)
