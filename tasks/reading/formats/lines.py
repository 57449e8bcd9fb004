"""Cut a byte stream into decoded lines; a bad byte or an endless line spoils one line."""

import codecs
from collections.abc import Iterable, Iterator
from typing import IO, Final, NamedTuple

from tasks.reading.formats.rows import RAW_CHARS_KEPT

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is no document; it is kept out of memory and refused."""

_READ_BYTES = 1 << 20
_BYTES_KEPT = RAW_CHARS_KEPT


class Line(NamedTuple):
    """One physical line, with its line end.

    Parameters
    ----------
    number
        1-based.
    text
        Undecodable bytes come out as backslash escapes. Of an overlong line only the start.
    rule, problem
        The rule that the bytes break, and how.
    is_whole
        False for an overlong line: a part of a row must not be parsed.
    """

    number: int
    text: str
    rule: str | None = None
    problem: str | None = None
    is_whole: bool = True


def read_lines(stream: IO[bytes], encoding: str) -> Iterator[Line]:
    """Stream the lines of a file.

    Raises
    ------
    UnicodeError
        If the file as a whole does not have an encoding whose units are wider than a byte.
    """
    # Lines are cut at the byte of a line feed; where a line feed is no such byte, in UTF-8.
    is_recoded = "\n".encode(encoding) != b"\n"
    blocks = _recoded(stream, encoding) if is_recoded else _blocks(stream)
    encoding = "utf-8" if is_recoded or encoding == "utf-8-sig" else encoding
    offset = 0
    for number, (line, n_dropped) in enumerate(_cut(blocks), start=1):
        if number == 1 and line.startswith(codecs.BOM_UTF8):
            line, offset = line[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)  # noqa: PLW2901
        if len(line) + n_dropped > MAX_LINE_BYTES:
            yield _overlong(number, line, encoding)
        else:
            yield _decoded(number, line, offset, encoding)
        offset += len(line) + n_dropped


def _decoded(number: int, line: bytes, offset: int, encoding: str) -> Line:
    try:
        return Line(number, line.decode(encoding))
    except UnicodeDecodeError as error:
        byte, place = line[error.start], offset + error.start
        problem = f"byte 0x{byte:02x} at offset {place:,} is no {encoding}"
        text = line.decode(encoding, errors="backslashreplace")
        return Line(number, text, "text_decodes", problem)


def _overlong(number: int, line: bytes, encoding: str) -> Line:
    text = line[:_BYTES_KEPT].decode(encoding, errors="backslashreplace")
    problem = (
        f"the line is longer than {MAX_LINE_BYTES:,} bytes; raw is cut at {len(text):,} characters"
    )
    return Line(number, text, "row_parses", problem, is_whole=False)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_READ_BYTES):
        yield block


def _recoded(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in _blocks(stream):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _cut(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Cut at line feeds; of a line that is too long, yield the start and how much was dropped."""
    pending, n_dropped = b"", 0
    for block in blocks:
        *lines, pending = (pending + block).split(b"\n")
        for line in lines:
            yield line + b"\n", n_dropped
            n_dropped = 0
        if len(pending) > MAX_LINE_BYTES:
            n_dropped += len(pending[_BYTES_KEPT:])
            pending = pending[:_BYTES_KEPT]
    if pending:
        yield pending, n_dropped
