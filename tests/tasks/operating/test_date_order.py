"""What dates in numbers prove about their order, and what they leave open."""

import pytest

from tasks.operating.date_order import DateOrder


def noted(*dates: str) -> DateOrder:
    order = DateOrder()
    for number, date in enumerate(dates, start=1):
        order.note(date, f"a.csv row {number}")
    return order


@pytest.mark.parametrize(
    ("dates", "setting"),
    [
        (["03/04/2024", "13/04/2024"], ("day_first", True)),
        (["3.4.2024 10:00", "31.12.2024 9:00:00 pm"], ("day_first", True)),
        (["04/03/2024", "12/13/2024"], ("date_format", "%m/%d/%Y")),
        (["4-13-2024, 10:22:01 PM"], ("date_format", "%m-%d-%Y, %I:%M:%S %p")),
        (["12/13/2024", "12/13/2024 10:00"], None),
        (["12/13/2024 at ten"], None),
        (["03/04/2024", "12/12/2024"], None),
        (["13/04/2024", "04/13/2024"], None),
        (["13/14/2024", "yesterday", "13/04/24", "13/04.2024", "13/04/20245"], None),
    ],
)
def test_only_what_no_date_speaks_against_is_set(
    dates: list[str], setting: tuple[str, str | bool] | None
) -> None:
    assert noted(*dates).setting() == setting


def test_what_is_proven_is_said_with_the_date_that_proves_it() -> None:
    assert noted("03/04/2024", " 13/04/2024").sentence() == (
        "the day comes first: '13/04/2024' (a.csv row 2), and no second number is over 12, so"
        " day_first = true under [ingest] reads it"
    )
    assert str(noted("4/13/2024").sentence()).endswith(
        'date_format = "%m/%d/%Y" under [ingest] reads it'
    )
    both = str(noted("13/04/2024", "04/13/2024").sentence())
    assert both.startswith("'13/04/2024' (a.csv row 1) has the day first and '04/13/2024' (a.csv")


def test_two_dates_that_may_mean_two_days_are_shown_with_both_settings() -> None:
    said = noted("02/02/2024", "03/04/2024", "05/06/2024", "07/08/2024").sentence()
    assert said == (
        "dates such as '03/04/2024' (a.csv row 2) and '05/06/2024' (a.csv row 3) may mean two days"
        " each: set day_first = true under [ingest] where the day comes first, date_format ="
        ' "%m/%d/%Y" where the month does'
    )
    assert noted("yesterday").sentence() is None
