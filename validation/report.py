"""What a check found: the outcome of every rule, and the rows that are refused."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from validation.errors import NightfoldError
from validation.tables.columns import RULE_ID

Severity = Literal["critical", "warning", "info"]
Scope = Literal["row", "table"]


@dataclass(frozen=True, kw_only=True)
class RuleOutcome:
    """What one rule found; of the `n_checked` rows that it applies to, `n_failed` break it.

    `observed` and `expected` are for people; `first_positions` are the first few rows that break
    a row rule. `error` says why the rule could not be evaluated; then it is critical and failed.
    """

    rule_id: str
    scope: Scope
    severity: Severity
    success: bool
    n_checked: int
    n_failed: int
    observed: str
    expected: str
    first_positions: tuple[int, ...] = ()
    error: str | None = None

    def __str__(self) -> str:
        found = f"could not be judged: {self.error}" if self.error else self.observed
        return f"{self.rule_id} ({found}; expected: {self.expected})"


class DataValidationError(NightfoldError, ValueError):
    """Data that break a rule that must hold.

    Parameters
    ----------
    message
        One sentence: which feed, which rules, which rows.
    suite
        Name of the suite.
    failures
        The critical rules that failed.
    """

    def __init__(self, message: str, suite: str, failures: Sequence[RuleOutcome]) -> None:
        super().__init__(message)
        self.suite = suite
        self.failures = tuple(failures)

    def __reduce__(self) -> tuple[type, tuple[str, str, tuple[RuleOutcome, ...]]]:
        # Exceptions are rebuilt from their args alone; workers send this one between processes.
        return type(self), (str(self), self.suite, self.failures)


@dataclass(frozen=True, eq=False)
class Report:
    """The outcome of a suite over a table of `n_rows`.

    `outcomes` are in the suite's order. `refused` has one row for each refused row of the table,
    in order of position: position (int64), rule_id, severity and reason (strings).
    """

    suite: str
    n_rows: int
    outcomes: tuple[RuleOutcome, ...]
    refused: pd.DataFrame

    @property
    def critical_failures(self) -> tuple[RuleOutcome, ...]:
        """The critical rules that failed, in the suite's order."""
        return tuple(o for o in self.outcomes if o.severity == "critical" and not o.success)

    def to_json(self) -> str:
        """Return all but the refused rows as JSON, the same for the same data."""
        content = {
            "suite": self.suite,
            "n_rows": self.n_rows,
            "n_refused": len(self.refused),
            "refused_by_rule": self._refused_by_rule(),
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)

    def _refused_by_rule(self) -> dict[str, int]:
        """Count the refused rows of each rule, in the suite's order."""
        counts = self.refused[RULE_ID].value_counts()
        return {o.rule_id: int(counts[o.rule_id]) for o in self.outcomes if o.rule_id in counts}
