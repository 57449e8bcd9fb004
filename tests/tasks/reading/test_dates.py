from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.reading.dates import DateForms

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))


def test_a_date_of_the_format_comes_out_in_iso_8601() -> None:
    forms = DateForms(date_format="%d.%m.%y %H:%M")
    assert forms.spelled(" 07.08.19 21:05 ") == "2019-08-07T21:05:00"


def test_an_offset_of_the_format_is_kept() -> None:
    forms = DateForms(date_format="%d/%m/%Y %H:%M %z")
    assert forms.spelled("07/08/2019 21:05 +0200") == "2019-08-07T21:05:00+02:00"


@pytest.mark.parametrize("cell", ["2019-08-07", "07/08/2019 and more", "no date", ""])
def test_what_is_not_of_the_format_is_handed_on_as_it_came(cell: str) -> None:
    assert DateForms(date_format="%d/%m/%Y").spelled(cell) == cell


@given(MOMENTS)
def test_the_order_of_day_and_month_is_as_it_is_said(moment: datetime) -> None:
    iso = f"{moment.year}-{moment.month}-{moment.day} {moment:%H:%M}"
    day, month = f"{moment.day}", f"{moment.month}"
    forms = DateForms(day_first=True)
    for mark in "/.-":
        assert forms.spelled(f"{day}{mark}{month}{mark}{moment.year} {moment:%H:%M}") == iso


@pytest.mark.parametrize("cell", ["7/8/2019", "7.8.19", "7/8-2019", "7/8/20190", "2019/8/7"])
def test_nothing_is_turned_round_that_was_not_said(cell: str) -> None:
    assert DateForms(day_first=cell != "7/8/2019").spelled(cell) == cell


def test_the_pattern_takes_the_date_out_of_a_longer_cell() -> None:
    forms = DateForms(date_pattern=r"^(.*?) \|", date_format="%B %d, %Y")
    assert forms.spelled("November 26, 2022 | Version 22.11.24") == "2022-11-26T00:00:00"
    assert (
        DateForms(date_pattern=r"^(.*?) \|", day_first=True).spelled("7/8/2019 | x") == "2019-8-7"
    )
    assert forms.spelled("no bar") == "no bar"


def test_a_group_that_found_nothing_leaves_the_cell() -> None:
    assert DateForms(date_pattern=r"x(\d+)?").spelled("x") == "x"


def test_an_endless_cell_is_not_searched() -> None:
    cell = "a" * 100_000
    assert DateForms(date_pattern=r"(a*)*b").spelled(cell) == cell


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("date_format", "%H:%M", "date_format must have the year, got '%H:%M'"),
        ("date_format", "dd/mm/yyyy", "date_format must have the year, got 'dd/mm/yyyy'"),
        ("date_format", "%Y-%q", "date_format must be codes of strptime.*got '%Y-%q'"),
        ("date_format", "%Y %H:%M %Z", "date_format must not have %Z.*use %z"),
        ("date_pattern", "(", "date_pattern must be a regular expression, got '\\('"),
        ("date_pattern", "^.*", "date_pattern must have one group.* with 0"),
        ("date_pattern", "(a)(b)", "date_pattern must have one group.* with 2"),
    ],
)
def test_a_setting_that_reads_no_date_is_refused(setting: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DateForms(**{setting: value})
