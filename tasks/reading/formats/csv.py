"""Read the rows of a CSV file: a record each, with the names of the header."""

import json
from collections.abc import Iterator
from typing import IO, Final

from tasks.reading.formats.base import Format
from tasks.reading.formats.csv_records import CsvRecords, Record, released
from tasks.reading.formats.lines import read_lines
from tasks.reading.formats.rows import Row, broken_row, require_columns


def read_csv(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    """Stream the rows of a CSV file; blank lines are none.

    Raises
    ------
    UnfitFileError
        If two columns share a name, or the header runs into the rows.
    csv.Error
        If the header cannot be read.
    """
    records = CsvRecords(read_lines(stream, encoding))
    require_columns(records.header)
    for number, record in enumerate(records, start=1):
        if len(record.lines) > 1 or record.lines[0].text.strip():
            yield _row(number, record, records)


def _row(number: int, record: Record, records: CsvRecords) -> Row:
    line, n_lines = record.lines[0].number, len(record.lines)
    found = _problem(record, len(records.header))
    if found is not None:
        rule, problem = found
        if line != number + records.n_header_lines:
            problem = f"{problem} (line {line:,} of the file)"
        raw = "".join(line.text for line in record.lines)
        return broken_row(number, raw, rule, problem, line, n_lines)
    values = dict(zip(records.header, released(record.fields), strict=True))
    raw = json.dumps(values, ensure_ascii=False)
    return Row(number, values, raw, line=line, n_lines=n_lines)


def _problem(record: Record, n_columns: int) -> tuple[str, str] | None:
    """Return the rule that a record breaks, and how, if it breaks one."""
    for line in record.lines:
        if line.rule is not None:
            return line.rule, str(line.problem)
    if record.problem is not None:
        return "row_parses", record.problem
    if len(record.fields) == n_columns:
        return None
    n_lines, n_fields = len(record.lines), len(record.fields)
    what = f"the record of {n_lines:,} lines" if n_lines > 1 else "the record"
    fields = "1 field" if n_fields == 1 else f"{n_fields:,} fields"
    return "row_parses", f"{what} has {fields}, the header {n_columns:,}"


CSV: Final = Format(name="csv", endings=(".csv",), rows=read_csv, names_columns_first=True)
