import json
import pickle

import pandas as pd
import pytest

from validation.report import DataValidationError, Report, RuleOutcome


def outcome(rule_id: str, **changes: object) -> RuleOutcome:
    facts: dict[str, object] = {
        "scope": "row",
        "severity": "warning",
        "success": True,
        "n_checked": 1_000,
        "n_failed": 0,
        "observed": "0 of 1,000 rows, 0.0%",
        "expected": "every row has an id",
    }
    return RuleOutcome(rule_id=rule_id, **{**facts, **changes})  # type: ignore[arg-type]


def report(*outcomes: RuleOutcome, refused_by: tuple[str, ...] = ()) -> Report:
    refused = pd.DataFrame(
        {
            "position": range(7, 7 + len(refused_by)),
            "rule_id": refused_by,
            "severity": "warning",
            "reason": "why",
        }
    )
    return Report("raw", 1_000, outcomes, refused)


CRITICAL = outcome(
    "refused_share",
    scope="table",
    severity="critical",
    success=False,
    n_failed=412,
    observed="412 of 1,000 rows, 41.2%",
    expected="at most 30% of the rows are refused",
)


def test_a_warning_does_not_stop_the_run() -> None:
    report(outcome("id_present", success=False)).raise_if_critical("reviews")


def test_the_error_names_feed_rule_finding_and_first_rows() -> None:
    failed = report(
        outcome("b", success=False),
        outcome("a", success=False),
        CRITICAL,
        refused_by=("a", "b", "a", "a", "a", "a"),
    )
    with pytest.raises(DataValidationError) as caught:
        failed.raise_if_critical("reviews")
    assert str(caught.value) == (
        "feed 'reviews' fails the raw check: refused_share (412 of 1,000 rows, 41.2%; expected: "
        "at most 30% of the rows are refused); first rows at positions 7, 8, 9, 10, 11; "
        "refused by b 1, a 5"
    )
    assert caught.value.failures == (CRITICAL,)


def test_the_error_points_at_the_rows_of_its_own_rule() -> None:
    twice = outcome(
        "id_unique", severity="critical", success=False, first_positions=(8, 9), n_failed=2
    )
    with pytest.raises(DataValidationError, match="positions 8, 9; refused by"):
        report(twice, refused_by=("id_unique",)).raise_if_critical("reviews")


def test_an_error_without_rows_ends_with_what_was_expected() -> None:
    empty = outcome("rows_present", severity="critical", success=False, observed="0")
    with pytest.raises(ValueError, match=r"rows_present \(0; expected: every row has an id\)$"):
        report(empty).raise_if_critical("reviews")


def test_the_error_survives_the_way_to_another_process() -> None:
    with pytest.raises(DataValidationError) as caught:
        report(CRITICAL).raise_if_critical("reviews")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.suite, copy.failures) == (str(caught.value), "raw", (CRITICAL,))


def test_json_tells_all_but_the_refused_rows() -> None:
    content = json.loads(report(outcome("a"), CRITICAL, refused_by=("a", "a")).to_json())
    assert (content["suite"], content["n_rows"], content["n_refused"]) == ("raw", 1_000, 2)
    assert content["refused_by_rule"] == {"a": 2}
    assert [one["rule_id"] for one in content["outcomes"]] == ["a", "refused_share"]
    assert content["outcomes"][1]["observed"] == "412 of 1,000 rows, 41.2%"
