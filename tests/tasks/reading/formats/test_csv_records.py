import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.reading.formats import csv_records
from tasks.reading.formats.csv_dialect import Dialect
from tasks.reading.formats.csv_records import CsvRecords, Record, released
from tasks.reading.formats.lines import read_lines
from tasks.reading.formats.rows import UnfitFileError
from tests.proportion import assert_in_proportion

PLAIN = Dialect(delimiter="", quote='"', escape="")
MESSY = st.text(st.sampled_from('a1 ",;\r\n\\'), max_size=60)
CELLS = st.text(st.sampled_from('ab1 ",;\n'), max_size=12)


def records_of(content: str) -> CsvRecords:
    return CsvRecords(read_lines(io.BytesIO(content.encode()), "utf-8"), PLAIN)


def outcome(content: str) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Split the records into the fields of those that are rows, and line and text of the others."""
    records = records_of(content)
    rows, refused = [], []
    for record in records:
        if record.problem is None and len(record.fields) == len(records.header):
            rows.append(record.fields)
        elif any(line.text.strip() for line in record.lines):
            refused.append((record.lines[0].number, "".join(line.text for line in record.lines)))
    return rows, refused


@given(st.sampled_from(["id,text\n", '"id";"text";"date"\n', ""]), MESSY)
@settings(max_examples=400, deadline=None)
def test_every_line_is_in_exactly_one_record(header: str, body: str) -> None:
    content = header + body
    try:
        records = records_of(content)
    except (csv.Error, UnfitFileError):
        return
    lines = [line for record in records for line in record.lines]
    whole = list(read_lines(io.BytesIO(content.encode()), "utf-8"))
    assert lines == [line for line in whole if line.number > records.n_header_lines] or not lines
    assert "".join(line.text for line in whole) == content


@given(st.lists(st.tuples(st.integers(1_000, 9_999), CELLS, CELLS), max_size=8))
@settings(max_examples=200, deadline=None)
def test_quoted_texts_with_line_breaks_are_whole(rows: list[tuple[int, str, str]]) -> None:
    """No line of these texts begins with a number of four digits and so could be a row."""
    sink = io.StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([("id", "text", "title"), *rows])
    records = records_of(sink.getvalue())
    found = [released(record.fields, record.lines) for record in records if len(record.fields) == 3]
    kept = {tuple(row) for row in found}
    suspicious = [row for row in rows if any(text.count("\n") > 1 for text in row[1:])]
    assert all(tuple(map(str, row)) in kept for row in rows if row not in suspicious)


@pytest.mark.parametrize("n_swallowed", [1, 2, 3, 50, 2_000])
def test_an_unclosed_quotation_mark_that_breaks_later_costs_one_line(n_swallowed: int) -> None:
    inner = [f"{number},row" for number in range(2, n_swallowed + 1)]
    last = f'{n_swallowed + 1},"quoted"'
    rows, refused = outcome("\n".join(["id,text", '1,"unclosed', *inner, last, "9999,z"]))
    assert [row[0] for row in rows] == [*map(str, range(2, n_swallowed + 2)), "9999"]
    assert refused == [(2, '1,"unclosed\n')]


@pytest.mark.parametrize("end", ["", "\n"])
def test_an_unclosed_quotation_mark_that_runs_to_the_end_costs_one_line(end: str) -> None:
    rows, refused = outcome('id,text\n0,a\n1,"unclosed\n2,b\n3,c' + end)
    assert [row[0] for row in rows] == ["0", "2", "3"]
    assert refused == [(3, '1,"unclosed\n')]


@pytest.mark.parametrize(
    ("header", "opened", "inner", "last"),
    [
        ("id,text", '1,"open', ["2,b", "3,c"], '4,a pipe of 7"'),
        ("id,text", '1000,"open', [], '1001,a pipe of 7"'),
        ("id,text,date", '1,"open', [], '2,a pipe of 7",2026'),
        ("id\ttext", 'a-1\t"open', ["a-2\tb", "a-3\tc, and d"], 'a-4\t7"'),
        ("title,rating,text", 'Great app,5,"open', ["Bad,1,b", "So so,3,c"], 'Hm,2,7"'),
        ("id,text", '9,"open', [f"{number},x" for number in range(10, 1_000)], '1000,7"'),
    ],
)
def test_rows_that_a_quotation_mark_would_join_are_rows(
    header: str, opened: str, inner: list[str], last: str
) -> None:
    rows, refused = outcome("\n".join([header, opened, *inner, last]))
    assert len(rows) == len(inner) + 1
    assert refused == [(2, opened + "\n")]


@pytest.mark.parametrize(
    "text",
    [
        "a second line",
        "Well, it broke\nand, then, again",
        "Yes, I like it",
        "2,5 Sterne",
        "one\n\n\ntwo",
        "1. good, fast\n2. cheap\n3. small, light",
        "\n".join(f"line {number} of a poem" for number in range(300)),
        "a list:\n1,apples",
    ],
)
@pytest.mark.parametrize("header", ["id,text", "id,text,date", "id,title,text,date"])
def test_texts_with_line_breaks_are_one_record(header: str, text: str) -> None:
    cells = {"id": "1234", "text": f"My view\n{text}", "date": "2026-03-01", "title": "t"}
    line = ",".join(f'"{cells[name]}"' for name in header.split(","))
    rows, refused = outcome(f"{header}\n{line}\n5,x{',y' * (header.count(',') - 1)}\n")
    assert len(rows) == 2
    assert rows[0][header.split(",").index("text")] == cells["text"]
    assert refused == []


def test_a_record_with_too_many_fields_is_one_where_its_lines_are_no_rows() -> None:
    rows, refused = outcome('id,text\n1,"one\ntwo\nthree",x\n2,b\n')
    assert rows == [["2", "b"]]
    assert refused == [(2, '1,"one\ntwo\nthree",x\n')]


def test_a_record_with_too_many_fields_gives_the_rows_in_it_back() -> None:
    rows, refused = outcome('id,text\n1,"one\n2,b\n3,"x",y,z\n4,d\n')
    assert rows == [["2", "b"], ["4", "d"]]
    assert [number for number, _ in refused] == [2, 4]
    assert outcome('id,text\n1,"one\n2,",b"\n')[0] == [["2", ",b"]]


@pytest.mark.parametrize("line", ['{n},"open', 'a",,"c', '{n},"open"x', '"', '{n},"a","b'])
def test_many_open_quotation_marks_take_time_in_proportion(line: str) -> None:
    def count(n_lines: int) -> None:
        content = "id,text\n" + "".join(line.replace("{n}", str(n)) + "\n" for n in range(n_lines))
        assert sum(len(record.lines) for record in records_of(content)) == n_lines

    # Reading every line to the end again would take the square.
    assert_in_proportion(count, 2_000)


def test_a_record_ends_before_it_is_longer_than_a_line_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_records, "MAX_LINE_BYTES", 100)
    lines = ['1,"open', *[f"{number:04d}-{'x' * 20}" for number in range(9)], '2,"b"']
    rows, refused = outcome("id,text\n" + "\n".join(lines))
    assert rows == [["2", "b"]]
    assert [number for number, _ in refused] == list(range(2, 12))


def test_a_header_that_runs_into_the_rows_is_refused() -> None:
    with pytest.raises(UnfitFileError, match="left open on line 1 and closed on line 4 only"):
        records_of('id,text,"note\n1,a,b\n2,c,d\n3,e,7"\n4,f,g\n')


def test_columns_without_a_name_are_named_by_their_place_where_there_are_several() -> None:
    assert records_of("id,text,,\n").header == ["id", "text", "column_3", "column_4"]
    assert records_of(",id,text\n").header == ["", "id", "text"]


@pytest.mark.parametrize("read", [list, len], ids=["records", "header"])
def test_an_empty_file_has_neither_header_nor_records(read: Callable[..., object]) -> None:
    records = records_of("\n \n")
    assert read(records.header) in ([], 0)
    assert list[Record](records) == []
