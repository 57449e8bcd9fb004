"""Read rows out of JSONL, CSV and Parquet; a row that cannot be read is a row with a problem."""

import csv
import json
from collections.abc import Callable, Iterator
from typing import IO, Final

from tasks.boundary.transient import is_transient_error
from tasks.reading.feed import FeedError, FeedFile, opened
from tasks.reading.formats.csv_records import CsvRecords, Record, released
from tasks.reading.formats.json_rows import read_jsonl
from tasks.reading.formats.lines import read_lines
from tasks.reading.formats.parquet_rows import read_parquet
from tasks.reading.formats.rows import Row, UnfitFileError, broken_row, require_columns


def read_rows(file: FeedFile, encoding: str) -> Iterator[Row]:
    """Stream the rows of one feed file.

    Raises
    ------
    FeedError
        If the file as a whole cannot be read: a broken archive, no Parquet, a wrong wide encoding,
        two columns of one name.
    """
    try:
        with opened(file) as stream:
            yield from _READERS[file.format](stream, encoding)
    except FileNotFoundError as error:
        raise FeedError(f"{file.name} is gone since it was found; run again") from error
    except OSError as error:
        # Arrow's own complaints carry no errno; trouble on disk or network must pass.
        if error.errno is not None or is_transient_error(error):
            raise
        raise _unreadable(file, error) from error
    except UnfitFileError as error:
        raise FeedError(f"{file.name} {error}") from error
    except (csv.Error, ValueError, OverflowError, NotImplementedError) as error:
        if isinstance(error, UnicodeError) and file.format != "parquet":
            raise FeedError(
                f"{file.name} is not encoded as {encoding}: {error}; set `encoding`"
            ) from error
        raise _unreadable(file, error) from error


def _unreadable(file: FeedFile, error: Exception) -> FeedError:
    kind = f"{file.format} ({file.compression})" if file.compression else file.format
    why = " ".join(str(error).split())
    return FeedError(f"{file.name} is no readable {kind} file ({why}); fetch it again")


def _read_csv(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    records = CsvRecords(read_lines(stream, encoding))
    require_columns(records.header)
    for number, record in enumerate(records, start=1):
        if len(record.lines) > 1 or record.lines[0].text.strip():
            yield _csv_row(number, record, records)


def _csv_row(number: int, record: Record, records: CsvRecords) -> Row:
    line, n_lines = record.lines[0].number, len(record.lines)
    found = _csv_problem(record, len(records.header))
    if found is not None:
        rule, problem = found
        if line != number + records.n_header_lines:
            problem = f"{problem} (line {line:,} of the file)"
        raw = "".join(line.text for line in record.lines)
        return broken_row(number, raw, rule, problem, line, n_lines)
    values = dict(zip(records.header, released(record.fields), strict=True))
    raw = json.dumps(values, ensure_ascii=False)
    return Row(number, values, raw, line=line, n_lines=n_lines)


def _csv_problem(record: Record, n_columns: int) -> tuple[str, str] | None:
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


def _read_parquet(stream: IO[bytes], _encoding: str) -> Iterator[Row]:
    return read_parquet(stream)


_READERS: Final[dict[str, Callable[[IO[bytes], str], Iterator[Row]]]] = {
    "jsonl": read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
}
