"""The names that exports give to the date of a document, as a class: what was done, and when.

Names are `folded`: without case and separators.
"""

import re
from typing import Any, Final

_DEEDS: Final = (
    "created", "creation", "create", "submitted", "submission", "submit", "posted", "published",
    "publication", "received", "opened", "reported", "reviewed", "commented", "written", "sent",
    "filed", "raised", "added", "entered", "logged", "recorded",
)  # fmt: skip
"""What happens to a document once, the likeliest to be its date first. `updated`, `closed` and
`solved` are not here: they change later, and are no date that a document keeps."""

_BARE: Final = ("created", "submitted", "posted", "published", "received", "opened", "reviewed")
"""Deeds that are a column's whole name; `reported` and `added` count or flag as often as not."""

_THINGS: Final = (
    "answer|article|case|comment|complaint|conversation|doc|document|email|entry|feedback|incident"
    "|issue|mail|message|post|request|response|review|submission|survey|sys|ticket|tweet"
)
"""What a document is called, and the `sys_created_on` of ServiceNow. People and orders are not
here: `user_created_at` and `order_date` are dates of something else."""

_DATE: Final = "dateandtime|datetime|timestamp|date"
_CLOCK: Final = f"{_DATE}|time|at|on"
_DEED: Final = "|".join(sorted(_DEEDS, key=len, reverse=True))

_CLASS: Final = re.compile(
    # created_at, ticket_created_on, Review Submit Date and Time
    rf"((({_THINGS})?({_CLOCK})?({_DEED})({_CLOCK})"
    # Date/Time Opened
    rf"|({_CLOCK})({_DEED})"
    # Ticket Created
    rf"|({_THINGS})({_DEED})"
    # Review Date; a `response_time` or a `ticket_time` is how long something took
    rf"|({_THINGS})({_DATE})"
    rf"|(date|time)of({_THINGS})"
    rf"|{_DATE}|time|{'|'.join(_BARE)})"
    # Created At (UTC)
    r"(utc|gmt)?)"
)

_FLAG: Final = re.compile(r"true|false|t|f|yes|no|y|n|\d{1,3}", re.IGNORECASE)
"""`opened` may also say whether or how often; a date has four digits at least, those of a year."""


def is_flag(value: Any) -> bool:
    """Return whether a cell says yes or no, or how many, as no date does."""
    return _FLAG.fullmatch(str(value)[:6].strip()) is not None


def date_rank(folded: str) -> int | None:
    """Return how early a name comes among those of dates; None for a name that is none."""
    if _CLASS.fullmatch(folded) is None:
        return None
    return next((rank for rank, deed in enumerate(_DEEDS) if deed in folded), len(_DEEDS))
