"""What is usual for a feed, over made histories: no alarm that nobody wants, and those one wants."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tasks.preparing.usual import NightFigures, read_usual, usual_night
from tasks.store.history import History, PastNight
from tasks.store.storage import Ref, Store, keep_table
from validation.limits import midnight
from validation.usual import UsualNight, count_bounds

MONDAY = date(2026, 3, 2)


def history(*rows: int) -> list[NightFigures]:
    """Nights one after the other from a Monday on."""
    nights = (MONDAY + timedelta(days=n) for n in range(len(rows)))
    return [
        NightFigures(night=night, rows=n, documents=n)
        for night, n in zip(nights, rows, strict=True)
    ]


def rings(rows: int, *before: int) -> bool:
    """Whether a number of rows after those of the nights before is news."""
    usual = usual_night(history(*before), MONDAY + timedelta(days=len(before))).rows
    if usual is None:
        return False
    low, high = count_bounds(usual)
    return not low <= rows <= high


def test_a_backlog_and_a_trickle_after_it_ring_nothing() -> None:
    nights = [100_000, 50, 50, 60, 20, 45, 200, 51, 49, 80]
    assert [n for n in range(len(nights)) if rings(nights[n], *nights[:n])] == []


def test_a_feed_that_breaks_off_or_bursts_rings() -> None:
    steady = [1000, 900, 1100]
    assert rings(100, *steady)
    assert rings(9000, *steady)
    assert rings(100, *steady, 100)
    assert rings(50, 100_000, 1000, 1000, 1000, 1000)


def test_a_quiet_weekend_is_news_once() -> None:
    week = [1000] * 5 + [10] * 2
    nights = week * 6
    assert [n for n in range(len(nights)) if rings(nights[n], *nights[:n])] == [5, 6]


def test_from_four_weeks_on_a_weekday_is_held_against_its_own() -> None:
    nights = ([1000] * 5 + [10] * 2) * 4
    assert rings(1000, *nights, *[1000] * 5)
    usual = usual_night(history(*nights), MONDAY + timedelta(weeks=4)).rows
    assert usual is not None
    assert usual.said(",.0f") == "median 1,000 on the last 4 Mondays (2026-03-02 to 2026-03-23)"


def test_the_nights_are_said() -> None:
    usual = usual_night(history(*range(100, 110)), MONDAY + timedelta(days=10)).rows
    assert usual is not None
    assert usual.said(",.0f") == (
        "median 106 on the last 7 nights (2026-03-05 to 2026-03-11)"
        " and median 103 on the Thursday 2026-03-05"
    )


def test_what_few_nights_know_is_not_usual() -> None:
    figures = history(1, 2, 3)
    some = [it.model_copy(update={"no_date": 0.5}) for it in figures[:2]]
    found = usual_night([*some, figures[2]], MONDAY + timedelta(days=3))
    assert (found.no_date, found.no_text, found.rows is None) == (None, None, False)


@pytest.fixture
def published(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., History]:
    """Nights whose newest document and shares are given."""

    def publish(*nights: tuple[date, date | None, dict[str, Any]]) -> History:
        checks = {night: found for night, _, found in nights}
        monkeypatch.setattr(Store, "read_manifest", lambda _, night: _Manifest(checks[night]))
        return History(nights=[_past(store, night, newest) for night, newest, _ in nights])

    return publish


class _Manifest:
    def __init__(self, checks: dict[str, Any]) -> None:
        self.checks = checks


def _past(store: Store, night: date, newest: date | None) -> PastNight:
    newest_at = midnight(newest) if newest else None
    dates = pa.array([newest_at, None], pa.timestamp("us", tz="UTC"))
    ref = keep_table(store, "documents", pa.table({"timestamp": dates}))
    nothing = Ref(path="x", sha256="x", rows=0)
    names = {"assignments": nothing, "clusters": nothing}
    models: dict[str, Any] = {it: {"files": {}} for it in ("identity", "lexical", "clustering")}
    return PastNight.model_validate(
        {"night": night, "rows": 9, "documents": ref, "published": "refined", "fit": None}
        | names
        | models
    )


def test_figures_come_from_manifests_and_documents(
    store: Store, published: Callable[..., History]
) -> None:
    def share(n_failed: int, n_checked: int) -> dict[str, Any]:
        rule = {"rule_id": "missing_date_share", "n_failed": n_failed, "n_checked": n_checked}
        return {"raw": {"outcomes": [rule]}}

    day = store.night - timedelta(days=10)
    nights = [day + timedelta(days=n) for n in range(4)]
    past = published(
        (nights[0], nights[0] - timedelta(days=4), share(1, 10)),
        (nights[1], nights[1] - timedelta(days=4), share(3, 10)),
        (nights[2], nights[2] + timedelta(days=9), share(2, 10)),
        (nights[3], None, share(0, 0)),
    )
    usual = read_usual(store, past)
    assert usual.rows is not None
    assert (usual.rows.low, usual.rows.high) == (9, 9)
    assert usual.documents is not None
    assert usual.documents.high == 2
    assert usual.no_date is not None
    assert usual.no_date.groups[0].median == 0.2
    assert usual.days_old is not None
    assert usual.days_old.groups[0].median == 4
    assert usual.no_text is None
    assert read_usual(store, past, is_quiet=True) == UsualNight()
    nothing_new = [it.model_copy(update={"rows": 0}) for it in past.nights[:2]]
    assert read_usual(store, History(nights=[*nothing_new, *past.nights[2:]])) == UsualNight()
