"""The building blocks of the suites: how a rule is described, and the rules that both share.

Each expectation carries in its ``meta`` the rule's id, its scope ("row": a row that breaks it is
refused; "table": it judges the night as a whole), what it expects as a sentence, and, for a row
rule, the template of a reason, which is filled with the measurements of the refused row.
"""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

from typing import Any, Final

from validation.gx import Expectation, gxe
from validation.limits import NightDates
from validation.measure import N_CHARS
from validation.report import Severity

ID_UNIQUE: Final = "id_unique"
"""Rule that both suites have; the check of raw rows treats it apart."""

TEXT_PRESENT: Final = "text_present"
"""Rule that both suites have; the rows that break it are without text, and counted apart."""

IS_REFUSED: Final = "is_refused"
"""Column of 0 and 1 that the run adds after the row rules."""


def row_rule(
    rule_id: str, expected: str, reason: str, severity: Severity = "warning"
) -> dict[str, Any]:
    """Return the keywords of an expectation that refuses the rows that break it.

    Parameters
    ----------
    rule_id
        Name of the rule, unique in its suite.
    expected
        What the rule expects, as a sentence.
    reason
        Why a row is refused: a format string over the row's measurements.
    severity
        "warning" sends the row to quarantine, "critical" also stops the run.
    """
    meta = {"rule_id": rule_id, "scope": "row", "expected": expected, "reason": reason}
    return {"severity": severity, "meta": meta}


def table_rule(
    rule_id: str, expected: str, severity: Severity = "warning", found: str = ""
) -> dict[str, Any]:
    """Return the keywords of an expectation about the night as a whole.

    Parameters
    ----------
    rule_id
        Name of the rule, unique in its suite.
    expected
        What the rule expects, as a sentence.
    severity
        "warning" is reported, "critical" stops the run.
    found
        What was found, as a format string over `n_failed` and `n_checked`, where
        "3 of 10 rows, 30.0%" is not clear enough.
    """
    meta = {"rule_id": rule_id, "scope": "table", "expected": expected, "found": found}
    return {"severity": severity, "meta": meta}


def columns(names: frozenset[str]) -> Expectation:
    """Return the rule that all measurements are there; without them no other means anything."""
    return gxe.ExpectTableColumnsToMatchSet(
        column_set=sorted(names),
        exact_match=False,
        **table_rule("columns", "every row is measured in full", "critical"),
    )


def text_length(max_chars: int, severity: Severity) -> Expectation:
    """Return the rule that no text is longer than `max_chars` characters."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=N_CHARS,
        max_value=max_chars,
        **row_rule(
            "text_length",
            f"a text has at most {max_chars:,} characters",
            f"{{n_chars:,}} characters; at most {max_chars:,} are allowed",
            severity,
        ),
    )


def date_in_bounds(column: str, dates: NightDates) -> Expectation:
    """Return the rule that dates lie within a night's bounds, inclusive; a missing date passes."""
    earliest, latest = dates.earliest, dates.latest
    bounds = " and ".join(date.isoformat(" ", "minutes") for date in (earliest, latest))
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=earliest,
        max_value=latest,
        **row_rule(
            "date_in_bounds",
            f"every date lies between {bounds}",
            f"dated {{{column}}}, not between {bounds}",
        ),
    )


def dated_by_the_night(column: str, dates: NightDates) -> Expectation:
    """Return the rule that no document is dated after its night; those that are stay."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        max_value=dates.end,
        strict_max=True,
        **table_rule(
            "dated_by_the_night",
            f"no document is dated after the night of {dates.night}, by more than a day",
            found=f"{{n_failed:,}} of {{n_checked:,}} documents are dated after the night of"
            f" {dates.night}, by more than a day",
        ),
    )
