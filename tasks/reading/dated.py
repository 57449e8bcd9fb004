"""A feed with a part for every night: `{night}` in its name stands for the date."""

import re
from datetime import date, timedelta
from typing import Final

from tasks.reading.sources.errors import FeedError

_NIGHT: Final = re.compile(r"\{night(?P<days>[+-]\d{1,4})?(?::(?P<form>[^{}]+))?\}")
_LIKE_NIGHT: Final = re.compile(r"\{\s*night\b[^{}]*\}")


def feed_of(pattern: str, night: date) -> str:
    """Return one night's feed.

    Parameters
    ----------
    pattern
        ``reviews-{night}.jsonl`` has the date as YYYY-MM-DD; ``{night:%Y/%m/%d}/*.csv`` has it as
        `strftime` writes it; ``{night-1}`` is the date a day before. Other braces and wildcards
        stay.
    night
        Which one.
    """

    def written(found: re.Match[str]) -> str:
        day = night + timedelta(days=int(found["days"] or 0))
        return day.strftime(found["form"] or "%Y-%m-%d")

    return _NIGHT.sub(written, pattern)


def require_spelled(pattern: str) -> None:
    """Fail on a date that is spelled wrong: it would be looked for as it stands.

    Raises
    ------
    FeedError
        Naming it.
    """
    for found in _LIKE_NIGHT.finditer(pattern):
        if not _NIGHT.fullmatch(found[0]):
            raise FeedError(
                f"feed must have its date as {{night}}, {{night-1}} for the day before, or"
                f" {{night:%Y%m%d}} in another form, got {found[0]}"
            )


def require_dated(pattern: str, nights: list[date]) -> None:
    """Fail on a pattern that gives two nights one feed: every night would read the same rows.

    Raises
    ------
    FeedError
        Naming the pattern and what it lacks.
    """
    feeds = {feed_of(pattern, night) for night in nights}
    if not _NIGHT.search(pattern) or len(feeds) < len(nights):
        raise FeedError(
            f"{pattern} must name another feed every night; write {{night}} where its names have"
            " the date, or {night:%Y%m%d} if they have it in another form"
        )


def nights_between(first: date, last: date) -> list[date]:
    """List the nights from the first to the last, both included.

    Raises
    ------
    FeedError
        If the last is before the first.
    """
    if last < first:
        raise FeedError(f"--to must not be before --from {first}, got {last}")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
