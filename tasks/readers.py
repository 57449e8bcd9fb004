"""Read rows out of JSONL, CSV and Parquet; a row that cannot be read is a row with a problem."""

import codecs
import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.columns import as_text
from tasks.feed import FeedError, FeedFile, opened
from tasks.transient import is_transient_error

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is no document; it is kept out of memory and refused."""

_READ_BYTES = 1 << 20
_RAW_BYTES_KEPT = 1 << 20
_BATCH_ROWS = 1024
# A noncharacter: no text that is exchanged holds it.
_HELD_RETURN = "\ufdd0"
_DELIMITERS = ",;\t|"

csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True)
class Row:
    """One row as it came.

    Parameters
    ----------
    number
        1-based: the line of a JSONL file, the record of a CSV or Parquet file.
    values
        The columns; None if the row could not be read.
    raw
        The whole row: JSON, or the broken line itself.
    problem_rule, problem
        The rule that the reader saw broken, and how.
    """

    number: int
    values: dict[str, Any] | None
    raw: str
    problem_rule: str | None = None
    problem: str | None = None


def read_rows(file: FeedFile, encoding: str) -> Iterator[Row]:
    """Stream the rows of one feed file.

    Raises
    ------
    FeedError
        If the file as a whole cannot be read: a broken archive, no Parquet, a wrong wide encoding.
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


def _read_jsonl(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    lines = _Lines(stream, encoding)
    for number, line in enumerate(lines, start=1):
        consumed = lines.take()
        if consumed.problem is not None:
            yield Row(number, None, consumed.text, consumed.rule, consumed.problem)
        elif line.strip():
            yield _json_row(number, line.strip())


def _json_row(number: int, line: str) -> Row:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(number, None, line, "row_parses", f"the line is no JSON: {error}")
    if not isinstance(values, dict):
        return Row(
            number,
            None,
            line,
            "row_parses",
            f"the line must be a JSON object, got {type(values).__name__}",
        )
    return Row(number, values, line)


def _read_csv(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    lines = _Lines(stream, encoding)
    header_line = next((line for line in lines if line.strip()), "")
    # Strict, for a quotation mark gone astray shall spoil its row and not pull others into it.
    delimiter = max(_DELIMITERS, key=header_line.count)
    held = chain([header_line], map(_hold_returns, lines))
    records = csv.reader(held, delimiter=delimiter, strict=True)
    header, consumed = next(records, []), lines.take()
    if consumed.problem is not None:
        raise csv.Error(f"its header is illegible: {consumed.problem}")
    for number, record in enumerate(_until_end(records), start=1):
        yield from _csv_row(number, header, record, lines.take())


def _hold_returns(line: str) -> str:
    """Hide a carriage return inside a line from csv, which would end an unquoted field there."""
    text = line.rstrip("\r\n")
    return text.replace("\r", _HELD_RETURN) + line[len(text) :]


def _until_end(records: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Give every record, and in place of a record that csv refuses, its error."""
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _csv_row(
    number: int, header: list[str], record: "list[str] | csv.Error", consumed: "_Consumed"
) -> Iterator[Row]:
    if consumed.problem is not None:
        yield Row(number, None, consumed.text, consumed.rule, consumed.problem)
    elif isinstance(record, csv.Error):
        yield Row(number, None, consumed.text, "row_parses", f"the record is no CSV: {record}")
    elif len(record) < 2 and not "".join(record).strip():
        return  # a blank line
    elif len(record) != len(header):
        problem = f"the record has {len(record)} fields, the header {len(header)}"
        yield Row(number, None, consumed.text, "row_parses", problem)
    else:
        fields = (value.replace(_HELD_RETURN, "\r") for value in record)
        values = dict(zip(header, fields, strict=True))
        yield Row(number, values, json.dumps(values, ensure_ascii=False))


def _read_parquet(stream: IO[bytes], _encoding: str) -> Iterator[Row]:
    with _seekable(stream) as seekable, pq.ParquetFile(seekable) as file:
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, values, json.dumps(values, ensure_ascii=False, default=as_text))


@contextmanager
def _seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Parquet is read from its end, so a compressed stream goes through a temporary file."""
    if not isinstance(stream, pa.CompressedInputStream):
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, _READ_BYTES)
        copy.seek(0)
        yield copy


@dataclass
class _Consumed:
    """The physical lines of one row and the first problem in their bytes."""

    lines: list[str] = field(default_factory=list)
    rule: str | None = None
    problem: str | None = None

    @property
    def text(self) -> str:
        return "".join(self.lines)[:_RAW_BYTES_KEPT]


class _Lines:
    """Decoded lines of a byte stream that remembers what was consumed since the last row.

    Undecodable bytes come out as backslash escapes, so that one bad byte spoils one row.
    """

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        # Lines are cut at the byte of a line feed; where a line feed is no such byte, in UTF-8.
        is_recoded = "\n".encode(encoding) != b"\n"
        self._lines = _cut(_recoded(stream, encoding) if is_recoded else _blocks(stream))
        self._encoding = "utf-8" if is_recoded or encoding == "utf-8-sig" else encoding
        self._offset = 0
        self._consumed = _Consumed()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line, n_dropped = next(self._lines)
        if self._offset == 0 and line.startswith(codecs.BOM_UTF8):
            line, self._offset = line[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
        n_bytes = len(line) + n_dropped
        is_too_long = n_bytes > MAX_LINE_BYTES
        if is_too_long:
            self._blame("row_parses", f"the line is longer than {MAX_LINE_BYTES:,} bytes")
            line = line[:_RAW_BYTES_KEPT]
        text = self._decoded(line)
        self._offset += n_bytes
        self._consumed.lines.append(text)
        # A part of a row is not to be parsed: a quotation mark left open would take in more rows.
        return "" if is_too_long else text

    def take(self) -> _Consumed:
        """Give what was consumed since the last call."""
        consumed, self._consumed = self._consumed, _Consumed()
        return consumed

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError as error:
            byte, offset = line[error.start], self._offset + error.start
            self._blame(
                "text_decodes", f"byte 0x{byte:02x} at offset {offset:,} is no {self._encoding}"
            )
            return line.decode(self._encoding, errors="backslashreplace")

    def _blame(self, rule: str, problem: str) -> None:
        if self._consumed.problem is None:
            self._consumed.rule, self._consumed.problem = rule, problem


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_READ_BYTES):
        yield block


def _recoded(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in _blocks(stream):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _cut(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Cut at line feeds; of a line that is too long, give the start and how much was dropped."""
    pending, n_dropped = b"", 0
    for block in blocks:
        *lines, pending = (pending + block).split(b"\n")
        for line in lines:
            yield line + b"\n", n_dropped
            n_dropped = 0
        if len(pending) > MAX_LINE_BYTES:
            n_dropped += len(pending[_RAW_BYTES_KEPT:])
            pending = pending[:_RAW_BYTES_KEPT]
    if pending:
        yield pending, n_dropped


_READERS: Final[dict[str, Callable[[IO[bytes], str], Iterator[Row]]]] = {
    "jsonl": _read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
}
