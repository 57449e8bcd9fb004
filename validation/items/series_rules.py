"""The rules of time series: what is measured of one when it is read, and what that must be."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

from typing import Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from validation.gx import Expectation, gxe
from validation.items.item_rules import ItemRules
from validation.rules import row_rule
from validation.tables.columns import PROBLEM_RULE

N_STEPS: Final = "n_steps"
N_CHANNELS: Final = "n_channels"
MISSING: Final = "missing"
N_BACK: Final = "n_back"
GAP: Final = "gap"
N_LEVELS: Final = "n_levels"

MEASURED: Final = (
    pa.field(N_STEPS, pa.int64()),
    pa.field(N_CHANNELS, pa.int64()),
    pa.field(MISSING, pa.float64()),  # share of the values that are no numbers
    pa.field(N_BACK, pa.int64()),  # steps at which the time does not go on
    pa.field(GAP, pa.float64()),  # the largest step of time over the usual one
    pa.field(N_LEVELS, pa.int64()),  # distinct values, in the channel that has most
)
"""Of every series whose values can be read."""

FOUND: Final = "series_found"
TIME_READ: Final = "series_time_read"


class SeriesLimits(BaseModel):
    """What series are held against."""

    model_config = ConfigDict(frozen=True)

    min_steps: int
    max_steps: int
    max_missing: float
    max_gap: float


def series_rules(limits: SeriesLimits) -> ItemRules:
    """Return the rules of series; one that breaks several is refused by the first of them."""
    return ItemRules(MEASURED, [*_readable(), *_bounded(limits), *_told(limits)])


def _readable() -> list[Expectation]:
    """Return the rules that a series is there, and that its times can be read."""
    expected = {
        FOUND: "every row leads to a series",
        TIME_READ: "every time of a series is a number or a date",
    }
    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column=PROBLEM_RULE, value_set=[rule], **row_rule(rule, said, "{problem}")
        )
        for rule, said in expected.items()
    ]


def _bounded(limits: SeriesLimits) -> list[Expectation]:
    """Return the rules about time and length."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=N_BACK,
            max_value=0,
            **row_rule(
                "series_time",
                "the time of a series goes on with every step",
                "{doc_id}: its time stands still or goes back at {n_back:,} of {n_steps:,} steps",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_STEPS,
            min_value=limits.min_steps,
            max_value=limits.max_steps,
            **row_rule(
                "series_length",
                f"a series has {limits.min_steps:,} to {limits.max_steps:,} steps",
                f"{{doc_id}}: {{n_steps:,}} steps; {limits.min_steps:,} to"
                f" {limits.max_steps:,} are read",
            ),
        ),
    ]


def _told(limits: SeriesLimits) -> list[Expectation]:
    """Return the rules about what a series tells."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=MISSING,
            max_value=limits.max_missing,
            **row_rule(
                "series_missing",
                f"of a series at most {limits.max_missing:.0%} is missing",
                f"{{doc_id}}: {{missing:.0%}} of its values are missing; at most"
                f" {limits.max_missing:.0%} may",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=GAP,
            max_value=limits.max_gap,
            **row_rule(
                "series_gap",
                f"no gap is longer than {limits.max_gap:g} usual steps of time",
                f"{{doc_id}}: a gap of {{gap:.1f}} usual steps; at most {limits.max_gap:g} are"
                " filled",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_LEVELS,
            min_value=2,
            **row_rule(
                "series_constant",
                "every series changes",
                "{doc_id}: its value never changes",
            ),
        ),
    ]
