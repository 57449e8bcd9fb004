"""What is usual for a feed, from its own nights, and the bounds that follow from it."""

import math
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

MISSING_TEXT: Final = "missing_text_share"
MISSING_DATE: Final = "missing_date_share"
"""Rules by whose outcomes on earlier nights tonight is judged."""

_FACTOR: Final = 5
"""How many times the usual is still no news; feeds double and halve by themselves."""

_FEW: Final = 10
"""Where fewer rows are usual, chance alone makes none or many times as many of them."""

_SLACK: Final = 0.05
"""By how much a share may rise in any case: of 60 rows, three have a gap by chance."""

_MIN_DAYS_LATE: Final = 3
"""By how many days the newest row may be older than usual in any case: a long weekend."""

_LATE_FACTOR: Final = 3
"""A feed that lags by ten days does not lag by ten days exactly."""


class Nights(BaseModel):
    """Nights that tonight is compared with, and the median of a figure on them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    said: str
    """Which nights they are, for messages."""
    median: float = Field(ge=0)


class Usual(BaseModel):
    """What a figure usually is. Of several groups of nights, tonight may be like any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: Annotated[tuple[Nights, ...], Field(min_length=1)]

    @property
    def low(self) -> float:
        """The lowest median."""
        return min(it.median for it in self.groups)

    @property
    def high(self) -> float:
        """The highest median."""
        return max(it.median for it in self.groups)

    def said(self, form: str) -> str:
        """Return the medians with their nights.

        Parameters
        ----------
        form
            Of a median, as `format` takes it.
        """
        return " and ".join(f"median {format(it.median, form)} on {it.said}" for it in self.groups)


class UsualNight(BaseModel):
    """What is usual for a night; None where too few nights say so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Usual | None = None
    documents: Usual | None = None
    no_text: Usual | None = None
    """Share of the rows."""
    no_date: Usual | None = None
    days_old: Usual | None = None
    """How many days older than its night the newest document is."""


def count_bounds(usual: Usual) -> tuple[int, int]:
    """Return the least and the greatest number of rows that are no news."""
    low = math.ceil(usual.low / _FACTOR) if usual.low >= _FEW else 0
    return low, math.floor(max(usual.high, _FEW) * _FACTOR)


def share_limit(usual: Usual) -> float:
    """Return the greatest share that is no news: the odds may rise by a factor, or by a slack."""
    share = min(usual.high, 1.0)
    by_odds = _FACTOR * share / (1 + (_FACTOR - 1) * share)
    return min(1.0, max(by_odds, share + _SLACK))


def fresh_from(usual: Usual, night: date) -> date:
    """Return the day that the newest row must not be older than.

    Parameters
    ----------
    usual
        How many days older than its night the newest row is.
    night
        Tonight.
    """
    days = max(_LATE_FACTOR * usual.high, usual.high + _MIN_DAYS_LATE)
    return night - timedelta(days=min(math.ceil(days), (night - date.min).days))
