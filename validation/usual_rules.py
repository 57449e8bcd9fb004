"""The rules that hold a night against the feed's own nights before it."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

from typing import Final

from validation.gx import Expectation, gxe
from validation.limits import NightDates, midnight
from validation.rules import table_rule
from validation.usual import Usual, count_bounds, fresh_from, share_limit

_ANY: Final = 1e-9
"""Share of rows that is reached by one row of any feed."""


def usual_count(rule_id: str, things: str, usual: Usual | None) -> list[Expectation]:
    """Return the rule that there are about as many rows as usual, if that is known.

    Parameters
    ----------
    rule_id
        Name of the rule.
    things
        What the rows are, in the plural.
    usual
        How many there usually are.
    """
    if usual is None:
        return []
    low, high = count_bounds(usual)
    expected = f"{low:,} to {high:,} {things}, as before: {usual.said(',.0f')}"
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=low, max_value=high, **table_rule(rule_id, expected)
        )
    ]


def few_missing(
    rule_id: str, column: str, what: str, default: float, usual: Usual | None
) -> Expectation:
    """Return the rule that few rows lack something.

    Parameters
    ----------
    rule_id
        Name of the rule.
    column
        Measurement that is true where a row has it.
    what
        What they lack.
    default
        The greatest share where nothing is known of the feed.
    usual
        The share that usually lacks it.
    """
    limit = default if usual is None else share_limit(usual)
    before = "" if usual is None else f", as before: {usual.said('.0%')}"
    return gxe.ExpectColumnValuesToBeInSet(
        column=column,
        value_set=[True],
        mostly=1 - limit,
        **table_rule(rule_id, f"at most {limit:.0%} of the rows have no {what}{before}"),
    )


def as_fresh_as_usual(column: str, dates: NightDates, usual: Usual | None) -> list[Expectation]:
    """Return the rule that some row is about as new as the newest usually is, if that is known.

    Parameters
    ----------
    column
        Of dates.
    dates
        Those that a document of the night may have: a wrong one from the far future is not new.
    usual
        How many days older than its night the newest row usually is.
    """
    if usual is None:
        return []
    day = fresh_from(usual, dates.night)
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=midnight(day),
            max_value=dates.latest,
            mostly=_ANY,
            **table_rule(
                "freshness",
                f"a row of {day} or later; days from the newest row to its night:"
                f" {usual.said(',.0f')}",
                found=f"{{n_failed:,}} of {{n_checked:,}} dated rows are older than {day}",
            ),
        )
    ]
