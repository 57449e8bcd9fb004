"""Files of hostile rows, in every format, as programs write them and as accidents leave them."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

HEADER: Final = ("id", "text", "date", "note")

_ORDINARY: Final = ["2026-02-20", "4"]
"""The date and the note of most rows."""

_BAD_BYTE: Final = "\udcff"
"""Written with `surrogateescape` it is the byte 0xff, which no UTF-8 has."""

_HALF_PAIR: Final = "\ud83d"

_HOSTILE: Final = (
    "", " ", "-", "NULL", "\\N", "nan", "\x00", "a\x00b", '"', '""', '"""', 'say "hi"', '"open', 'end"', "\\", '\\"',
    ",", ";", "\t", "|", "a,b;c\td|e", "one\ntwo", "one\r\ntwo", "one\rtwo", "\n", "\n\n\n", 'q"\n"q', "x,\ny,\nz",
    "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1b[31m", "\ufeff", "\ufffe", "\ufdd0", "\u202e", "\u200b",
    "=1+1", "{}", "[]", '{"a": 1}', "[", "sep=;", "é" * 300, "e\u0301" * 90, "👍🏽" * 40, "9" * 400, "-0", "1e999",
    "0x10", "1_000", "inf", "2026-02-30", "31/12/2026", "99999999999999999", "&amp;&#0;", "<b>" * 80, "x" * 11_000,
)  # fmt: skip

_HOSTILE_VALUES: Final = (
    None, True, False, 0, -1, 1.5, 1e15, 2**53 + 1, 2**63, 10**400, float("inf"), float("-inf"), float("nan"),
    [], {}, [1, [2]], {"a": {"b": None}}, {"$oid": "5f"}, {"$date": 10**30}, {"$numberLong": "x"}, [[[[]]]],
)  # fmt: skip
"""What JSON can hold in a cell besides text."""

_BROKEN_CSV: Final = (
    '"open', 'a"b', '"a"b', "too;many,fields\t|" * 3, "one", '"', '""""', "\x00", "\\", ",,,", ";;;", '1,"two\\"three",4,5',
)  # fmt: skip
"""Lines that no program wrote into this file."""

