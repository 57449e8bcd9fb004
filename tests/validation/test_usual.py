"""The bounds that follow from what is usual: wide, and never against a feed that has hardly any."""

from datetime import date

import pytest

from validation.usual import Nights, Usual, count_bounds, fresh_from, share_limit


def usual(*medians: float) -> Usual:
    return Usual(groups=tuple(Nights(said=f"group {n}", median=m) for n, m in enumerate(medians)))


@pytest.mark.parametrize(
    ("medians", "bounds"),
    [
        ((1000,), (200, 5000)),
        ((1000, 10), (2, 5000)),
        ((12.5,), (3, 62)),
        ((9,), (0, 50)),
        ((0,), (0, 50)),
    ],
)
def test_counts_may_rise_and_fall_by_a_factor(
    medians: tuple[float, ...], bounds: tuple[int, int]
) -> None:
    assert count_bounds(usual(*medians)) == bounds


@pytest.mark.parametrize(
    ("share", "limit"), [(0, 0.05), (0.01, 0.06), (0.1, 0.3571), (0.4, 0.7692), (1, 1)]
)
def test_shares_may_rise_by_their_odds(share: float, limit: float) -> None:
    assert share_limit(usual(share)) == pytest.approx(limit, abs=1e-4)
    assert share_limit(usual(0, share)) == pytest.approx(limit, abs=1e-4)


@pytest.mark.parametrize(
    ("days", "day"),
    [(0, "2026-02-26"), (1, "2026-02-25"), (10, "2026-01-30"), (10**6, "0001-01-01")],
)
def test_the_newest_row_may_be_older_than_usual(days: float, day: str) -> None:
    assert str(fresh_from(usual(days), date(2026, 3, 1))) == day


def test_the_nights_are_said_with_their_medians() -> None:
    assert usual(1000, 10).said(",.0f") == "median 1,000 on group 0 and median 10 on group 1"
