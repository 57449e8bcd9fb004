"""Read rows out of JSONL, CSV and Parquet streams; a row that cannot be read is a row with a problem."""

import codecs
import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.feed import FeedError, FeedFile, opened

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is no document; it is kept out of memory and refused."""

_RAW_BYTES_KEPT = 1 << 20
_BATCH_ROWS = 1024
_DELIMITERS = ",;\t|"
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}

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
    except (pa.ArrowInvalid, EOFError) as error:
        raise FeedError(
            f"{file.name} is no readable {_kind(file)} file ({error}); fetch it again"
        ) from error
    except OSError as error:
        if "decompress" not in str(error).lower():
            raise
        raise FeedError(
            f"{file.name} is no readable {_kind(file)} file ({error}); fetch it again"
        ) from error
    except UnicodeError as error:
        raise FeedError(
            f"{file.name} is not encoded as {encoding}: {error}; set `encoding`"
        ) from error


def _kind(file: FeedFile) -> str:
    return f"{file.format} ({file.compression})" if file.compression else file.format


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
    header_line = next(iter(lines), None)
    lines.take()
    if header_line is None:
        return
    delimiter = max(_DELIMITERS, key=header_line.count)
    header = next(csv.reader([header_line], delimiter=delimiter))
    records = csv.reader(lines, delimiter=delimiter)
    for number, record in enumerate(_until_end(records), start=1):
        yield from _csv_row(number, header, record, lines.take())


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
    elif record and len(record) != len(header):
        problem = f"the record has {len(record)} fields, the header {len(header)}"
        yield Row(number, None, consumed.text, "row_parses", problem)
    elif record:
        values = dict(zip(header, record, strict=True))
        yield Row(number, values, json.dumps(values, ensure_ascii=False))


def _read_parquet(stream: IO[bytes], _encoding: str) -> Iterator[Row]:
    with _seekable(stream) as seekable, pq.ParquetFile(seekable) as file:
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, values, json.dumps(values, ensure_ascii=False, default=str))


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    """Parquet is read from its end, so a compressed stream goes through a temporary file."""
    if not isinstance(stream, pa.CompressedInputStream):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller's `with`
    while block := stream.read(1 << 20):
        copy.write(block)
    copy.seek(0)
    return copy


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
        self._lines = _wide_lines(stream, encoding) if encoding in _WIDE else _byte_lines(stream)
        self._encoding = "utf-8" if encoding in _WIDE | {"utf-8", "utf-8-sig"} else encoding
        self._offset = 0
        self._consumed = _Consumed()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self._offset == 0 and line.startswith(codecs.BOM_UTF8):
            line, self._offset = line[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
        text = self._decoded(line)
        self._offset += len(line)
        self._consumed.lines.append(text)
        return text

    def take(self) -> _Consumed:
        """Give what was consumed since the last call."""
        consumed, self._consumed = self._consumed, _Consumed()
        return consumed

    def _decoded(self, line: bytes) -> str:
        if len(line) >= MAX_LINE_BYTES and not line.endswith(b"\n"):
            self._blame("row_parses", f"the line is longer than {MAX_LINE_BYTES:,} bytes")
            return line[:_RAW_BYTES_KEPT].decode(self._encoding, errors="backslashreplace")
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


def _byte_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Cut a stream at line feeds, holding no more than one line of the longest length."""
    buffered = (
        io.BufferedReader(stream, buffer_size=1 << 20)
        if isinstance(stream, io.RawIOBase)
        else stream
    )
    pending = b""
    while block := buffered.read(1 << 20):
        *lines, pending = (pending + block).split(b"\n")
        for line in lines:
            yield line + b"\n"
        while len(pending) >= MAX_LINE_BYTES:
            yield pending[:MAX_LINE_BYTES]
            pending = pending[MAX_LINE_BYTES:]
    if pending:
        yield pending


def _wide_lines(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Re-encode an encoding whose line feeds are more than one byte, so that lines can be cut."""
    decoder = codecs.getincrementaldecoder(encoding)()
    pending = ""
    while block := stream.read(1 << 20):
        *lines, pending = (pending + decoder.decode(block)).split("\n")
        for line in lines:
            yield f"{line}\n".encode()
    pending += decoder.decode(b"", final=True)
    if pending:
        yield pending.encode()


_READERS: Final[dict[str, Callable[[IO[bytes], str], Iterator[Row]]]] = {
    "jsonl": _read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
}
