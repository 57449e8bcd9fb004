import csv
import io
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.reading.formats.csv import read_csv, read_tsv
from tasks.reading.formats.rows import FileLog, Row, UnfitFileError
from tasks.reading.formats.settings import FileSettings

LOG = FileLog(logging.getLogger(__name__), "a file")

VALUES = [
    {"id": "1", "text": "Crème brûlée, 5 €\nand a second line"},
    {"id": "2", "text": 'She said "fine".'},
    {"id": "3", "text": ""},
    {"id": "4", "text": "🙂 汉字"},
]


def comma_separated(rows: list[dict[str, Any]], **form: Any) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]), **form)
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def read(content: bytes, **settings: Any) -> list[Row]:
    return list(read_csv(io.BytesIO(content), FileSettings(**settings), LOG))


def problems(rows: list[Row]) -> dict[int, str | None]:
    return {row.number: row.problem_rule for row in rows if row.problem_rule is not None}


def ids(rows: list[Row]) -> list[str]:
    return [row.values["id"] for row in rows if row.values is not None]


def test_a_record_with_too_many_or_too_few_fields_is_a_row_with_a_problem() -> None:
    rows = read(b"id,text\n1,a\n2\n3,b,c\n4,d\n")
    assert ids(rows) == ["1", "4"]
    assert problems(rows) == {2: "row_parses", 3: "row_parses"}
    assert rows[2].problem == "the record has 3 fields, the header 2"
    assert rows[2].raw == "3,b,c\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_delimiters_and_line_ends_are_recognised(delimiter: str, line_end: str) -> None:
    rows = read(comma_separated(VALUES, delimiter=delimiter, lineterminator=line_end))
    assert [row.values for row in rows] == VALUES


def test_blank_lines_of_a_csv_are_no_rows_wherever_they_stand() -> None:
    rows = read(b"\n  \nid,text\n\n1,a\n   \n2,b\n\n")
    assert ids(rows) == ["1", "2"]
    assert problems(rows) == {}


def test_a_record_of_blank_fields_is_a_row() -> None:
    assert [row.values for row in read(b"id,text\n , \n,\n")] == [
        {"id": " ", "text": " "},
        {"id": "", "text": ""},
    ]


def test_a_field_may_be_longer_than_python_allows_by_itself() -> None:
    (row,) = read(b"id,text\n1," + b"x" * 200_000 + b"\n")
    assert row.values == {"id": "1", "text": "x" * 200_000}


def test_a_header_may_be_of_several_lines() -> None:
    (row,) = read(b'id,"text of\nthe review"\n1,a\n')
    assert row.values == {"id": "1", "text of\nthe review": "a"}


def test_an_unclosed_quotation_mark_at_the_end_is_a_problem() -> None:
    rows = read(b'id,text\n1,a\n2,"cut in ha')
    assert ids(rows) == ["1"]
    assert problems(rows) == {2: "row_parses"}
    assert rows[1].raw == '2,"cut in ha'


def test_a_stray_quotation_mark_does_not_run_on_through_the_file() -> None:
    content = b'id,text\n1,"a"\n2,"5" screen\n3,"b"\n4,"open\n5,"c"\n6,"d"\n7,e\n'
    rows = read(content)
    assert ids(rows) == ["1", "3", "5", "6", "7"]
    assert problems(rows) == {2: "row_parses", 4: "row_parses"}
    assert [row.raw for row in rows if row.values is None] == ['2,"5" screen\n', '4,"open\n']
    assert rows[3].problem == (
        "a quotation mark is left open on this line, and on line 6 the record is no CSV: "
        "',' expected after '\"'"
    )


def test_the_line_is_named_where_records_and_lines_are_not_in_step() -> None:
    rows = read(b'id,text\n1\n2,"two\nlines"\n3\n')
    assert [(row.number, row.line, row.n_lines) for row in rows] == [
        (1, 2, 1),
        (2, 3, 2),
        (3, 5, 1),
    ]
    assert rows[0].problem == "the record has 1 field, the header 2"
    assert rows[2].problem == "the record has 1 field, the header 2 (line 5 of the file)"


