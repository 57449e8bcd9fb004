from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.cells.timestamps import parse_timestamps

MOMENT = datetime(2012, 5, 18, 11, 4, 31, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)


def test_each_form_of_one_moment_gives_that_moment() -> None:
    forms = [
        "2012-05-18T11:04:31",
        "2012-05-18 11:04:31",
        "2012-05-18T11:04:31Z",
        "2012-05-18t11:04:31z",
        "2012-05-18T11:04:31.000",
        "2012-05-18T11:04:31,000000Z",
        "2012-05-18T13:04:31+02:00",
        "2012-05-18T13:04:31+0200",
        "2012-05-18 13:04:31 +02",
        "20120518T110431Z",
        "Fri, 18 May 2012 13:04:31 +0200",
        "18 May 2012 11:04:31 GMT",
        "Fri, 18 May 2012 11:04:31 -0000 (UTC)",
        "1337339071",
        "1337339071000",
        "1337339071.0",
        "1337339071000000",
        "  2012-05-18T11:04:31Z\n",
    ]
    assert parse_timestamps(forms).tolist() == [MOMENT] * len(forms)


@pytest.mark.parametrize(
    "text",
    [
        "Fri May 18 04:04:31 PDT 2012",
        "Fri May 18 11:04:31 +0000 2012",
        "Fri May 18 11:04:31 2012",
        "May 18, 2012 11:04:31 AM",
        "May 18, 2012, 11:04:31 a.m. UTC",
        "Friday, May 18th, 2012 at 11:04:31",
        "18 May, 2012 11:04:31.0",
        "18-MAY-2012 11:04:31",
        "2012/5/18 11:04:31",
        "2012.05.18 11:04:31",
        "2012-05-18 11:04:31 UTC",
        "2012-05-18 6:04:31 EST",
        "Fri May 18 2012 13:04:31 GMT+0200 (Central European Summer Time)",
    ],
)
def test_a_moment_is_read_however_it_is_spelled(text: str) -> None:
    assert parse_timestamps([text]).tolist() == [MOMENT]


@pytest.mark.parametrize(
    "text",
    ["May 18, 2012", "18 May 2012", "18 may, 2012", "2012/5/18", "2012-5-18", "Fri May 18 2012"],
)
def test_a_day_is_read_however_it_is_spelled(text: str) -> None:
    assert parse_timestamps([text]).tolist() == [pd.Timestamp("2012-05-18", tz="UTC")]


def test_the_hour_after_midnight_is_twelve_on_a_clock_of_two_halves() -> None:
    parsed = parse_timestamps(["May 18, 2012 12:05 AM", "May 18, 2012 12:05 PM"])
    assert parsed.dt.hour.tolist() == [0, 12]


def test_dates_without_a_time_are_midnight_utc() -> None:
    parsed = parse_timestamps(["2012-05-18", "20120518", "2012-05", "2012"])
    expected = ["2012-05-18", "2012-05-18", "2012-05-01", "2012-01-01"]
    assert parsed.tolist() == [pd.Timestamp(day, tz="UTC") for day in expected]


@pytest.mark.parametrize(
    "text",
    [
        "31/31/20xx",
        "05/18/2012",
        "18.05.2012",
        "18-05-2012",
        "2012/18/05",
        "2012-02-30",
        "30 February 2012",
        "18 May 12",
        "18-MAY-12",
        "May 2012",
        "18 Mai 2012",
        "May 18, 2012 13:04 PM",
        "May 18, 2012 0:04 AM",
        "Fri May 18 13:04:31 CEST 2012",
        "May 18, 2012 | Version 2",
        "2012-05-18T25:00:00",
        "2012-05-18T11:04:31+99:00",
        "Fri, 32 May 2012 11:04:31 +0200",
        "Fri, 18 May 2012 11:04:31 +9900",
        "today",
        "now",
        "nan",
        "NaT",
        "12",
        "123456",
        "20121318",
        "20120518110431",
        "-1337339071",
        "1e9",
        "0000-01-01",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_what_is_no_date_is_null(text: str) -> None:
    assert parse_timestamps([text, "2012-05-18"]).isna().tolist() == [True, False]


def test_far_years_survive_beside_nanoseconds() -> None:
    texts = [
        "2999-01-01",
        "0001-01-01",
        "9999-12-31T23:59:59.999999",
        "2012-01-01T00:00:00.123456789",
    ]
    parsed = parse_timestamps(texts)
    assert parsed.dt.year.tolist() == [2999, 1, 9999, 2012]
    assert parsed.iloc[3] == pd.Timestamp("2012-01-01T00:00:00.123456Z")


@given(st.lists(MOMENTS, max_size=5))
def test_iso_dates_of_mixed_zones_come_back(moments: list[datetime]) -> None:
    parsed = parse_timestamps([moment.isoformat() for moment in moments])
    assert parsed.tolist() == moments


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)))
def test_rfc_dates_come_back(moment: datetime) -> None:
    parsed = parse_timestamps([format_datetime(moment)])
    # RFC 2822 reads years of fewer than four digits as years of this age.
    assert moment.year < 1000 or parsed.tolist() == [moment]


@given(st.integers(100_000_000_000, 9_999_999_999_999))
def test_unix_time_comes_back(milliseconds: int) -> None:
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    seconds = f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
    assert parse_timestamps([str(milliseconds), seconds]).tolist() == [expected, expected]


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=30), max_size=5))
def test_any_text_gives_dates_or_nulls_in_order(texts: list[str | None]) -> None:
    parsed = parse_timestamps(texts)
    assert parsed.dtype == pd.DatetimeTZDtype("us", "UTC")
    assert parsed.index.tolist() == list(range(len(texts)))


@pytest.mark.parametrize("values", [[], [None], ["  "], pa.array([None], pa.string())])
def test_nothing_to_parse_keeps_the_type(values: list[str | None]) -> None:
    parsed = parse_timestamps(values)
    assert parsed.dtype == pd.DatetimeTZDtype("us", "UTC")
    assert parsed.isna().all()
    assert len(parsed) == len(values)


def test_the_index_of_a_series_is_not_kept() -> None:
    parsed = parse_timestamps(pd.Series(["2012-05-18", None], index=[7, 3]))
    assert parsed.index.tolist() == [0, 1]
    assert parsed.isna().tolist() == [False, True]
