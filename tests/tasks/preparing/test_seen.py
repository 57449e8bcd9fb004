"""What is known of the other nights, from ids and digests alone."""

from datetime import date

import pytest

from tasks.preparing.seen import NightIds, Seen, seen_on

TONIGHT = date(2026, 3, 10)


def on(day: int) -> date:
    return date(2026, 3, day)


def test_the_first_night_of_an_id_and_of_a_text_counts() -> None:
    nights = [
        NightIds(on(1), [("a", "x"), ("b", "y")]),
        NightIds(on(2), [("a", "changed"), ("c", "x")]),
    ]
    seen = seen_on(TONIGHT, nights)
    assert seen.text_of_id == {
        "a": ("x", "2026-03-01"), "b": ("y", "2026-03-01"), "c": ("x", "2026-03-02"),
    }  # fmt: skip
    assert seen.first_with_text == {"x": ("a", "2026-03-01"), "y": ("b", "2026-03-01")}


def test_a_withdrawn_document_is_not_known_and_its_night_is() -> None:
    nights = [
        NightIds(on(1), [("a", "x"), ("b", "x")]),
        NightIds(on(2), [], withdrawn=["a", "never seen"]),
        NightIds(on(3), [], withdrawn=["a"]),
    ]
    seen = seen_on(TONIGHT, nights)
    assert seen.find("a") is None
    assert seen.withdrawn_on == {"a": "2026-03-02", "never seen": "2026-03-02"}
    assert seen.first_with_text == {"x": ("b", "2026-03-01")}


def test_a_document_that_came_back_is_of_the_night_on_which_it_did() -> None:
    nights = [
        NightIds(on(1), [("a", "x")]),
        NightIds(on(2), [], withdrawn=["a"]),
        NightIds(on(3), [("a", "x")]),
    ]
    seen = seen_on(TONIGHT, nights)
    assert seen.find("a") == ("x", "2026-03-03")
    assert seen.withdrawn_on == {}


def test_later_nights_keep_their_documents_and_nothing_points_at_them() -> None:
    nights = [NightIds(on(1), [("a", "x")]), NightIds(on(11), [("b", "y")])]
    seen = seen_on(TONIGHT, nights)
    assert seen.find("b") == ("y", "2026-03-11")
    assert "b" not in seen.text_of_id
    assert "y" not in seen.first_with_text


def test_a_document_that_came_back_later_was_tonights_first() -> None:
    nights = [
        NightIds(on(11), [], withdrawn=["a"]),
        NightIds(on(12), [("a", "x"), ("b", "y")]),
    ]
    assert seen_on(TONIGHT, nights).taken == {"b": ("y", "2026-03-12")}


def test_withdrawals_of_later_nights_are_not_tonights() -> None:
    nights = [NightIds(on(1), [("a", "x")]), NightIds(on(11), [], withdrawn=["a"])]
    seen = seen_on(TONIGHT, nights)
    assert seen.find("a") == ("x", "2026-03-01")
    assert seen.withdrawn_on == {}


def test_tonights_documents_are_added_behind_the_others() -> None:
    seen = seen_on(TONIGHT, [NightIds(on(1), [("a", "x")])])
    seen.add("b", "x")
    seen.add("c", "z")
    assert seen.find("b") == ("x", "2026-03-10")
    assert seen.first_with_text == {"x": ("a", "2026-03-01"), "z": ("c", "2026-03-10")}


def test_another_document_is_the_first_with_a_text_when_one_leaves() -> None:
    both = {"a": ("x", "2026-03-01"), "b": ("x", "2026-03-02"), "c": ("y", "2026-03-02")}
    before = Seen(TONIGHT, dict(both), {"old": "2026-02-01"}, {"d": ("z", "2026-03-11")})
    left = before.without({"a"})
    assert left.find("a") is None
    assert left.first_with_text == {"x": ("b", "2026-03-02"), "y": ("c", "2026-03-02")}
    assert (left.night, left.withdrawn_on, left.taken) == (
        TONIGHT, before.withdrawn_on, before.taken,
    )  # fmt: skip
    assert before.text_of_id == both


@pytest.mark.parametrize("nights", [[], [NightIds(on(1), [])]])
def test_without_documents_nothing_is_known(nights: list[NightIds]) -> None:
    assert seen_on(TONIGHT, nights) == Seen(TONIGHT)