def test_a_broken_record_of_several_lines_says_how_many() -> None:
    (row,) = read(b'id,text\n1,"two\nlines",x\n')
    assert row.problem == "the record of 2 lines has 3 fields, the header 2"
    assert (row.raw, row.n_lines) == ('1,"two\nlines",x\n', 2)


def test_a_quotation_mark_left_open_does_not_look_like_rows_that_end_in_a_delimiter() -> None:
    rows = read(b'id,text\n100,"open\n100,","')
    assert [row.values for row in rows] == [None, {"id": "100", "text": ","}]


@given(
    st.lists(st.tuples(st.integers(100, 999), st.text("ab c\"',", max_size=9)), min_size=1),
    st.sets(st.integers(0, 9)),
)
@settings(max_examples=100, deadline=None)
def test_lines_that_open_a_quotation_mark_take_no_other_line_in(
    rows: list[tuple[int, str]], opened: set[int]
) -> None:
    lines = []
    for place, (doc_id, text) in enumerate(rows):
        doubled = text.replace('"', '""')
        lines.append(f'{doc_id},"open' if place in opened else f'{doc_id},"{doubled}"')
    found = read(("id,text\n" + "\n".join(lines)).encode())
    good = [(str(doc_id), text) for place, (doc_id, text) in enumerate(rows) if place not in opened]
    assert [(row.values["id"], row.values["text"]) for row in found if row.values] == good
    assert [row.line for row in found] == list(range(2, len(rows) + 2))


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2
        ).filter(lambda record: any(field.strip() for field in record)),
        max_size=8,
    )
)
@settings(max_examples=50, deadline=None)
def test_a_csv_that_python_wrote_is_read_back(records: list[list[str]]) -> None:
    values = [dict(zip(("id", "text"), record, strict=True)) for record in records]
    content = comma_separated([{"id": "id", "text": "text"}, *values], quoting=csv.QUOTE_ALL)
    rows = read(content)
    assert [row.values for row in rows[1:]] == values


def test_a_carriage_return_inside_an_unquoted_field_is_text() -> None:
    """pandas writes such fields without quotation marks."""
    rows = read(b"id,text\na,one\rtwo\nb,three\r\n")
    assert [row.values for row in rows] == [
        {"id": "a", "text": "one\rtwo"},
        {"id": "b", "text": "three"},
    ]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "sep=;\r"])
def test_the_delimiter_that_a_spreadsheet_names_is_used(line: str) -> None:
    rows = read(f"\ufeff{line}\nid;text, and more\n1;a, b\n2\n".encode())
    assert rows[0].values == {"id": "1", "text, and more": "a, b"}
    assert rows[1].problem == "the record has 1 field, the header 2"
    assert [row.line for row in rows] == [3, 4]


def test_a_tab_that_a_spreadsheet_names_is_used() -> None:
    assert [row.values for row in read(b"sep=\t\nid\ttext\n1\ta,b\n")] == [
        {"id": "1", "text": "a,b"}
    ]


def test_a_delimiter_in_a_quoted_name_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        (row,) = read(b'id;"text, date, and more"\n1;a\n')
    assert row.values == {"id": "1", "text, date, and more": "a"}
    assert "a file is read with the delimiter ';'; set `delimiter`" in caplog.text


def test_marks_that_the_config_names_are_used() -> None:
    content = b"id^text, and; more\n1^~a^ \\~b\\~~\n"
    (row,) = read(content, delimiter="^", quote="~", escape="\\")
    assert row.values == {"id": "1", "text, and; more": "a^ ~b~"}


