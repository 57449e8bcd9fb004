"""Cut a JSON array into its elements, block by block: a file of any size needs no memory."""

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tasks.reading.formats.lines import MAX_LINE_BYTES, Readable, read_blocks
from tasks.reading.formats.rows import ForeignFileError, UnfitFileError

# Possessive, so that a string without an end is scanned once and needs no memory.
_MARK: Final = re.compile(
    r'(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<open>")|[\[\]{},]',
    re.DOTALL,
)


class Element(NamedTuple):
    """One element of an array, as it is spelled.

    Parameters
    ----------
    text
        Without what separates it from others. Bytes that its encoding lacks are lone surrogates.
    line, n_lines
        First physical line, from 1, and the number of lines.
    """

    text: str
    line: int
    n_lines: int


def read_elements(stream: Readable, encoding: str) -> Iterator[Element]:
    """Stream the elements of a file that is one array.

    Raises
    ------
    UnfitFileError
        If the array has no end, something stands behind it, or an element is too long.
    """
    cutter = _Cutter()
    for text in _decoded(stream, encoding):
        yield from cutter.feed(text)
    cutter.require_end()


def _decoded(stream: Readable, encoding: str) -> Iterator[str]:
    # So a bad byte spoils the element that it stands in, and no other.
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    try:
        for block in read_blocks(stream):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise ForeignFileError(f"is not encoded as {encoding}: {error}; set `encoding`") from error


class _Cutter:
    """Where the scan of an array stands."""

    def __init__(self) -> None:
        self._kept = ""
        self._place = 0
        self._depth = 0
        self._line = 1
        self._is_first = True

    def feed(self, text: str) -> Iterator[Element]:
        """Yield the elements that end in the next text of the file."""
        text, start = self._kept + text, 0
        for mark, place in self._marks(text):
            was_outside, is_end = self._depth == 0, self._depth == 1 and mark in ",]}"
            self._depth += (mark in "[{") - (mark in "]}")
            if was_outside:
                self._begin(mark, text[start:place])
            elif is_end:
                yield from self._element(text[start:place], mark)
            if was_outside or is_end:
                self._line += text.count("\n", start, place)
                start = place + 1
        self._keep(text[start:])
        self._place -= start

    def require_end(self) -> None:
        """Check that the array has come to its end.

        Raises
        ------
        UnfitFileError
            If it has not, so that a part of it may be missing.
        """
        if self._depth:
            raise UnfitFileError(
                "is one JSON array without an end; what begins on line"
                f" {self._line_of(self._kept):,} is its last element, so fetch it again"
            )
        if self._kept.strip():
            raise self._more(self._kept)

    def _marks(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield brackets and commas outside of strings; stop at a string without an end so far."""
        while (found := _MARK.search(text, self._place)) is not None:
            if found["open"]:
                self._place = found.start()
                return
            self._place = found.end()
            if not found["string"]:
                yield found[0], found.start()
        self._place = len(text)

    def _begin(self, mark: str, before: str) -> None:
        if mark != "[" or not self._is_first:
            raise self._more(before)

    def _more(self, text: str) -> UnfitFileError:
        return UnfitFileError(
            f"is one JSON array with more behind its end, on line {self._line_of(text):,}; give one"
            " array, or one object a line"
        )

    def _line_of(self, text: str) -> int:
        """Return the line on which a text begins that stands where the last element ended."""
        return self._line + text[: len(text) - len(text.lstrip())].count("\n")

    def _element(self, text: str, mark: str) -> Iterator[Element]:
        if mark == "}":
            raise UnfitFileError(
                f"is one JSON array with a bracket on line {self._line_of(text):,} that closes"
                " nothing; fetch it again"
            )
        is_empty_array = self._is_first and mark == "]" and not text.strip()
        self._is_first = False
        if not is_empty_array:
            yield Element(text.strip(), self._line_of(text), 1 + text.strip().count("\n"))

    def _keep(self, text: str) -> None:
        if len(text) > MAX_LINE_BYTES:
            raise UnfitFileError(
                f"is one JSON array with an element of more than {MAX_LINE_BYTES:,} characters,"
                f" from line {self._line:,} on; remove it"
            )
        self._kept = text
