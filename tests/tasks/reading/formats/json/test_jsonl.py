import io
import json
import logging

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tasks.reading.formats.json.jsonl import read_jsonl
from tasks.reading.formats.rows import FileLog, Row
from tasks.reading.formats.settings import FileSettings
from tests.proportion import assert_in_proportion

LOG = FileLog(logging.getLogger(__name__), "a file")


def read(content: bytes) -> list[Row]:
    return list(read_jsonl(io.BytesIO(content), FileSettings(), LOG))


@given(st.binary(max_size=300) | st.text('{}[]":,a1 \n\\').map(str.encode))
@settings(max_examples=300, deadline=None)
def test_every_line_is_a_row_or_blank(content: bytes) -> None:
    # Lines that end in CR have other numbers, an array has elements.
    assume(b"\r" not in content and not content.lstrip().startswith(b"["))
    rows = {row.line for row in read(content)}
    for number, line in enumerate(content.split(b"\n"), start=1):
        is_blank = not line.decode(errors="backslashreplace").strip(" \t\r\ufeff")
        assert number in rows or is_blank or not line.decode(errors="replace").strip()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"id": 1, "text": "a", "text": "b"}', "text"),
        ('{"id": 1, "text": "a", "meta": [{"x": 1, "y": 2, "x": 1}]}', "x"),
        ('{"id": 1, "\\u0069d": 2}', "id"),
    ],
)
def test_a_key_that_is_there_twice_refuses_the_row_by_name(line: str, key: str) -> None:
    (row,) = read(line.encode())
    assert row.problem_rule == "row_parses"
    assert row.problem == f"the key {key!r} is there twice in one object"
    assert row.raw == line


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [101, 500, 950, 987, 995, 1_000, 100_000])
def test_a_line_that_is_nested_too_deep_is_refused(opening: str, closing: str, depth: int) -> None:
    inner = depth - 1
    line = '{"id": 1, "x": ' + opening * inner + "1" + closing * inner + "}"
    (row,) = read(line.encode())
    assert row.problem == "the line is nested deeper than 100 levels"


def test_a_hundred_levels_are_read_and_many_brackets_are_no_depth() -> None:
    deep = '{"x": ' + "[" * 99 + "]" * 99 + "}"
    wide = json.dumps({"x": [[]] * 1_000, "text": '[{"' * 1_000})
    rows = read(f"{deep}\n{wide}\n".encode())
    assert [row.problem for row in rows] == [None, None]
    # What is read here is parsed once more when documents are made of it.
    assert json.loads(rows[0].raw) == rows[0].values


@pytest.mark.parametrize("unit", ['\\"', '"', "[", '["', "\\", '{"a":'])
def test_a_broken_line_takes_time_in_proportion(unit: str) -> None:
    def read_broken(n_units: int) -> None:
        (row,) = read(b'{"id": "' + b"[" * 101 + unit.encode() * n_units)
        assert row.values is None

    assert_in_proportion(read_broken, 50_000)


PRETTY = b"""[
  {"id": 1, "text": "a [b], {c} \\"d\\" \\\\"},
  {
    "id": 2, "text": "e, f"
  }, {"id": 3}
]
"""


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n \t"])
def test_an_array_of_objects_is_rows(before: bytes) -> None:
    rows = read(before + PRETTY)
    first = before.count(b"\n")
    assert [row.values for row in rows] == [
        {"id": 1, "text": 'a [b], {c} "d" \\'},
        {"id": 2, "text": "e, f"},
        {"id": 3},
    ]
    assert [(row.number, row.line - first, row.n_lines) for row in rows] == [
        (1, 2, 1),
        (2, 3, 3),
        (3, 5, 1),
    ]
    assert [json.loads(row.raw) for row in rows] == [row.values for row in rows]


@pytest.mark.parametrize(
    "feed",
    [b'[null,\n{"id": 1}]', b'[1, "a, {", {"id": 1}]', b'\xef\xbb\xbf[\n"x",\n{"id": 1}\n]\n'],
)
def test_an_array_that_begins_with_no_object_is_an_array(feed: bytes) -> None:
    rows = read(feed)
    assert rows[-1].values == {"id": 1}
    assert {str(row.problem).partition(" must be ")[2] for row in rows[:-1]} <= {
        "a JSON object, got NoneType",
        "a JSON object, got int",
        "a JSON object, got str",
    }


def test_an_array_in_a_line_of_its_own_is_a_row_gone_wrong() -> None:
    rows = read(b'["a", {"id": 1}]\n{"id": 2}\n')
    assert [row.values for row in rows] == [None, {"id": 2}]
    assert rows[0].problem == "the line must be a JSON object, got list"


def test_a_broken_element_spoils_itself_alone() -> None:
    rows = read(b'[{"id": 1},\n{"id": },\n{"id": 3, "id": 4}, 5,\n{"id": "\xff"}, {"id": 6},]')
    assert [row.values for row in rows] == [{"id": 1}, None, None, None, None, {"id": 6}, None]
    assert [row.problem for row in rows if row.problem] == [
        "the element on line 2 is not valid JSON: Expecting value: line 1 column 8 (char 7)",
        "the key 'id' is there twice in one object",
        "the element on line 3 must be a JSON object, got int",
        "the element on line 4 has a byte that is no utf-8",
        "the element on line 4 is not valid JSON: Expecting value: line 1 column 1 (char 0)",
    ]
    assert rows[4].raw == '{"id": "\\xff"}'


def test_bytes_of_an_array_are_replaced_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.BytesIO(b'[{"id": "\xff\xfe"}, {"id": 2}]')
    rows = list(read_jsonl(stream, FileSettings(encoding_errors="replace"), LOG))
    assert [row.values for row in rows] == [{"id": "\ufffd\ufffd"}, {"id": 2}]
    assert "has 1 element in which bytes that are no utf-8 were replaced" in caplog.text


def test_an_empty_array_has_no_rows() -> None:
    assert read(b" [ \n ] \n") == []


def test_an_object_of_several_lines_is_refused_with_what_is_read() -> None:
    rows = read(json.dumps({"id": 1, "text": "a"}, indent=1).encode())
    assert [row.problem_rule for row in rows] == ["row_parses"] * 4
    assert str(rows[0].problem).endswith(
        "; objects of several lines are read inside of an array only"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.text(), JSON, max_size=3), st.booleans(), st.sampled_from(["", "x", "{}"])
)
@settings(deadline=None)
def test_a_line_is_read_as_python_reads_it(row: dict[str, object], ascii: bool, after: str) -> None:
    line = json.dumps(row, ensure_ascii=ascii) + after
    (found,) = read(line.encode("utf-8", "backslashreplace"))
    values, problem = as_python_reads(found.raw)
    assert found.problem == problem
    assert json.dumps(found.values) == json.dumps(values)


def as_python_reads(text: str) -> tuple[object, str | None]:
    try:
        return json.loads(text), None
    except ValueError as error:
        return None, f"the line is not valid JSON: {error}"