_BROKEN_JSON: Final = (
    "{", "}", "null", "5", '"x"', '{"id":', '{"id": 1, "id": 2}', "[" * 200, '{"a":' * 150, "NaN", "{}", "{'id': 1}",
    '{"id": "x", "text": "\\ud83d"}', '{"id": 1} {"id": 2}', '{"id": ' + "9" * 5_000 + "}", "\x00", '{"id": "x",}',
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """A file, and what must be found in it.

    Parameters
    ----------
    name, content
        Of the file.
    lines
        Its physical lines, where a row is made of lines: each is in exactly one row, or blank.
    n_rows
        Its rows, where they are no lines: they are numbered from 1 and none is left out.
    is_cut
        Whether the file as a whole has no end, and must be refused by its name.
    good
        Id → text of the rows that nothing is wrong with.
    """

    name: str
    content: bytes
    lines: list[bytes] | None = None
    n_rows: int | None = None
    is_cut: bool = False
    good: dict[str, str] = field(default_factory=dict)


class Rows:
    """Rows that are hostile now and then; each good one has an id and a text of its own."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._n_made = 0

    def some(self, n_rows: int, is_json: bool = False) -> list[list[Any]]:
        """Make rows of the columns `HEADER`."""
        return [self._row(is_json) for _ in range(n_rows)]

    def _row(self, is_json: bool) -> list[Any]:
        self._n_made += 1
        row: list[Any] = [f"r{self._n_made}", f"the kettle leaks {self._n_made}", *_ORDINARY]
        if self._rng.random() < 0.3:
            row[self._rng.randrange(len(row))] = self._cell(is_json)
        if self._rng.random() < 0.1:
            row[1] = f"{self._cell(False)} {row[1]}"
        return row

    def _cell(self, is_json: bool) -> Any:
        if is_json and self._rng.random() < 0.4:
            return self._rng.choice(_HOSTILE_VALUES)
        return self._rng.choice(_HOSTILE)


def csv_file(rng: Random, rows: Rows, n_rows: int, name: str = "a.csv") -> File:
    """Write what csv writes, with foreign lines in it and the last one cut off."""
    delimiter = "\t" if name.endswith("tsv") else rng.choice(",;|\t")
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n"]))
    made = rows.some(n_rows)
    writer.writerow(HEADER)
    is_damaged = rng.random() < 0.7
    for row in made:
        if is_damaged and rng.random() < 0.02:
            sink.write(rng.choice(_BROKEN_CSV) + "\n")
        if is_damaged and rng.random() < 0.02:
            row[3] = _BAD_BYTE
        writer.writerow(row)
    content = sink.getvalue().encode("utf-8", "surrogateescape")
    return _lined(name, _half_written(content, rng) if is_damaged else content, made, is_damaged)


def tsv_file(rng: Random, rows: Rows, n_rows: int) -> File:
    """Write the same with tabs."""
    return csv_file(rng, rows, n_rows, "b.tsv")


def jsonl_file(rng: Random, rows: Rows, n_rows: int) -> File:
    """Write an object a line, with foreign lines among them and the last one cut off."""
    made = rows.some(n_rows, is_json=True)
    is_damaged = rng.random() < 0.7
    lines = [_object(row, rng) for row in made]
    for place in range(1, n_rows) if is_damaged else ():
        if rng.random() < 0.03:
            lines[place] = rng.choice([*_BROKEN_JSON, lines[place][:-3], "", "\t"])
        elif rng.random() < 0.02:
            lines[place] = lines[place].replace("kettle", _BAD_BYTE)
    content = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    return _lined(
        "c.jsonl", _half_written(content, rng) if is_damaged else content, made, is_damaged
    )


def array_file(rng: Random, rows: Rows, n_rows: int) -> File:
    """Write one array, some elements of which are no objects, or an array without an end."""
    elements = [_object(row, rng) for row in rows.some(n_rows, is_json=True)]
    # What begins with anything but an object is no array of rows: it is read as lines, and refused.
    for place in range(1, n_rows):
        if rng.random() < 0.02:
            elements[place] = rng.choice(["null", "5", '"x"', "{}", "[]", "[1, {}]", '"]"'])
    content = f"[{rng.choice([',', ' ,' + chr(10), chr(10) * 2 + ', ']).join(elements)}]"
    is_cut = rng.random() < 0.1
    cut = content[: rng.randrange(len(content) // 2, len(content) - 1)] if is_cut else content
    return File("d.json", cut.encode(), n_rows=n_rows, is_cut=is_cut)


def parquet_file(rng: Random, rows: Rows, n_rows: int) -> File:
    """Write a table, in whose texts some bytes are no UTF-8, or the first part of one."""
    cells = zip(*rows.some(n_rows), strict=True)
    bad = [_BAD_BYTE if rng.random() < 0.01 else "" for _ in range(n_rows)]
    columns = {
        name: pa.array(
            [
                f"{it}{mark}".encode("utf-8", "surrogateescape")
                for it, mark in zip(column, bad, strict=True)
            ],
            pa.binary(),
        ).view(pa.string())
        for name, column in zip(HEADER, cells, strict=True)
    }
    columns["size"] = pa.array(
        [rng.choice([None, 1e300, float("nan"), 2.0**60]) for _ in range(n_rows)]
    )
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=rng.choice([7, 100, 10_000]))
    is_cut = rng.random() < 0.1
    content = sink.getvalue()[: -rng.randrange(1, 200)] if is_cut else sink.getvalue()
    return File("e.parquet", content, n_rows=n_rows, is_cut=is_cut)


def xlsx_file(rng: Random, rows: Rows, n_rows: int) -> File:
    """Write a workbook, or the first part of one; what XML cannot hold no workbook has."""
    from tests.tasks.reading.formats.test_xlsx import workbook

    made = [[_spelled_in_xml(cell) for cell in row] for row in rows.some(n_rows)]
    content = workbook(reviews=[list(HEADER), *made])
    is_cut = rng.random() < 0.1
    cut = content[: -rng.randrange(30, len(content) // 2)] if is_cut else content
    return File("f.xlsx", cut, n_rows=n_rows, is_cut=is_cut)


MAKERS: Final[tuple[Callable[[Random, Rows, int], File], ...]] = (
    csv_file, tsv_file, jsonl_file, array_file, parquet_file, xlsx_file,
)  # fmt: skip


def zip_of(files: list[File], rng: Random) -> tuple[bytes, bool]:
    """Put files into an archive; return it, and whether it was cut."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(file.name, file.content)
    is_cut = rng.random() < 0.1
    return (sink.getvalue()[: -rng.randrange(1, 100)] if is_cut else sink.getvalue()), is_cut


def _object(row: list[Any], rng: Random) -> str:
    record: dict[str, Any] = dict(zip(HEADER, row, strict=True))
    if rng.random() < 0.02:
        record["note"] = _HALF_PAIR
        return json.dumps(record)
    return json.dumps(record, ensure_ascii=rng.random() < 0.5)


def _half_written(content: bytes, rng: Random) -> bytes:
    """Leave the end of the last line out."""
    last = content.rstrip(b"\r\n").rpartition(b"\n")[2]
    return content[: len(content) - rng.randrange(1, max(2, len(last)))]


def _lined(name: str, content: bytes, made: list[list[Any]], is_damaged: bool) -> File:
    good = {} if is_damaged else {row[0]: row[1] for row in made if _is_good(row)}
    return File(name, content, lines=content.split(b"\n"), good=good)


def _is_good(row: list[Any]) -> bool:
    """Return whether all but the text is ordinary, and the text is one."""
    doc_id, text, *rest = row
    return rest == _ORDINARY and str(doc_id).startswith("r") and "kettle" in str(text)


def _spelled_in_xml(cell: str) -> str:
    return "".join(it for it in cell if it in "\t\n" or (it >= " " and it not in "\ufffe\uffff"))
