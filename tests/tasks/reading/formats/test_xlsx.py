"""Workbooks as Office Open XML has them, written by hand: nothing here writes them otherwise."""

import io
import logging
import sys
import zipfile
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest

from tasks.reading.formats import unpacking, xlsx
from tasks.reading.formats.rows import FileLog, Row, UnfitFileError
from tasks.reading.formats.settings import FileSettings
from tasks.reading.formats.xlsx import read_xlsx

pytest.importorskip("python_calamine")

LOG = FileLog(logging.getLogger(__name__), "a.xlsx")
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
REVIEWS = [["id", "text", None, "on"], [1, "a & b", None, 45352.5], [], [2.5, None, "x", None]]


def cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    style = ' s="1"' if value > 40_000 else ""
    return f"<c{style}><v>{value}</v></c>"


def sheet(rows: list[list[Any]]) -> str:
    spelled = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    return f"<worksheet {MAIN}><sheetData>{spelled}</sheetData></worksheet>"


def workbook(states: dict[str, str] | None = None, **sheets: list[list[Any]]) -> bytes:
    sink = io.BytesIO()
    names = [
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}" state="{(states or {}).get(name, "visible")}"/>'
        for n, name in enumerate(sheets, start=1)
    ]
    targets = [
        f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    ]
    targets.append(f'<Relationship Id="r0" Type="{RELATIONS}/styles" Target="styles.xml"/>')
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r"'
            f' Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>{"".join(names)}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(targets)}</Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet {MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        )
        for n, rows in enumerate(sheets.values(), start=1):
            archive.writestr(f"xl/worksheets/s{n}.xml", sheet(rows))
    return sink.getvalue()


def read(content: bytes, **settings: str) -> list[Row]:
    return list(read_xlsx(io.BytesIO(content), FileSettings.model_validate(settings), LOG))


def test_a_sheet_has_the_rows_of_a_csv() -> None:
    rows = read(workbook(Reviews=REVIEWS))
    assert [row.values for row in rows] == [
        {"id": 1, "text": "a & b", "column_3": None, "on": datetime(2024, 3, 1, 12)},
        {"id": 2.5, "text": None, "column_3": "x", "on": None},
    ]
    assert [(row.number, row.line) for row in rows] == [(1, 2), (3, 4)]
    assert '"on": "2024-03-01 12:00:00"' in rows[0].raw


def test_the_only_sheet_with_rows_is_read_and_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        rows = read(workbook({"Old": "hidden"}, Empty=[], Old=REVIEWS, Reviews=REVIEWS))
    assert len(rows) == 2
    assert "a.xlsx is read from its sheet 'Reviews', the only one with rows" in caplog.text
    assert read(workbook(Empty=[])) == []


def test_several_sheets_with_rows_are_refused_until_one_is_named() -> None:
    content = workbook(First=REVIEWS, Second=[["id"], [9]])
    with pytest.raises(UnfitFileError, match=r"several sheets with rows, 'First', 'Second'; set"):
        read(content)
    assert [row.values for row in read(content, sheet="Second")] == [{"id": 9}]
    with pytest.raises(UnfitFileError, match="no sheet 'Third'; its sheets are 'First', 'Second'"):
        read(content, sheet="Third")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(UnfitFileError, match="two columns named 'id'"):
        read(workbook(Reviews=[["id", "id"], [1, 2]]))


def test_what_is_no_workbook_is_refused() -> None:
    whole = workbook(Reviews=REVIEWS)
    for content in (b"id,text\n1,a\n", whole[:-50], b""):
        with pytest.raises(UnfitFileError, match=r"is no readable workbook \("):
            read(content)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(Reviews=[["id"], *[["x" * 100]] * 2_000])
    assert len(read(content)) == 2_000
    monkeypatch.setattr(xlsx, "_MAX_BYTES", 1_000)
    with pytest.raises(UnfitFileError, match="at most 1,000 are read, so split it"):
        read(content)


def test_a_workbook_that_is_packed_too_well_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_UNSUSPECTED_BYTES", 1_000)
    monkeypatch.setattr(unpacking, "MAX_RATIO", 10)
    with pytest.raises(UnfitFileError, match="more than 10 to one is no text"):
        read(workbook(Reviews=[["id"], *[["x" * 100]] * 2_000]))


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(UnfitFileError, match=r'pip install "nightfold\[excel\]"'):
        read(workbook(Reviews=REVIEWS))
