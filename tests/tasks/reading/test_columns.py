import pytest

from tasks.reading.columns import FileColumns, map_columns
from tasks.reading.formats.rows import as_text
from tasks.reading.guesses import GUESSES
from tasks.reading.named_columns import Columns
from tasks.reading.picking import parts_of
from tasks.reading.sources.errors import FeedError


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
    with pytest.raises(FeedError, match="looks like text; its columns are none"):
        map_columns([], Columns(), "a.csv")


@pytest.mark.parametrize("part", list(GUESSES))
def test_a_missing_configured_column_is_an_error_even_where_it_is_optional(part: str) -> None:
    with pytest.raises(FeedError, match=rf"no column 'nope' for {part}; its columns are 'id', 'te"):
        map_columns(["id", "text"], Columns(**{part: "nope"}), "a.csv")


def admitted(*rows: dict[str, str], wanted: Columns | None = None, n_first: int = 1) -> FileColumns:
    columns = FileColumns(wanted or Columns(), "a.jsonl", set())
    for number, row in enumerate(rows):
        if number == n_first:
            columns.settle()
        assert columns.admit(row) is None
    return columns


def test_a_column_that_comes_late_plays_the_part_that_none_plays() -> None:
    rows = [{"id": "1", "body": "a"}, {"id": "2", "deleted": "x", "Date": "d", "text": "b"}]
    assert admitted(*rows).mapping == {
        "doc_id": "id",
        "text": "body",
        "withdrawn": "deleted",
        "timestamp": "Date",
    }


def test_a_late_column_may_be_a_required_or_a_configured_one() -> None:
    columns = admitted({"id": "1"}, {"id": "2", "text": "b", "gone": "x"})
    columns.require_parts()
    wanted = Columns(withdrawn="gone")
    columns = admitted({"id": "1", "text": "a"}, {"gone": "x"}, wanted=wanted)
    columns.require_parts()
    with pytest.raises(FeedError, match=r"a.jsonl has no column 'gone' for withdrawn"):
        admitted({"id": "1", "text": "a"}, {"x": "y"}, wanted=wanted).require_parts()


def test_columns_that_look_like_a_part_and_are_not_used_are_named() -> None:
    rows = [
        {"id": "1", "body": "a", "content": "b", "deleted_at": "", "is_deleted": ""},
        {"text": "c", "deleted": "true"},
    ]
    assert list(admitted(*rows).rivals()) == [
        ("text", "body", "text"),
        ("withdrawn", "is_deleted", "deleted_at"),
        ("withdrawn", "is_deleted", "deleted"),
    ]
    wanted = Columns(text="body", withdrawn="deleted")
    assert list(admitted(*rows, wanted=wanted).rivals()) == []


def test_a_single_object_among_texts_does_not_make_a_column_of_objects() -> None:
    rows = [{"id": "1", "text": cell, "body": "c"} for cell in ({}, "a", "b", "")]
    assert admitted(*rows, {}, n_first=4).mapping["text"] == "text"
    assert admitted(*rows[:2], {}, n_first=2).mapping["text"] == "body"


def test_a_column_of_yes_and_no_or_of_counts_is_guessed_as_no_date() -> None:
    rows = [
        {"id": "1", "text": "a", "opened": value, "posted": "no"}
        for value in ("", True, 3, "12", "N", None)
    ]
    assert "timestamp" not in admitted(*rows, n_first=5).mapping
    dated = admitted(*rows[:5], {"opened": "2026"}, {}, n_first=6)
    assert dated.mapping["timestamp"] == "opened"


def test_a_column_named_as_the_one_in_use_but_for_case_and_marks_is_named() -> None:
    row = {"id": "1", "Review Text": "a", "review_text": "b", "Rating": "1", "rating": "2"}
    assert list(admitted(row, {}).rivals()) == [("text", "review_text", "Review Text")]
    wanted = Columns(title="review_text")
    assert list(admitted(row, {}, wanted=wanted).rivals()) == []
    assert list(admitted(row, {}, wanted=Columns(text="review_text")).rivals()) == []


def test_a_row_that_brings_too_many_columns_or_too_long_a_name_is_not_admitted() -> None:
    columns = admitted({"id": "1", "text": "a"}, {f"k{number}": "" for number in range(9_998)})
    assert columns.admit({"id": "2", "k7": ""}) is None
    problem = columns.admit({"id": "2", "one more": ""})
    assert problem == (
        "with the key 'one more' the feed has 10,001 columns; at most 10,000 are allowed, so put"
        " values that stand as keys under one key"
    )
    problem = admitted({"id": "1"}).admit({"x" * 1_001: ""})
    assert str(problem).endswith("has 1,001 characters; at most 1,000 are allowed")


def test_a_message_lists_few_of_many_columns() -> None:
    with pytest.raises(FeedError, match=r"'k29' and 9,970 more; set `text`"):
        map_columns([f"k{number}" for number in range(10_000)], Columns(), "a.csv")


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