def test_without_quotation_marks_each_line_is_a_row() -> None:
    content = b'id,text\n1,"5 inches\n2,say "hi"\n'
    assert [row.values for row in read(content, quote="")] == [
        {"id": "1", "text": '"5 inches'},
        {"id": "2", "text": 'say "hi"'},
    ]


@pytest.mark.parametrize("text", [r"she said \"no\", twice", r"it ends in \"no\"", r"\"no\""])
def test_backslashes_before_quotation_marks_are_refused_with_what_to_set(text: str) -> None:
    content = f'id,text\n1,"{text}"\n2,"plain"\n'.encode()
    rows = read(content)
    assert 'set `escape = "\\\\"` under [ingest]' in str(rows[0].problem)
    assert rows[-1].values == {"id": "2", "text": "plain"}
    (row, _) = read(content, escape="\\")
    assert row.values == {"id": "1", "text": text.replace("\\", "")}


def test_a_delimiter_at_the_end_of_every_row_is_no_column(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        rows = read(b'id,text\n1,a,\n1,a,\n2,"b\n5,c,\nd",\n\n3,c,x\n4\n')
    assert [row.values for row in rows[1:3]] == [
        {"id": "1", "text": "a"},
        {"id": "2", "text": "b\n5,c,\nd"},
    ]
    assert [row.problem for row in rows[3:]] == [
        "the record has 3 fields, the header 2 and a delimiter at the end (line 8 of the file)",
        "the record has 1 field, the header 2 and a delimiter at the end (line 9 of the file)",
    ]
    assert "has a delimiter at the end of each row" in caplog.text


def test_an_empty_last_field_of_some_rows_is_a_field_too_many() -> None:
    rows = read(b"id,text\n1,a,\n2,b,\n3,c\n4,d,\n")
    assert ids(rows) == ["3"]
    assert problems(rows) == {1: "row_parses", 2: "row_parses", 4: "row_parses"}


def test_an_empty_last_field_is_told_from_a_peek_that_cuts_a_row() -> None:
    content = "id,text\n" + "".join(f'{number},"a\nb",\n' for number in range(100))
    assert len(ids(read(content.encode()))) == 100


def test_lines_may_end_in_carriage_returns() -> None:
    rows = read(b'id,text\r1,"a\rb"\r\r2,c\r3')
    assert [row.values for row in rows[:2]] == [
        {"id": "1", "text": "a\rb"},
        {"id": "2", "text": "c"},
    ]
    assert rows[2].problem == "the record has 1 field, the header 2 (line 6 of the file)"


def test_lines_that_end_now_so_now_so_are_refused() -> None:
    with pytest.raises(UnfitFileError, match="carriage returns, and others in line feeds"):
        read(b"id,text\r1,a\n2,b\n")


def test_tabs_delimit_what_is_called_tsv() -> None:
    content = b"id\ttext, and, more\n1\ta, b\n"
    (row,) = read_tsv(io.BytesIO(content), FileSettings(), LOG)
    assert row.values == {"id": "1", "text, and, more": "a, b"}
    (row,) = read_tsv(io.BytesIO(b"id;a\tb\n1;2\n"), FileSettings(delimiter=";"), LOG)
    assert row.values == {"id": "1", "a\tb": "2"}


def test_the_mark_that_stands_for_a_carriage_return_is_kept_where_there_is_none() -> None:
    rows = read('id,text\n1,a\ufdd0b\n2,"c\rd"\n'.encode())
    assert [row.values and row.values["text"] for row in rows] == ["a\ufdd0b", "c\rd"]


def test_a_comma_is_the_delimiter_where_a_header_has_as_many_of_another_mark() -> None:
    assert ids(read(b"id,a;text\n1,x;y\n")) == ["1"]


def test_one_row_that_ends_in_a_delimiter_among_others_is_no_sign() -> None:
    rows = read(b"id,text\n1,a,\n2,b,c\n3,d,e\n4,f,g\n")
    assert set(problems(rows)) == {1, 2, 3, 4}
