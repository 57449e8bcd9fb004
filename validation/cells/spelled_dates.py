"""Read dates of which only one day can be meant: the month is named, or the year stands first.

Pure functions on strings; `validation.cells.timestamps` applies them to columns.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>\d{4})"
_TIME: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6})\d*)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
)
_ZONE: Final = (
    r"(?: *(?P<zone>z|[a-z]{2,4}|(?:gmt|utc)?(?P<offset>[+-]\d{2}:?\d{2}))(?: *\([^()]*\))?)?"
)
_THEN: Final = rf"(?:(?:,? at|,)? +{_TIME}{_ZONE})?$"

_CTIME: Final = rf"(?i)^{_WEEKDAY} +{_MONTH} +{_DAY} +{_TIME}{_ZONE} +{_YEAR}$"
_MONTH_FIRST: Final = rf"(?i)^(?:{_WEEKDAY},? +)?{_MONTH} +{_DAY},? +{_YEAR}{_THEN}"
_DAY_FIRST: Final = rf"(?i)^(?:{_WEEKDAY},? +)?{_DAY}[ -]+{_MONTH},?[ -]+{_YEAR}{_THEN}"
_YEAR_FIRST: Final = (
    rf"(?i)^{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:(?:T|,? +){_TIME}{_ZONE})?$"
)
SPELLED: Final = (_CTIME, _MONTH_FIRST, _DAY_FIRST, _YEAR_FIRST)
"""Patterns of dates, for `re` and for RE2."""

_HOURS: Final = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
"""The names of zones in RFC 2822: of all others several zones have the same."""


def read_spelled(text: str, pattern: str) -> datetime | None:
    """Read a date of one of the patterns `SPELLED`; a time without a zone is UTC.

    Parameters
    ----------
    text
        What may be a date.
    pattern
        One of `SPELLED`.

    Returns
    -------
    The moment in UTC; None for what is no date, or is in a zone whose name says too little.
    """
    found = re.match(pattern, text)
    if found is None:
        return None
    part = found.groupdict()
    try:
        local = datetime(
            int(part["year"]),
            _month(part["month"]),
            int(part["day"]),
            _hour(int(part["hour"] or 0), part["half"]),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["fraction"] or "").ljust(6, "0")),
            _zone(part["zone"], part["offset"]),
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError, KeyError):
        return None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _hour(hour: int, half: str | None) -> int:
    """Return the hour of the day; on a clock of two halves 12 comes before 1."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"a clock of two halves has no hour {hour}")
    return hour % 12 + (12 if half in "pP" else 0)


def _zone(name: str | None, offset: str | None) -> timezone:
    if offset is not None:
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return timezone(timedelta(hours=_HOURS[name.lower()])) if name else UTC
