from datetime import date

from tasks.reading.raw_feed import RawFeed
from tasks.reporting.insights.roles import roles_of
from tasks.store.history import History, NightTable, PastNight
from tasks.store.storage import Ref

REF = Ref(path="p", sha256="0", rows=0)


def past_night(day: int, **columns: str) -> PastNight:
    return PastNight.model_construct(
        night=date(2026, 3, day), columns={"a": columns}, documents=REF, ratings=REF
    )


def within(*days: int) -> list[NightTable]:
    return [NightTable(night=date(2026, 3, day), table=REF) for day in days]


def raw(ratings: dict[str, str], **columns: str) -> RawFeed:
    return RawFeed(rows=REF, columns={"a": columns}, ratings=ratings, metadata_types={})


def test_the_columns_of_ratings_of_all_nights_of_the_window_count_the_latest_first() -> None:
    past = History(nights=[past_night(1, rating="old"), past_night(2, rating="stars")])
    found = roles_of(raw({"a": "score"}, text="t"), past, within(2, 3), None)
    assert found.ratings == ["score", "stars"]
    assert not found.has_source
    assert found.last_ratings == REF


def test_a_quiet_night_has_the_roles_of_the_nights_before() -> None:
    past = History(nights=[past_night(2, rating="stars", source="shop")])
    found = roles_of(raw({}), past, within(2), None)
    assert (found.ratings, found.has_source) == (["stars"], True)


def test_the_source_tells_nothing_of_clusters_that_are_grouped_by_it() -> None:
    past = History(nights=[])
    assert roles_of(raw({}, source="shop"), past, [], None, by="app").has_source
    assert not roles_of(raw({}, source="shop"), past, [], None, by="source").has_source


def test_the_config_decides() -> None:
    past = History(nights=[past_night(2, rating="stars")])
    assert roles_of(raw({"a": "score"}), past, within(2), "points").ratings == ["points"]
    assert roles_of(raw({"a": "score"}), past, within(2), "").ratings == []
    assert roles_of(raw({}), History(nights=[]), [], None).last_ratings is None
