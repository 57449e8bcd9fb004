"""Read the rows of a CSV file: a record each, with the names of the header."""

import json
from collections.abc import Iterator
from typing import IO, Final

from tasks.reading.formats.base import Format
from tasks.reading.formats.csv_dialect import dialect_of
from tasks.reading.formats.csv_records import CsvRecords, Record, released
from tasks.reading.formats.encodings import text_lines
from tasks.reading.formats.rows import FileLog, Row, broken_row, require_columns
from tasks.reading.formats.settings import FileSettings

_ESCAPED_QUOTE: Final = '\\"'
_ESCAPE_HINT: Final = (
    '; if its quotation marks are escaped by backslashes, set `escape = "\\\\"` under [ingest]'
)


def read_csv(stream: IO[bytes], settings: FileSettings, log: FileLog) -> Iterator[Row]:
    """Stream the rows of a CSV file; blank lines are none.

    Raises
    ------
    UnfitFileError
        If two columns share a name, the header is illegible or runs into the rows, or as
        `text_lines`.
    csv.Error
        If the header cannot be read.
    """
    records = CsvRecords(text_lines(stream, settings, log), dialect_of(settings))
    require_columns(records.header)
    _say(records, settings, log)
    for number, record in enumerate(records, start=1):
        if len(record.lines) > 1 or record.lines[0].text.strip():
            yield _row(number, record, records)


def read_tsv(stream: IO[bytes], settings: FileSettings, log: FileLog) -> Iterator[Row]:
    """Stream the rows of a file whose name says that tabs are its delimiters; see `read_csv`."""
    tabbed = {"delimiter": settings.delimiter or "\t"}
    return read_csv(stream, settings.model_copy(update=tabbed), log)


def _say(records: CsvRecords, settings: FileSettings, log: FileLog) -> None:
    delimiter = records.dialect.delimiter
    if delimiter not in (settings.delimiter, ","):
        log.info("is read with the delimiter %r; set `delimiter` if it is another", delimiter)
    if records.ends_rows:
        log.info("has a delimiter at the end of each row but its header, which is no column")


def _row(number: int, record: Record, records: CsvRecords) -> Row:
    line, n_lines = record.lines[0].number, len(record.lines)
    found = _problem(record, records)
    if found is not None:
        rule, problem = found
        if line != number + records.n_header_lines:
            problem = f"{problem} (line {line:,} of the file)"
        raw = "".join(line.text for line in record.lines)
        if rule == "row_parses" and _ESCAPED_QUOTE in raw and not records.dialect.escape:
            problem += _ESCAPE_HINT
        return broken_row(number, raw, rule, problem, line, n_lines)
    fields = record.fields[: len(records.header)]
    values = dict(zip(records.header, released(fields, record.lines), strict=True))
    raw = json.dumps(values, ensure_ascii=False)
    return Row(number, values, raw, None, None, line, n_lines)


def _problem(record: Record, records: CsvRecords) -> tuple[str, str] | None:
    """Return the rule that a record breaks, and how, if it breaks one."""
    for line in record.lines:
        if line.rule is not None:
            return line.rule, str(line.problem)
    if record.problem is not None:
        return "row_parses", record.problem
    n_lines, n_fields, n_columns = len(record.lines), len(record.fields), len(records.header)
    if n_fields == records.width and not any(record.fields[n_columns:]):
        return None
    what = f"the record of {n_lines:,} lines" if n_lines > 1 else "the record"
    fields = "1 field" if n_fields == 1 else f"{n_fields:,} fields"
    and_end = " and a delimiter at the end" if records.ends_rows else ""
    return "row_parses", f"{what} has {fields}, the header {n_columns:,}{and_end}"


CSV: Final = Format(name="csv", endings=(".csv",), rows=read_csv, names_columns_first=True)
TSV: Final = Format(name="tsv", endings=(".tsv",), rows=read_tsv, names_columns_first=True)
