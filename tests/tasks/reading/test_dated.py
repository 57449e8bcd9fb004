from datetime import date

import pytest

from tasks.reading.dated import feed_of, nights_between, require_dated, require_spelled
from tasks.reading.sources.errors import FeedError

NIGHT = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("pattern", "feed"),
    [
        ("r-{night}.jsonl", "r-2026-03-01.jsonl"),
        ("{night:%Y/%m/%d}/*.csv", "2026/03/01/*.csv"),
        ("s3://b/{night:%Y}/{night:%Y%m%d}-{part}.csv", "s3://b/2026/20260301-{part}.csv"),
        ("100%/{nightly}", "100%/{nightly}"),
        ("r-{night-1}.jsonl", "r-2026-02-28.jsonl"),
        ("{night+31:%d.%m.}/r.csv", "01.04./r.csv"),
    ],
)
def test_the_night_stands_where_the_pattern_says(pattern: str, feed: str) -> None:
    assert feed_of(pattern, NIGHT) == feed


def test_nights_go_over_the_end_of_a_month() -> None:
    nights = nights_between(date(2028, 2, 28), date(2028, 3, 1))
    assert [night.day for night in nights] == [28, 29, 1]
    assert nights_between(NIGHT, NIGHT) == [NIGHT]
    with pytest.raises(ValueError, match=r"got 2026-02-28"):
        nights_between(NIGHT, date(2026, 2, 28))


@pytest.mark.parametrize("date_", ["{night - 1}", "{night-}", "{ night}", "{night:}", "{night-1d}"])
def test_a_date_that_is_spelled_wrong_is_refused(date_: str) -> None:
    with pytest.raises(FeedError, match=r"got \{.*\}$"):
        require_spelled(f"in/{date_}.csv")


def test_other_braces_are_no_dates() -> None:
    require_spelled("{nightly}/{part}/{night-1:%Y}/{night}")


@pytest.mark.parametrize("pattern", ["r.jsonl", "r-{night:%Y-%m}.jsonl", "{nightly}"])
def test_a_pattern_without_a_night_is_refused(pattern: str) -> None:
    with pytest.raises(FeedError, match=r"must name another feed every night; write \{night\}"):
        require_dated(pattern, nights_between(NIGHT, date(2026, 3, 2)))
    require_dated("{night}", [NIGHT])
