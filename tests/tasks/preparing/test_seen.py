"""What is known of the other nights, from ids and digests alone."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.preparing.seen import NightIds, Seen, seen_on

TONIGHT = date(2026, 3, 10)


def on(day: int) -> date:
    return date(2026, 3, day)


def ids(night: date, documents: list[tuple[str, str]], withdrawn: Any = ()) -> NightIds:
    columns = {"doc_id": [it for it, _ in documents], "text_digest": [it for _, it in documents]}
    schema = pa.schema([("doc_id", pa.string()), ("text_digest", pa.string())])
    return NightIds(night, pa.table(columns, schema=schema), withdrawn)


def seen_of(nights: list[NightIds]) -> Seen:
    """What is known on tonight of the ids that the tests use."""
    return seen_on(TONIGHT, nights, {"a", "b", "c", "never seen"})


def test_the_first_night_of_an_id_and_of_a_text_counts() -> None:
    nights = [
        ids(on(1), [("a", "x"), ("b", "y")]),
        ids(on(2), [("a", "changed"), ("c", "x")]),
    ]
    seen = seen_of(nights)
    assert seen.text_of_id == {
        "a": ("x", "2026-03-01"), "b": ("y", "2026-03-01"), "c": ("x", "2026-03-02"),
    }  # fmt: skip
    assert seen.first_with_text("x") == ("a", "2026-03-01")
    assert seen.first_with_text("y") == ("b", "2026-03-01")
    assert seen.first_with_text("changed") is None


def test_a_withdrawn_document_is_not_known_and_its_night_is() -> None:
    nights = [
        ids(on(1), [("a", "x"), ("b", "x")]),
        ids(on(2), [], withdrawn=["a", "never seen"]),
        ids(on(3), [], withdrawn=["a"]),
    ]
    seen = seen_of(nights)
    assert seen.find("a") is None
    assert seen.withdrawn_on == {"a": "2026-03-02", "never seen": "2026-03-02"}
    assert seen.first_with_text("x") == ("b", "2026-03-01")


def test_a_document_that_came_back_is_of_the_night_on_which_it_did() -> None:
    nights = [
        ids(on(1), [("a", "x")]),
        ids(on(2), [], withdrawn=["a"]),
        ids(on(3), [("a", "x")]),
    ]
    seen = seen_of(nights)
    assert seen.find("a") == ("x", "2026-03-03")
    assert seen.withdrawn_on == {}


def test_later_nights_keep_their_documents_and_nothing_points_at_them() -> None:
    nights = [ids(on(1), [("a", "x")]), ids(on(11), [("b", "y")])]
    seen = seen_of(nights)
    assert seen.find("b") == ("y", "2026-03-11")
    assert "b" not in seen.text_of_id
    assert seen.first_with_text("y") is None


def test_a_document_that_came_back_later_was_tonights_first() -> None:
    nights = [
        ids(on(11), [], withdrawn=["a"]),
        ids(on(12), [("a", "x"), ("b", "y")]),
    ]
    assert seen_of(nights).taken == {"b": ("y", "2026-03-12")}


def test_withdrawals_of_later_nights_are_not_tonights() -> None:
    nights = [ids(on(1), [("a", "x")]), ids(on(11), [], withdrawn=["a"])]
    seen = seen_of(nights)
    assert seen.find("a") == ("x", "2026-03-01")
    assert seen.withdrawn_on == {}


def test_tonights_documents_are_added_behind_the_others() -> None:
    seen = seen_of([ids(on(1), [("a", "x")])])
    seen.add("b", "x")
    seen.add("c", "z")
    assert seen.find("b") == ("x", "2026-03-10")
    assert seen.first_with_text("x") == ("a", "2026-03-01")
    assert seen.first_with_text("z") == ("c", "2026-03-10")


def test_another_document_is_the_first_with_a_text_when_one_leaves() -> None:
    nights = [
        ids(on(1), [("a", "x")]),
        ids(on(2), [("b", "x"), ("c", "y")], withdrawn=["old"]),
        ids(on(11), [("d", "z")]),
    ]
    before = seen_on(TONIGHT, nights, {"a", "b", "d"})
    left = before.without({"a"})
    assert left.find("a") is None
    assert left.find("b") == ("x", "2026-03-02")
    assert left.first_with_text("x") == ("b", "2026-03-02")
    assert left.first_with_text("y") == ("c", "2026-03-02")
    assert left.withdrawn_on == before.withdrawn_on == {"old": "2026-03-02"}
    assert left.taken == before.taken == {"d": ("z", "2026-03-11")}
    assert before.find("a") == ("x", "2026-03-01")
    assert before.first_with_text("x") == ("a", "2026-03-01")


def test_ids_that_are_not_asked_for_are_known_by_their_texts_alone() -> None:
    seen = seen_on(TONIGHT, [ids(on(1), [("a", "x")]), ids(on(11), [("b", "y")])], set())
    assert seen.find("a") is None
    assert seen.find("b") is None
    assert seen.first_with_text("x") == ("a", "2026-03-01")


def naively_seen(nights: list[NightIds]) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """Night by night, as one would tell it: what is withdrawn goes, what comes first stays."""
    documents: dict[str, tuple[str, str]] = {}
    withdrawn_on: dict[str, str] = {}
    for it in nights:
        for doc_id in it.withdrawn:
            documents.pop(doc_id, None)
            withdrawn_on.setdefault(doc_id, str(it.night))
        for row in it.documents.to_pylist():
            documents.setdefault(row["doc_id"], (row["text_digest"], str(it.night)))
            withdrawn_on.pop(row["doc_id"], None)
    first: dict[str, tuple[str, str]] = {}
    for doc_id, (digest, night) in sorted(documents.items(), key=lambda it: it[1][1]):
        first.setdefault(digest, (doc_id, night))
    return documents, withdrawn_on, first


_IDS = st.sampled_from("abcdef")
_NIGHTS = st.lists(
    st.tuples(st.dictionaries(_IDS, st.sampled_from("xyz"), max_size=3), st.sets(_IDS, max_size=2)),
    max_size=6,
)


@given(_NIGHTS)
def test_it_is_what_a_look_at_night_after_night_finds(
    given_nights: list[tuple[dict[str, str], set[str]]],
) -> None:
    nights = [
        ids(on(day), list(documents.items()), withdrawn)
        for day, (documents, withdrawn) in enumerate(given_nights, start=1)
    ]
    seen = seen_on(TONIGHT, nights, set("abcdef"))
    documents, withdrawn_on, first = naively_seen(nights)
    assert seen.text_of_id == documents
    assert seen.withdrawn_on == withdrawn_on
    for digest in "xyz":
        assert seen.first_with_text(digest) == first.get(digest)


@pytest.mark.parametrize("nights", [[], [ids(on(1), [])]])
def test_without_documents_nothing_is_known(nights: list[NightIds]) -> None:
    assert seen_of(nights) == Seen(TONIGHT)
    assert seen_of(nights).first_with_text("x") is None
