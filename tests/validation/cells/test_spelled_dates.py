from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.cells.spelled_dates import SPELLED, read_spelled

CTIME, MONTH_FIRST, DAY_FIRST, YEAR_FIRST = SPELLED
MONTHS = [datetime(2000, month, 1).strftime("%B") for month in range(1, 13)]


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("n_letters", [3, 20])
def test_every_month_is_known_by_its_whole_name_and_by_three_letters(
    month: int, n_letters: int
) -> None:
    name = MONTHS[month - 1][:n_letters]
    assert read_spelled(f"{name} 7, 2024", MONTH_FIRST) == datetime(2024, month, 7, tzinfo=UTC)


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)))
def test_ctime_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert read_spelled(moment.ctime(), CTIME) == moment.replace(tzinfo=UTC)


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)))
def test_a_clock_of_two_halves_comes_back(moment: datetime) -> None:
    text = f"{moment.day} {MONTHS[moment.month - 1]} {moment:%Y, %I:%M:%S.%f %p}"
    assert read_spelled(text, DAY_FIRST) == moment.replace(tzinfo=UTC)


def test_a_zone_without_a_known_name_is_no_date() -> None:
    assert read_spelled("2024/3/5 10:00 CET", YEAR_FIRST) is None


def test_a_moment_beyond_the_calendar_is_no_date() -> None:
    assert read_spelled("9999/12/31 23:00 -0500", YEAR_FIRST) is None
