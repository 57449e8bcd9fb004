"""Tell the encoding of a file: by its byte order mark, as the config says, or by its bytes."""

import codecs
from collections.abc import Iterator
from typing import Final

from tasks.boundary.counted import counted
from tasks.boundary.inert import inert
from tasks.reading.formats.lines import Line, Readable, read_blocks, read_lines
from tasks.reading.formats.rows import FileLog, UnfitFileError
from tasks.reading.formats.settings import DETECT, FileSettings

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
# A file of plain ASCII so far is UTF-8; a letter with an accent that comes later is not looked for.
_SEARCHED_BYTES: Final = 16 << 20
# An array's first brackets stand in its first lines.
_PEEKED_BYTES: Final = 1 << 12
# The time of a detection grows with what it looks at, its certainty hardly.
_SAMPLE_BYTES: Final = 1 << 16
# A line of a log, and enough for a reader to see whether its letters are right.
_SHOWN_CHARS: Final = 80


def text_lines(stream: Readable, settings: FileSettings, log: FileLog) -> Iterator[Line]:
    """Stream the lines of a file in its own encoding; say what was detected or replaced.

    Raises
    ------
    UnfitFileError
        If the encoding cannot be told, or the file does not have it.
    """
    stream, encoding = with_encoding(stream, settings.encoding, log)
    n_mended = 0
    for line in read_lines(stream, encoding, settings.encoding_errors):
        n_mended += line.is_mended
        yield line
    if n_mended:
        say_mended(n_mended, "line", encoding, log)


def say_mended(n_mended: int, what: str, encoding: str, log: FileLog) -> None:
    """Log how many lines or elements have lost bytes, which cannot be told from the rows."""
    how_many = counted(n_mended, what)
    log.warning("has %s in which bytes that are no %s were replaced", how_many, encoding)


def with_encoding(stream: Readable, wanted: str, log: FileLog) -> tuple[Readable, str]:
    """Return a file, to be read from its start, and its encoding.

    A byte order mark counts more than the config, which speaks for all files of a feed.

    Raises
    ------
    UnfitFileError
        If it was to be detected and cannot be told.
    """
    blocks = read_blocks(stream)
    read = [next(blocks, b"")]
    found = next((name for mark, name in _MARKS if read[0].startswith(mark)), None)
    if found is None and wanted == DETECT:
        read += _until_foreign(read[0], blocks)
        found = _detected(b"".join(read), log)
    elif found is not None and not wanted.startswith(found):
        log.info("is read as %s, which its byte order mark says", found)
    return _Again(read, stream), found or wanted


def peeked(stream: Readable, encoding: str) -> tuple[str, Readable]:
    """Return the beginning of a file as text, and the file, to be read from its start."""
    block = stream.read(_PEEKED_BYTES)
    try:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(block[:_PEEKED_BYTES])
    except UnicodeError:  # UTF-16 without its mark: whoever reads on says so
        text = ""
    return text, _Again([block], stream)


class _Again:
    """A file whose first blocks were looked at, from its start."""

    def __init__(self, read: list[bytes], rest: Readable) -> None:
        self._read = iter(read)
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        return next(self._read, b"") or self._rest.read(size)


def _until_foreign(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Read on until a block has a byte that is no ASCII."""
    n_bytes, is_plain = len(first), first.isascii()
    while is_plain and n_bytes < _SEARCHED_BYTES and (block := next(blocks, b"")):
        n_bytes, is_plain = n_bytes + len(block), block.isascii()
        yield block


def _detected(start: bytes, log: FileLog) -> str:
    from charset_normalizer import from_bytes

    foreign = [line for line in start.splitlines() if not line.isascii()]
    n_in_utf8 = sum(_is_utf8(line) for line in foreign)
    # A UTF-8 file with some broken bytes must not become an old encoding, which reads every byte.
    if 2 * n_in_utf8 >= len(foreign):
        return "utf-8"
    best = from_bytes(b"\n".join(foreign)[:_SAMPLE_BYTES]).best()
    if best is None:
        raise UnfitFileError("is in an encoding that its bytes do not tell; set `encoding`")
    shown = inert(foreign[0].decode(best.encoding, errors="replace")[:_SHOWN_CHARS])
    log.warning(
        "is read as %s, told by its bytes; set `encoding` if a line is wrong so: %s",
        *(best.encoding, shown),
    )
    return best.encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
