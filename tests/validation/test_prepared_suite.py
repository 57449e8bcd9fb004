from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from validation.limits import PreparedLimits
from validation.report import Report
from validation.run import Read, validate_prepared
from validation.usual import Nights, Usual

Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]
Rows = list[dict[str, Any]]


def usual(median: float) -> Usual:
    return Usual(groups=(Nights(said="the last nights", median=median),))


GOOD: Rows = [{}] * 10

DAMAGE: list[tuple[dict[str, Any], str, str, str]] = [
    ({"text": " \n"}, "text_present", "warning", "nothing to read is left"),
    (
        {"text": "x" * 1_001},
        "text_length",
        "critical",
        "1,001 characters; at most 1,000 are allowed",
    ),
    ({"text": "a\x07"}, "control_characters", "critical", "1 control characters were left"),
    (
        {"text_digest": "A" * 64},
        "digest_form",
        "critical",
        f"digest '{'A' * 64}' is not 64 hexadecimal digits",
    ),
    ({"doc_id": " "}, "id_present", "critical", "the document has no id"),
    (
        {"timestamp": datetime(2999, 1, 1, tzinfo=UTC)},
        "date_in_bounds",
        "warning",
        "dated 2999-01-01 00:00:00+00:00, not between 1970-01-01 00:00+00:00 and "
        "2027-11-25 00:00+00:00",
    ),
]


def reading(batches: list[pa.RecordBatch]) -> Read:
    return lambda columns: [batch.select(columns) for batch in batches]


def failed(report: Report) -> list[str]:
    return [outcome.rule_id for outcome in report.outcomes if not outcome.success]


def test_good_documents_pass_every_rule(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    report = validate_prepared(
        reading(document_batches([*GOOD, {"timestamp": None}])), prepared_limits
    )
    assert failed(report) == []
    assert report.refused.empty


def test_each_kind_of_bad_document_is_found_by_its_own_rule(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    damaged = [row for row, *_ in DAMAGE]
    limits = prepared_limits.model_copy(update={"n_read": 100})
    report = validate_prepared(reading(document_batches([*GOOD, *damaged])), limits)
    assert report.refused.to_dict("records") == [
        {"position": position, "rule_id": rule_id, "severity": severity, "reason": reason}
        for position, (_, rule_id, severity, reason) in enumerate(DAMAGE, start=10)
    ]
    found = {rule_id for _, rule_id, *_ in DAMAGE}
    assert set(failed(report)) == found | {"dated_by_the_night"}
    assert {o.rule_id for o in report.outcomes if o.scope == "row"} == found | {
        "id_unique",
        "id_reused",
    }


def test_documents_from_after_their_night_are_counted_and_stay(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    tomorrow = datetime(2026, 11, 25, 23, 59, 59, 999999, tzinfo=UTC)
    a_year_on = datetime(2027, 11, 25, tzinfo=UTC)
    dates = [tomorrow, tomorrow + timedelta(microseconds=1), a_year_on]
    report = validate_prepared(
        reading(document_batches([*GOOD, *({"timestamp": it} for it in dates)])), prepared_limits
    )
    assert report.refused.empty
    (found,) = (it for it in report.outcomes if not it.success)
    assert (found.rule_id, found.severity) == ("dated_by_the_night", "warning")
    assert found.observed == (
        "2 of 13 documents are dated after the night of 2026-11-24, by more than a day"
    )


def test_documents_that_share_an_id_are_critical(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    report = validate_prepared(
        reading(document_batches([{"doc_id": "a"}, {}, {"doc_id": "a"}])), prepared_limits
    )
    assert report.refused.position.tolist() == [0, 2]
    assert [outcome.rule_id for outcome in report.critical_failures] == ["id_unique"]


@pytest.mark.parametrize(
    ("rows", "limits", "rule_id"),
    [
        ([{"duplicate_of": "id-9"}] * 3 + [{}] * 2, {}, "duplicate_share"),
        (GOOD, {"usual_documents": usual(51)}, "document_count"),
        ([{"reused_on": "2026-03-01"}, *GOOD], {"n_refused_before": 3}, "refused_share"),
    ],
)
def test_documents_out_of_the_ordinary_are_noticed(
    document_batches: Build,
    prepared_limits: PreparedLimits,
    rows: Rows,
    limits: dict[str, Any],
    rule_id: str,
) -> None:
    report = validate_prepared(
        reading(document_batches(rows)), prepared_limits.model_copy(update=limits)
    )
    assert [o.rule_id for o in report.outcomes if not o.success and o.scope == "table"] == [rule_id]


def test_rows_refused_by_both_checks_may_reach_the_limit(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    limits = prepared_limits.model_copy(update={"n_refused_before": 2})
    report = validate_prepared(reading(document_batches([{"text": ""}, {}])), limits)
    assert not report.critical_failures


def test_an_id_of_an_earlier_night_is_refused_with_its_night(
    document_batches: Build, prepared_limits: PreparedLimits
) -> None:
    report = validate_prepared(
        reading(document_batches([*GOOD, {"reused_on": "2026-03-01"}])), prepared_limits
    )
    assert report.refused.rule_id.tolist() == ["id_reused"]
    assert "2026-03-01" in report.refused.reason.iloc[0]
