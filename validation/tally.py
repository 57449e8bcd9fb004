"""What a rule finds, added up over the frames of a night."""

from dataclasses import dataclass, field
from typing import Any, Final

from validation.gx import (
    ColumnMapExpectation,
    Expectation,
    ExpectationConfiguration,
    ExpectationValidationResult,
)
from validation.report import RuleOutcome, Severity

_N_FIRST: Final = 5


@dataclass
class Tally:
    """What a rule has found so far.

    Great Expectations judges every row; what it finds in each frame is counted here, so that a
    share is that of the night.

    Parameters
    ----------
    rule
        Of a suite.
    n_rows, n_missing, n_failed
        Rows that were seen, those that have no value, those that break the rule.
    value
        The sum of what was observed, for rules that observe a number.
    missing
        Columns that are missing, for the rule about columns.
    first_positions
        Of the first rows that break a row rule.
    error
        Why the rule could not be evaluated.
    """

    rule: Expectation
    n_rows: int = 0
    n_missing: int = 0
    n_failed: int = 0
    value: int = 0
    missing: list[str] = field(default_factory=list)
    first_positions: list[int] = field(default_factory=list)
    error: str | None = None

    def add(self, found: ExpectationValidationResult) -> None:
        """Add what was found in a frame."""
        self.error = self.error or _error(found.exception_info)
        result = found.result
        if "unexpected_count" in result:
            self.n_rows += int(result["element_count"])
            self.n_missing += int(result.get("missing_count", 0))
            self.n_failed += int(result["unexpected_count"])
        elif isinstance(result.get("observed_value"), list):
            self.missing = result.get("details", {}).get("mismatched", {}).get("missing", [])
        elif "observed_value" in result:
            self.value += int(result["observed_value"])

    def name_broken(self, positions: list[int]) -> None:
        """Take the positions of rows that break the rule: the first of the night are named."""
        self.first_positions += positions[: _N_FIRST - len(self.first_positions)]

    def outcome(self) -> RuleOutcome:
        """Return what was found as an outcome."""
        # A table rule does not apply to null, and a row rule lets it pass.
        n_checked = self.n_rows - self.n_missing if scope(self.rule) == "table" else self.n_rows
        n_checked, n_failed = (0, 0) if self.error else (n_checked, self.n_failed)
        return RuleOutcome(
            rule_id=rule_id(self.rule),
            scope=scope(self.rule),
            # A rule that cannot be evaluated protects nothing, whatever its own severity says.
            severity="critical" if self.error else severity(self.rule),
            success=not self.error and self._holds(),
            n_checked=n_checked,
            n_failed=n_failed,
            observed="" if self.error else self._observed(n_checked, n_failed),
            expected=meta(self.rule)["expected"],
            first_positions=tuple(self.first_positions),
            error=self.error,
        )

    def _holds(self) -> bool:
        """Return whether the rule holds for the night, as Great Expectations says it of a frame."""
        if isinstance(self.rule, ColumnMapExpectation):
            n_judged = self.n_rows - self.n_missing
            n_good = n_judged - self.n_failed
            return not self.n_failed or (n_judged > 0 and n_good / n_judged >= _mostly(self.rule))
        if _observes_number(self.rule):
            low, high = getattr(self.rule, "min_value", None), getattr(self.rule, "max_value", None)
            return (low is None or low <= self.value) and (high is None or self.value <= high)
        return not self.missing

    def _observed(self, n_checked: int, n_failed: int) -> str:
        """Return what was found, as words."""
        found = meta(self.rule).get("found")
        if n_failed and found:
            return str(found.format(n_failed=n_failed, n_checked=n_checked))
        if isinstance(self.rule, ColumnMapExpectation):
            return f"{n_failed:,} of {n_checked:,} rows, {n_failed / max(n_checked, 1):.1%}"
        if _observes_number(self.rule):
            return f"{self.value:,}"
        return f"missing {', '.join(sorted(self.missing))}" if self.missing else "all are there"


def meta(rule: Expectation | ExpectationConfiguration) -> dict[str, Any]:
    """Return what the suite says about a rule."""
    return rule.meta or {}


def rule_id(rule: Expectation | ExpectationConfiguration) -> str:
    """Return the rule's id."""
    return str(meta(rule)["rule_id"])


def scope(rule: Expectation) -> Any:
    """Return whether a rule is about rows or about the night."""
    return meta(rule)["scope"]


def column_of(rule: Expectation) -> str | None:
    """Return the column that a rule is about, if it is about one."""
    return getattr(rule, "column", None)


def severity(rule: Expectation) -> Severity:
    """Return the rule's severity as a plain string."""
    return rule.severity.value


def _mostly(rule: Expectation) -> float:
    return float(getattr(rule, "mostly", 1))


def _observes_number(rule: Expectation) -> bool:
    """Return whether a rule is about a number: how many rows there are, or the sum of a column."""
    return hasattr(rule, "max_value")


def _error(exception_info: dict[str, Any]) -> str | None:
    """Return the message of what a rule raised; there is one entry for it, or one per metric."""
    entries = [exception_info, *exception_info.values()]
    raised = (e for e in entries if isinstance(e, dict) and e.get("raised_exception"))
    return next((str(entry["exception_message"]) for entry in raised), None)
