"""In which order a feed writes day and month, where its own dates prove it.

Reads  dates that were not read, row by row
Writes nothing
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_NUMERIC: Final = re.compile(
    r"\s*(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)\d{4}(?!\d)(?P<rest>.*?)\s*",
    re.DOTALL,
)

_MONTHS: Final = 12

_N_EXAMPLES: Final = 2
"""Dates that are shown where nothing proves the order: two, for one may be a slip."""

_CLOCKS: Final = {
    "": "",
    " 0:0": " %H:%M",
    " 0:0:0": " %H:%M:%S",
    ", 0:0": ", %H:%M",
    ", 0:0:0": ", %H:%M:%S",
    " 0:0 M": " %I:%M %p",
    " 0:0:0 M": " %I:%M:%S %p",
    ", 0:0 M": ", %I:%M %p",
    ", 0:0:0 M": ", %I:%M:%S %p",
}
"""What follows a date, each number as 0 and a half of the day as M → the codes that read it."""


class Seen(NamedTuple):
    """A date, and where it is."""

    date: str
    where: str

    def __str__(self) -> str:
        """Return it for a message."""
        return f"{self.date!r} ({self.where})"


@dataclass
class DateOrder:
    """What the dates in numbers say about their order; it grows date by date.

    Attributes
    ----------
    day_first, month_first
        The first date that has its day in this place, for no month is over 12.
    unsure
        The first dates that may mean two days.
    forms
        Marks and clocks, as `date_format` spells them; None for a clock of another form.
    """

    day_first: Seen | None = None
    month_first: Seen | None = None
    unsure: list[Seen] = field(default_factory=list)
    forms: set[tuple[str, str | None]] = field(default_factory=set)

    def note(self, date: str, where: str) -> None:
        """Take in a date that was not read; one that is not in numbers says nothing."""
        found = _NUMERIC.fullmatch(date)
        if found is None:
            return
        seen = Seen(date.strip(), where)
        first, second = int(found["first"]), int(found["second"])
        self.forms.add((found["mark"], _CLOCKS.get(_shape(found["rest"]))))
        if first > _MONTHS >= second:
            self.day_first = self.day_first or seen
        elif second > _MONTHS >= first:
            self.month_first = self.month_first or seen
        elif first != second and len(self.unsure) < _N_EXAMPLES:
            self.unsure.append(seen)

    def setting(self) -> tuple[str, bool | str] | None:
        """Return the key of [ingest], and its value, that reads the dates; None if none is sure."""
        if self.day_first and not self.month_first:
            return "day_first", True
        month_first = self._month_format()
        if self.month_first and not self.day_first and month_first:
            return "date_format", month_first
        return None

    def sentence(self) -> str | None:
        """Return what the dates prove, or what to set where they do not; None without any."""
        if self.day_first and self.month_first:
            return (
                f"{self.day_first} has the day first and {self.month_first} the month, so no"
                ' setting reads both: write all dates alike, or set timestamp = "" under'
                " [ingest.columns]"
            )
        if self.day_first:
            return (
                f"the day comes first: {self.day_first}, and no second number is over {_MONTHS},"
                " so day_first = true under [ingest] reads it"
            )
        if self.month_first:
            return (
                f"the month comes first: {self.month_first}, and no first number is over {_MONTHS},"
                f" so {self._month_setting()} under [ingest] reads it"
            )
        if not self.unsure:
            return None
        return (
            f"dates such as {' and '.join(map(str, self.unsure))} may mean two days each: set"
            " day_first = true under [ingest] where the day comes first,"
            f" {self._month_setting()} where the month does"
        )

    def _month_setting(self) -> str:
        month_first = self._month_format()
        return f'date_format = "{month_first}"' if month_first else "`date_format`"

    def _month_format(self) -> str | None:
        """Return how dates are written if their month comes first; None for several forms."""
        if len(self.forms) != 1:
            return None
        ((mark, clock),) = self.forms
        return None if clock is None else f"%m{mark}%d{mark}%Y{clock}"


def _shape(rest: str) -> str:
    """Return what follows a date with each number as 0, and each half of the day as M."""
    return re.sub(r"(?i)\b[ap]m\b", "M", re.sub(r"\d+", "0", rest))