@pytest.mark.parametrize("part", ["timestamp", "title", "source", "label", "withdrawn"])
def test_an_empty_name_means_that_no_column_plays_the_part(part: str) -> None:
    columns = Columns(**{part: ""})
    found = map_columns(["id", "text", part], columns, "a.csv")
    assert found == {"doc_id": "id", "text": "text"}


@pytest.mark.parametrize("part", ["doc_id", "text"])
def test_an_empty_name_of_a_part_that_is_needed_is_a_column_of_that_name(part: str) -> None:
    assert map_columns(["id", "text", ""], Columns(**{part: ""}), "a.csv")[part] == ""
    with pytest.raises(FeedError, match=f"no column '' for {part}"):
        map_columns(["id", "text"], Columns(**{part: ""}), "a.csv")


def test_a_title_is_text_enough() -> None:
    assert map_columns(["id", "Subject"], Columns(), "a.csv") == {
        "doc_id": "id",
        "title": "Subject",
    }


@pytest.mark.parametrize("spelled", ["reviewId", "Review ID", "REVIEW-ID", "review.id"])
def test_case_and_separators_do_not_matter(spelled: str) -> None:
    assert map_columns(["text", spelled], Columns(), "a.csv")["doc_id"] == spelled


def test_a_name_spelled_as_usual_comes_before_one_that_is_alike() -> None:
    assert map_columns(["_id", "ID", "text"], Columns(), "a.csv")["doc_id"] == "ID"
    assert map_columns(["re view", "Review", "id"], Columns(), "a.csv")["text"] == "Review"


@pytest.mark.parametrize("person", ["uid", "user_id", "userId", "author_id", "customer_id"])
def test_the_id_of_a_person_is_no_document_s(person: str) -> None:
    columns = admitted({person: "7", "text": "a", "date": "2026-01-01"})
    columns.settle()
    assert columns.made_of == ()
    assert columns.described() == {
        "doc_id": "made of text, date", "text": "text", "timestamp": "date",
    }  # fmt: skip


def test_an_id_may_be_made_of_columns() -> None:
    columns = admitted({"id": "1", "day": "d", "text": "a"}, wanted=Columns(doc_id=("day", "text")))
    columns.settle()
    columns.require_parts()
    assert columns.made_of == ("day", "text")
    assert columns.mapping == {"text": "text"}
    wanted = Columns(doc_id=("day", "nope"))
    columns = admitted({"day": "d", "text": "a"}, wanted=wanted)
    columns.settle()
    with pytest.raises(FeedError, match="no column 'nope' for doc_id; its columns are 'day'"):
        columns.require_parts()


def test_an_id_that_comes_late_does_not_change_how_ids_are_made() -> None:
    columns = admitted({"text": "a"}, {"text": "b", "id": "7"})
    assert columns.made_of == ()
    assert "doc_id" not in columns.mapping


def test_objects_are_guessed_as_nothing_and_their_fields_are_named() -> None:
    columns = admitted({"id": "1", "review": {"title": "t", "body": {"en": "b"}}})
    columns.settle()
    with pytest.raises(
        FeedError, match=r"objects have the fields 'review.title', 'review.body.en'"
    ):
        columns.require_parts()


def test_a_path_names_a_field_of_an_object() -> None:
    wanted = Columns(text="review.body", title="nowhere.title")
    columns = admitted({"id": "1", "review": {"body": "b"}}, wanted=wanted)
    columns.settle()
    with pytest.raises(FeedError, match=r"no column 'nowhere.title' for title"):
        columns.require_parts()
    wanted = Columns(text="review.body")
    columns = admitted({"id": "1", "review": {"body": "b"}}, wanted=wanted)
    columns.settle()
    columns.require_parts()
    assert columns.mapping == {"doc_id": "id", "text": "review.body"}


def test_a_path_that_no_row_has_is_an_error_and_one_that_comes_late_is_not() -> None:
    wanted = Columns(text="review.body")
    first = {"id": "1", "review": {"title": "t"}}
    with pytest.raises(FeedError, match=r"no column 'review.body' for text.*'review.title'"):
        admitted(first, first, wanted=wanted).require_parts()
    admitted(first, {"id": "2", "review": {"body": "b"}}, wanted=wanted).require_parts()


def test_a_list_of_no_columns_makes_no_id() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        Columns(doc_id=())


def test_an_id_that_comes_late_is_named() -> None:
    assert "column 'id', which came late" in admitted({"text": "a"}, {"id": "7"}).late_id()
    assert admitted({"text": "a"}, {"user": "7"}).late_id() == ""


def test_a_row_whose_only_texts_are_in_a_list_names_the_setting_for_it() -> None:
    columns = FileColumns(Columns(), "a.json", set())
    columns.admit({"total": 2, "tickets": [{"id": "1", "body": "slow"}]})
    columns.settle()
    with pytest.raises(FeedError, match=r"'tickets'.*or `records` under \[ingest\] if one of"):
        columns.require_parts()
