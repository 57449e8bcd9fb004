"""What is usual for a feed by its own nights: the last ones, and those of the same weekday.

Reads  manifests and dates of documents of earlier nights
Writes nothing
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from tasks.preparing.check_prepared import reached
from tasks.store.history import History, PastNight
from tasks.store.storage import Store, read_table
from validation.tables.columns import TIMESTAMP
from validation.usual import MISSING_DATE, MISSING_TEXT, Nights, Usual
from validation.usual import UsualNight as UsualNight  # noqa: PLC0414 - the flow asks here

_MIN_NIGHTS: Final = 3
"""Of fewer nights the median is any of them: a backlog, then a trickle, is a healthy start."""

_N_LAST: Final = 7

_MIN_WEEKS: Final = 4
"""From so many nights of a weekday on, no other night has a say."""

_MAX_WEEKS: Final = 8
"""How far back a weekday is looked at: what was usual in spring is not in autumn."""


class NightFigures(BaseModel):
    """The figures of a published night that later ones are held against; None where unknown."""

    model_config = ConfigDict(frozen=True)

    night: date
    rows: int
    documents: int
    no_text: float | None = None
    no_date: float | None = None
    days_old: int | None = None
    """See `UsualNight`."""


def read_usual(store: Store, past: History, is_quiet: bool = False) -> UsualNight:
    """Return what is usual for tonight, by the nights before it.

    Parameters
    ----------
    store
        Tonight's place in the store.
    past
        Its files are intact. Nights on which its source had nothing new have no say.
    is_quiet
        Whether tonight is one of these; then nothing is usual.
    """
    read = [] if is_quiet else past.nights_read()
    nights = [night.night for night in read]
    wanted = {*nights[-_N_LAST:], *_same_weekday(nights, store.night)}
    figures = [_figures(store, it) for it in read if it.night in wanted]
    return usual_night(figures, store.night)


def usual_night(figures: Sequence[NightFigures], night: date) -> UsualNight:
    """Return what is usual for a night.

    Where there are four nights of its weekday, they alone say it. Until then it may be as on the
    last seven nights or as on the nights of its weekday, so that a quiet Sunday is news once.

    Parameters
    ----------
    figures
        Of the nights before it, oldest first.
    night
        Tonight.
    """
    names = UsualNight.model_fields
    return UsualNight(**{name: _usual(figures, night, name) for name in names})


def _usual(figures: Sequence[NightFigures], night: date, name: str) -> Usual | None:
    known = {it.night: value for it in figures if (value := getattr(it, name)) is not None}
    if len(known) < _MIN_NIGHTS:
        return None
    same = _same_weekday(known, night)
    weekday = _group(f"{night:%A}", same, known.__getitem__)
    if len(same) >= _MIN_WEEKS:
        return Usual(groups=weekday)
    return Usual(groups=(*_group("night", list(known)[-_N_LAST:], known.__getitem__), *weekday))


def _group(
    thing: str, nights: Sequence[date], figure: Callable[[date], float]
) -> tuple[Nights, ...]:
    """Return nights as a group; none where there are none."""
    if not nights:
        return ()
    if len(nights) == 1:
        said = f"the {thing} {nights[0]}"
    else:
        said = f"the last {len(nights)} {thing}s ({nights[0]} to {nights[-1]})"
    return (Nights(said=said, median=median(map(figure, nights))),)


def _same_weekday(nights: Iterable[date], night: date) -> list[date]:
    since = night - timedelta(weeks=_MAX_WEEKS)
    return [it for it in nights if it.weekday() == night.weekday() and it >= since]


def _figures(store: Store, night: PastNight) -> NightFigures:
    checks = store.read_manifest(night.night).checks
    dates = read_table(store, night.documents, [TIMESTAMP])[TIMESTAMP]
    days_old = (night.night - reached(night.night, dates)).days
    is_dated = dates.null_count < len(dates)
    return NightFigures(
        night=night.night,
        rows=night.rows,
        documents=night.documents.rows,
        no_text=_share(checks, MISSING_TEXT),
        no_date=_share(checks, MISSING_DATE),
        days_old=days_old if is_dated else None,
    )


def _share(checks: dict[str, dict[str, Any]], rule_id: str) -> float | None:
    """Return the share of rows that broke a rule of the check of raw rows."""
    for outcome in checks.get("raw", {}).get("outcomes", []):
        if outcome["rule_id"] == rule_id and outcome["n_checked"]:
            return float(outcome["n_failed"] / outcome["n_checked"])
    return None
