"""Which value of the records is the largest, and which records are known by it."""

from typing import Any

import pytest

from tasks.reading.sources.api.newest import Newest
from tasks.reading.sources.errors import FeedError


def followed(*values: Any, state: dict[str, Any] | None = None) -> Newest:
    newest = Newest("at", state)
    for number, value in enumerate(values):
        newest.is_new({"at": value}, f"line {number}")
    return newest


def state_of(newest: Newest) -> dict[str, Any]:
    state = newest.state()
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("values", "largest"),
    [
        (["9", "10"], "10"),
        ([2, "10", 9.5], "10"),
        (["b", "a"], "b"),
        (["2026-11-02T08:00:00+02:00", "2026-11-02T07:00:00"], "2026-11-02T07:00:00"),
    ],
)
def test_each_kind_of_value_has_its_own_order(values: list[Any], largest: Any) -> None:
    assert state_of(followed(*values))["value"] == largest
    assert state_of(followed(*values[::-1]))["value"] == largest


@pytest.mark.parametrize("values", [[1, "a"], ["a", "2026-11-02"], [True], [float("nan")], [[1]]])
def test_what_cannot_be_compared_is_refused(values: list[Any]) -> None:
    with pytest.raises(FeedError, match=r"must lead to numbers, texts or times, all of one kind"):
        followed(*values)


def test_only_records_of_the_largest_value_are_remembered() -> None:
    assert len(state_of(followed(3, 1, 2))["records"]) == 1
    assert len(state_of(followed(1, 3, 3))["records"]) == 2
    first = state_of(followed(3))
    assert state_of(followed(2, state=first)) == first


def test_where_too_many_share_the_largest_value_none_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tasks.reading.sources.api.newest.MAX_KNOWN", 2)
    assert len(state_of(followed(3, 3))["records"]) == 2
    assert state_of(followed(3, 3, 3)) == {"value": 3, "records": []}
