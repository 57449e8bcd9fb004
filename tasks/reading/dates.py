"""How a feed writes its dates, where they do not say it themselves: by a format or the day first.

A date that is read so is handed on in ISO 8601; any other is handed on as it came, and the check of
the raw rows says what it is.
"""

import re
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

_SAMPLE: Final = datetime(2024, 3, 5, 13, 45, 7, tzinfo=UTC)
"""No two of its parts are the same, so a format that mixes them up does not give it back."""

_MAX_CHARS: Final = 1_000
"""A longer cell is no date; a pattern with many choices could search it for hours."""

_DAY_FIRST: Final = re.compile(
    r"(?P<day>\d{1,2})(?P<mark>[/.-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})(?P<rest>(?!\d).*)",
    re.DOTALL,
)


class DateForms(BaseModel):
    """How the feed writes its dates; what is left out is read where it can only mean one day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date_format: str | None = Field(
        None,
        description="How dates are written, in the codes of strptime: %d/%m/%Y reads 31/12/2024. A"
        " date of another form that can only mean one day is read all the same.",
    )
    date_pattern: str | None = Field(
        None,
        description="Regular expression whose one group is the date in a longer cell: ^(.*?) \\|"
        " of November 26, 2022 | Version 22.",
    )
    day_first: bool = Field(
        False,
        description="Whether 03/04/2024 is the third of April; otherwise such a date is refused,"
        " and %m/%d/%Y as date_format reads it as the fourth of March.",
    )

    @field_validator("date_format")
    @classmethod
    def _date_format_gives_days(cls, date_format: str | None) -> str | None:
        if date_format is None:
            return None
        if "%Z" in date_format:
            raise ValueError(
                f"date_format must not have %Z, whose names depend on the machine, got"
                f" {date_format!r}; use %z for offsets, or write the name out"
            )
        try:
            back = datetime.strptime(_SAMPLE.strftime(date_format), date_format)
        except ValueError as error:
            raise ValueError(
                f"date_format must be codes of strptime as in %d/%m/%Y, got {date_format!r}"
            ) from error
        if back.year != _SAMPLE.year:
            raise ValueError(f"date_format must have the year, got {date_format!r}")
        return date_format

    @field_validator("date_pattern")
    @classmethod
    def _date_pattern_has_one_group(cls, date_pattern: str | None) -> str | None:
        if date_pattern is None:
            return None
        try:
            n_groups = re.compile(date_pattern).groups
        except re.error as error:
            raise ValueError(
                f"date_pattern must be a regular expression, got {date_pattern!r}: {error}"
            ) from error
        if n_groups != 1:
            raise ValueError(
                f"date_pattern must have one group, which is the date, got {date_pattern!r} with"
                f" {n_groups}"
            )
        return date_pattern

    def spelled(self, cell: str) -> str:
        """Return a date in a form that needs no setting; any other text as it came.

        Parameters
        ----------
        cell
            As it came. The pattern takes the date out of it, then the format reads it, then the
            order of day and month.
        """
        if len(cell) > _MAX_CHARS:
            return cell
        found = re.search(self.date_pattern, cell) if self.date_pattern else None
        text = (found[1] or cell if found else cell).strip()
        by_format = _read(text, self.date_format) if self.date_format else None
        return by_format or (_year_first(text) if self.day_first else text)


def _read(text: str, date_format: str) -> str | None:
    try:
        return datetime.strptime(text, date_format).isoformat()
    except ValueError:
        return None


def _year_first(text: str) -> str:
    """Put the year of a date in numbers first, its day last; what follows the date stays."""
    found = _DAY_FIRST.fullmatch(text)
    return f"{found['year']}-{found['month']}-{found['day']}{found['rest']}" if found else text
