"""Files that are one JSON object around the list of their rows."""

import io
import json
import logging
from typing import Any

import pytest

from tasks.reading.formats.json.json_envelope import may_be_envelope
from tasks.reading.formats.json.jsonl import read_jsonl
from tasks.reading.formats.rows import FileLog, Row, UnfitFileError
from tasks.reading.formats.settings import FileSettings

LOG = FileLog(logging.getLogger(__name__), "a file")
ROWS = [{"id": str(number), "text": f"row {number}", "score": 4.5} for number in range(5)]


def read(content: str | bytes, **settings: Any) -> list[Row]:
    raw = content if isinstance(content, bytes) else content.encode()
    return list(read_jsonl(io.BytesIO(raw), FileSettings(**settings), LOG))


def pretty(**values: Any) -> str:
    return json.dumps(values, indent=1)


def test_the_only_list_of_objects_has_the_rows() -> None:
    tags = {"tags": ["a", "b"], "page": {"next": None, "size": 5}}
    rows = read(pretty(type="list", **tags, tickets=ROWS, n=5))
    assert [row.values for row in rows] == ROWS
    assert [json.loads(row.raw) for row in rows] == ROWS
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]


def test_a_list_inside_of_inner_objects_is_found_and_one_inside_of_a_row_is_not() -> None:
    inner = [row | {"images": [{"url": "x"}, {"url": "y"}]} for row in ROWS]
    assert [row.values for row in read(pretty(data={"item": {"items": inner}}))] == inner


def test_several_lists_are_an_error_until_one_is_named() -> None:
    content = pretty(users=[{"id": "u"}], data={"comments": ROWS})
    with pytest.raises(
        UnfitFileError,
        match=r"several lists of objects; its lists are 'data.comments' \(5 objects\), 'users' \(1",
    ):
        read(content)
    assert [row.values for row in read(content, records="data.comments")] == ROWS
    with pytest.raises(UnfitFileError, match=r"has no list of objects 'posts'; its lists are 'd"):
        read(content, records="posts")


def test_an_object_on_one_line_is_a_row_unless_the_list_is_named() -> None:
    content = json.dumps({"tickets": ROWS})
    assert [row.values for row in read(content)] == [{"tickets": ROWS}]
    assert [row.values for row in read(content, records="tickets")] == ROWS


def test_lines_of_objects_are_rows_even_where_the_first_is_broken() -> None:
    lines = [json.dumps(row | {"images": [{"url": "x"}]}) for row in ROWS]
    assert len(read("\n".join(lines))) == 5
    rows = read("\n".join(["{" + "torn", *lines]))
    assert [row.problem_rule for row in rows] == ["row_parses", *[None] * 5]
    assert len(read("\n".join(lines), records="")) == 5


def test_a_byte_of_another_encoding_breaks_a_line_and_not_the_file() -> None:
    rows = read(b'{"id": "1", "te\n{"id": "\xe9"}\n{"id": "3"}\n')
    assert [row.problem_rule for row in rows] == ["row_parses", "text_decodes", None]


def test_what_stands_behind_an_object_is_not_lost() -> None:
    rows = read(pretty(tickets=ROWS) + "\n" + json.dumps(ROWS[0]))
    assert {row.problem_rule for row in rows[:-1]} == {"row_parses"}
    assert rows[-1].values == ROWS[0]


def test_a_file_whose_first_line_is_whole_is_not_looked_at_twice() -> None:
    lines = [json.dumps(row) for row in ROWS]
    assert not may_be_envelope("\n".join(lines), FileSettings())
    assert may_be_envelope("{\n" + lines[0], FileSettings())


def test_objects_of_several_lines_are_still_told_to_stand_in_an_array() -> None:
    rows = read('{\n"id": "1",\n"text": "one"\n}\n')
    assert "objects of several lines are read inside of an array only" in str(rows[0].problem)


@pytest.mark.parametrize("cut", [-3, -40])
def test_an_object_that_breaks_off_is_an_error(cut: int) -> None:
    with pytest.raises(UnfitFileError, match=r"one JSON object that is not whole, or not valid"):
        read(pretty(tickets=ROWS)[:cut])


def test_elements_that_are_no_rows_are_refused_alone() -> None:
    content = '{"n": 1,\n"rows": [{"id": "1", "text": "one"}, null, {"a": {"b": 1, "b": 2}}]}'
    rows = read(content)
    assert [row.problem_rule for row in rows] == [None, "row_parses", "row_parses"]
    assert rows[1].problem == "element 2 must be a JSON object, got NoneType"
    assert rows[2].problem == "the key 'b' is there twice in one object"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read(encoding: str) -> None:
    content = json.dumps({"rows": [{"id": "1", "text": "café"}]}, indent=1, ensure_ascii=False)
    named = encoding if encoding == "cp1252" else "utf-8"
    (row,) = read(content.encode(encoding), encoding=named)
    assert row.values == {"id": "1", "text": "café"}
    with pytest.raises(UnfitFileError, match="set `encoding`"):
        read(content.encode("cp1252"))
