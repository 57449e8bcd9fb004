import json
import pickle

import pandas as pd

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


def test_only_critical_rules_that_failed_are_critical_failures() -> None:
    found = report(outcome("a", success=False), CRITICAL, outcome("b", severity="critical"))
    assert found.critical_failures == (CRITICAL,)


def test_the_error_survives_the_way_to_another_process() -> None:
    error = DataValidationError("feed 'reviews' fails", "raw", [CRITICAL])
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.suite, copy.failures) == (str(error), "raw", (CRITICAL,))


def test_json_tells_all_but_the_refused_rows() -> None:
    content = json.loads(report(outcome("a"), CRITICAL, refused_by=("a", "a")).to_json())
    assert (content["suite"], content["n_rows"], content["n_refused"]) == ("raw", 1_000, 2)
    assert content["refused_by_rule"] == {"a": 2}
    assert [one["rule_id"] for one in content["outcomes"]] == ["a", "refused_share"]
    assert content["outcomes"][1]["observed"] == "412 of 1,000 rows, 41.2%"
