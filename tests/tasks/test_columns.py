import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.columns import GUESSES, Columns, as_text, encodable, map_columns, parts_of
from tasks.feed import FeedError


@pytest.mark.parametrize(("part", "guess"), [(p, g) for p, names in GUESSES.items() for g in names])
def test_every_usual_name_is_guessed_in_any_case(part: str, guess: str) -> None:
    needed = [name for name in ("id", "text") if part != {"id": "doc_id"}.get(name, name)]
    for spelled in (guess, guess.upper(), guess.title()):
        assert map_columns([*needed, "x", spelled], Columns(), "f")[part] == spelled


def test_the_most_usual_name_wins_and_then_the_first_column() -> None:
    assert map_columns(["uuid", "ID", "id", "body", "Text"], Columns(), "f") == {
        "doc_id": "ID",
        "text": "Text",
    }


def test_configured_names_win_over_guesses() -> None:
    columns = Columns(doc_id="Number", text="note", timestamp="seen")
    present = ["id", "text", "date", "Number", "note", "seen"]
    assert map_columns(present, columns, "f") == {
        "doc_id": "Number",
        "text": "note",
        "timestamp": "seen",
    }


def test_a_configured_column_plays_no_second_part() -> None:
    assert map_columns(["id", "title", "text"], Columns(text="title"), "f") == {
        "doc_id": "id",
        "text": "title",
    }


def test_a_missing_required_part_lists_the_columns_that_are_there() -> None:
    with pytest.raises(FeedError, match=r"a.csv has no column that looks like text.*'id', 'Größe'"):
        map_columns(["id", "Größe"], Columns(), "a.csv")
    with pytest.raises(FeedError, match="looks like doc_id; its columns are none"):
        map_columns([], Columns(), "a.csv")


@pytest.mark.parametrize("part", list(GUESSES))
def test_a_missing_configured_column_is_an_error_even_where_it_is_optional(part: str) -> None:
    with pytest.raises(FeedError, match=rf"no column 'nope' for {part}; its columns are 'id', 'te"):
        map_columns(["id", "text"], Columns(**{part: "nope"}), "a.csv")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (float("nan"), None),
        (1, "1"),
        (1.0, "1"),
        (-0.5, "-0.5"),
        (1e300, str(int(1e300))),
        (float("inf"), "inf"),
        (2**70, "1180591620717411303424"),
        (True, "True"),
        ("1 ", "1 "),
        ("", ""),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\\xff"),
        ([1, "a"], "[1, 'a']"),
    ],
)
def test_cells_become_text(value: object, text: str | None) -> None:
    assert as_text(value) == text


def test_parts_are_picked_as_text_and_absent_ones_are_none() -> None:
    mapping = {"doc_id": "id", "text": "body", "title": "title"}
    assert parts_of({"id": 7, "body": "b", "x": 1}, mapping) == {
        "doc_id": "7",
        "text": "b",
        "title": None,
    }


@given(st.text(st.characters()))
@settings(deadline=None)
def test_encodable_changes_nothing_but_lone_surrogates(text: str) -> None:
    has_lone_surrogate = any("\ud800" <= mark <= "\udfff" for mark in text)
    assert (encodable(text) == text) == (not has_lone_surrogate)
    encodable(text).encode()
