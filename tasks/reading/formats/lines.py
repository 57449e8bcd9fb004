"""Cut a byte stream into decoded lines; a bad byte or an endless line spoils one line."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, Literal, NamedTuple, Protocol

from tasks.reading.formats.rows import RAW_CHARS_KEPT, ForeignFileError

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is no document; it is kept out of memory and refused."""

_READ_BYTES = 1 << 20
_BYTES_KEPT = RAW_CHARS_KEPT


class Readable(Protocol):
    """What bytes are read from, from the start to the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        ...


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
    is_mended
        Whether bytes that its encoding lacks were replaced.
    """

    number: int
    text: str
    rule: str | None = None
    problem: str | None = None
    is_whole: bool = True
    is_mended: bool = False


def read_lines(
    stream: Readable, encoding: str, errors: Literal["refuse", "replace"] = "refuse"
) -> Iterator[Line]:
    """Stream the lines of a file; where none of the first ends in a line feed, they end in CR.

    Raises
    ------
    UnfitFileError
        If the file as a whole does not have an encoding whose units are wider than a byte.
    """
    # Lines are cut at the byte of a line feed; where a line feed is no such byte, in UTF-8.
    is_recoded = "\n".encode(encoding) != b"\n"
    blocks = _recoded(stream, encoding, errors) if is_recoded else read_blocks(stream)
    encoding = "utf-8" if is_recoded or encoding == "utf-8-sig" else encoding
    offset = 0
    for number, (line, n_dropped) in enumerate(_cut(blocks), start=1):
        if number == 1 and line.startswith(codecs.BOM_UTF8):
            line, offset = line[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)  # noqa: PLW2901
        if len(line) + n_dropped > MAX_LINE_BYTES:
            yield _overlong(number, line, encoding)
        else:
            yield _decoded(number, line, offset, encoding, errors)
        offset += len(line) + n_dropped


def _decoded(number: int, line: bytes, offset: int, encoding: str, errors: str) -> Line:
    try:
        return Line(number, line.decode(encoding))
    except UnicodeDecodeError as error:
        if errors == "replace":
            return Line(number, line.decode(encoding, errors="replace"), is_mended=True)
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


def read_blocks(stream: Readable) -> Iterator[bytes]:
    """Stream the bytes of a file."""
    while block := stream.read(_READ_BYTES):
        yield block


def in_utf8(stream: Readable, encoding: str, errors: str) -> Iterator[bytes]:
    """Stream the blocks of a file as UTF-8 without a byte order mark.

    Raises
    ------
    ForeignFileError
        If it does not have its encoding, and bytes that are none are not to be replaced.
    """
    blocks = _recoded(stream, encoding, errors)
    yield next(blocks, b"").removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _recoded(stream: Readable, encoding: str, errors: str) -> Iterator[bytes]:
    is_strict = errors == "refuse"
    decoder = codecs.getincrementaldecoder(encoding)("strict" if is_strict else "replace")
    try:
        for block in read_blocks(stream):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise ForeignFileError(f"is not encoded as {encoding}: {error}; set `encoding`") from error


def _cut(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Cut at line ends; of a line that is too long, yield the start and how much was dropped."""
    blocks = iter(blocks)
    first = next(blocks, b"")
    # A carriage return at the end of the block may have its line feed in the next one.
    line_end = b"\r" if b"\r" in first[:-1] and b"\n" not in first else b"\n"
    pending, n_dropped = b"", 0
    for block in chain([first], blocks):
        *lines, pending = (pending + block).split(line_end)
        for line in lines:
            yield line + line_end, n_dropped
            n_dropped = 0
        if len(pending) > MAX_LINE_BYTES:
            n_dropped += len(pending[_BYTES_KEPT:])
            pending = pending[:_BYTES_KEPT]
    if pending:
        yield pending, n_dropped
