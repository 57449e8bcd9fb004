"""Parts of a row: columns, paths, what document databases wrap, and ids that are made."""

from typing import Any

import pytest

from tasks.reading.formats.rows import as_text
from tasks.reading.picking import (
    NestedCellError,
    columns_of_id,
    fields_of,
    is_rounded,
    made_id,
    parts_of,
    pick,
    plain,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", "x"),
        ("review.body", "whole"),
        ("review.stars", 5),
        ("review.by.name", "Ann"),
        ("review.by.age", None),
        ("a.b", None),
        ("nowhere", None),
    ],
)
def test_a_column_comes_before_a_path_into_objects(name: str, expected: Any) -> None:
    row = {
        "a": "x",
        "review.body": "whole",
        "review": {"body": "inner", "stars": 5, "by": {"name": "Ann"}},
    }
    assert pick(row, name) == expected


@pytest.mark.parametrize(
    ("wrapped", "expected"),
    [
        ({"$oid": "5f1e"}, "5f1e"),
        ({"$numberLong": "7"}, "7"),
        ({"$numberInt": "-7"}, "-7"),
        ({"$date": "2024-03-01T10:00:00Z"}, "2024-03-01T10:00:00Z"),
        ({"$date": {"$numberLong": "1709287200000"}}, "2024-03-01T10:00:00+00:00"),
        ({"$date": 1709287200000}, "2024-03-01T10:00:00+00:00"),
        ({"$date": {"$numberLong": "-1000"}}, "1969-12-31T23:59:59+00:00"),
        ({"other": "x"}, {"other": "x"}),
        ({"$oid": "a", "more": "b"}, {"$oid": "a", "more": "b"}),
        ("text", "text"),
    ],
)
def test_what_document_databases_wrap_is_unwrapped(wrapped: Any, expected: Any) -> None:
    assert plain(wrapped) == expected


def test_the_fields_of_an_object_are_paths() -> None:
    row = {"id": {"$oid": "1"}, "by": {"name": {"first": "A"}}, "tags": ["x"]}
    assert list(fields_of("r", row)) == ["r.id", "r.by.name.first", "r.tags"]


def test_an_object_is_never_spelled_out() -> None:
    message = (
        r"column 'review' is read as text .* 'review.title', 'review.body'; .* = \"review.body\""
    )
    with pytest.raises(NestedCellError, match=message):
        parts_of({"review": {"title": "t", "body": "b"}}, {"text": "review"})
    with pytest.raises(NestedCellError, match="'review' is read as text and holds an empty object"):
        parts_of({"review": {}}, {"text": "review"})


@pytest.mark.parametrize("cell", [["a", "b"], [{"a": 1}], []])
def test_a_list_is_never_spelled_out(cell: list[Any]) -> None:
    with pytest.raises(NestedCellError, match="column 'tags' is read as text and holds a list"):
        parts_of({"tags": cell}, {"text": "tags"})
    with pytest.raises(NestedCellError, match="column 'tags' is read as doc_id"):
        columns_of_id({"tags": cell}, ["tags"])


@pytest.mark.parametrize(
    "number", ["99999999999999999", 1e300, float("inf"), "--5", True, None, {"x": 1}]
)
def test_a_date_that_is_none_is_left_to_the_check(number: Any) -> None:
    assert plain({"$date": number}) == number


def test_values_that_run_into_each_other_make_different_ids() -> None:
    assert made_id({"a": "x", "b": "yz"}) != made_id({"a": "xy", "b": "z"})
    assert made_id({"a": "x", "b": None}) != made_id({"a": None, "b": "x"})
    assert made_id({"a": None, "b": " "}) is None


def test_floats_that_leave_integers_out_are_told() -> None:
    assert [is_rounded(it) for it in (2.0**53, -1e20, 2.0**53 - 1, 2**60, "9e99", None)] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_a_date_that_is_no_number_is_left_to_the_check() -> None:
    found = plain({"$date": float("nan")})
    assert found != found  # noqa: PLR0124 - NaN is the one value that differs from itself


@pytest.mark.parametrize("cell", ["x", "", "NaN", 5, 5.0, float("nan"), True, None, b"x"])
def test_a_cell_is_its_text_whatever_its_type(cell: Any) -> None:
    assert parts_of({"a": cell, "b": {"c": cell}}, {"text": "a", "title": "b.c", "label": "d"}) == {
        "text": as_text(cell), "title": as_text(cell), "label": None,
    }  # fmt: skip
