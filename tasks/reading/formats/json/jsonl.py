"""Read the rows of a JSON file: an object a line, an array of objects, or an object around one."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, Final

from tasks.reading.formats.base import Format
from tasks.reading.formats.encodings import peeked, say_mended, text_lines, with_encoding
from tasks.reading.formats.json.json_array import read_elements
from tasks.reading.formats.json.json_envelope import may_be_envelope, read_envelope
from tasks.reading.formats.lines import Line, Readable
from tasks.reading.formats.rows import MAX_DEPTH, FileLog, Row, broken_row
from tasks.reading.formats.seekable import spooled
from tasks.reading.formats.settings import FileSettings

# Possessive, so that a string without an end is scanned once and needs no memory.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
# How `read_elements` hands over a byte that its encoding lacks.
_FOREIGN_BYTE: Final = re.compile(r"[\udc80-\udcff]")
# An array in a line of its own may be a row gone wrong; one of objects is the file.
_ARRAY_OF_OBJECTS: Final = re.compile(r"\ufeff?\s*\[\s*(\{|\]\s*$)")
# The first elements may be rows gone wrong, too, where the array goes on behind its first line.
_ARRAY_WITH_OBJECTS: Final = re.compile(
    r'\ufeff?\s*\[\s*(?:(?:"(?:[^"\\]++|\\.)*+"|[^\s"\[\]{},]++)\s*,\s*)++\{', re.DOTALL
)


def read_jsonl(stream: IO[bytes], settings: FileSettings, log: FileLog) -> Iterator[Row]:
    """Stream the rows of a file of JSON; blank lines are none.

    Raises
    ------
    UnfitFileError
        If it is an array that is not whole, as `read_envelope`, or as `text_lines`.
    """
    whole, encoding = with_encoding(stream, settings.encoding, log)
    start, whole = peeked(whole, encoding)
    if _ARRAY_OF_OBJECTS.match(start) or _begins_array(start):
        log.info("is read as one JSON array")
        return _rows_of_array(whole, encoding, settings, log)
    known = settings.model_copy(update={"encoding": encoding})
    if may_be_envelope(start, settings):
        return _rows_of_object(whole, known, log)
    return _rows_of_lines(text_lines(whole, known, log))


def _begins_array(start: str) -> bool:
    """Return whether a file begins with an array that has objects and no line of its own."""
    if not _ARRAY_WITH_OBJECTS.match(start):
        return False
    line, _, more = start.lstrip("\ufeff").strip().partition("\n")
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return not more


def _rows_of_lines(lines: Iterator[Line]) -> Iterator[Row]:
    for line in lines:
        if line.rule is not None:
            yield broken_row(line.number, line.text, line.rule, str(line.problem), line.number)
        elif text := line.text.strip():
            yield _row(line.number, text, line.number, "the line")


def _rows_of_object(stream: Readable, settings: FileSettings, log: FileLog) -> Iterator[Row]:
    """Stream the rows of a file that looks like an object, whose lines are rows if it is none."""
    with spooled(stream) as file:
        rows = read_envelope(file, settings, log)
        if rows is None:
            file.seek(0)
            rows = _rows_of_lines(text_lines(file, settings, log))
        yield from rows


def _rows_of_array(
    stream: Readable, encoding: str, settings: FileSettings, log: FileLog
) -> Iterator[Row]:
    n_mended = 0
    for number, (text, line, n_lines) in enumerate(read_elements(stream, encoding), start=1):
        what, is_foreign = f"the element on line {line:,}", bool(_FOREIGN_BYTE.search(text))
        if is_foreign and settings.encoding_errors == "refuse":
            raw = text.encode(errors="surrogateescape").decode(errors="backslashreplace")
            problem = f"{what} has a byte that is no {encoding}"
            yield broken_row(number, raw, "text_decodes", problem, line, n_lines)
        else:
            n_mended += is_foreign
            yield _row(number, _FOREIGN_BYTE.sub("\ufffd", text), line, what, n_lines)
    if n_mended:
        say_mended(n_mended, "element", encoding, log)


def _row(number: int, text: str, line: int, what: str, n_lines: int = 1) -> Row:
    values, problem = None, None
    try:
        _require_shallow(text, what)
        values = _decoded(text)
    except _JsonError as error:
        problem = str(error)
    except (ValueError, RecursionError) as error:
        problem = f"{what} is not valid JSON: {error}"
        if text == "{":
            problem += "; objects of several lines are read inside of an array only"
    else:
        if not isinstance(values, dict):
            problem = f"{what} must be a JSON object, got {type(values).__name__}"
    if problem is not None:
        return broken_row(number, text, "row_parses", problem, line, n_lines)
    # By their places, for names double the time that it takes.
    return Row(number, values, text, None, None, line, n_lines)


class _JsonError(ValueError):
    """JSON that Python would read, and lose a part of or choke on later."""


def _decoded(text: str) -> Any:
    """Parse JSON that no white space stands around: `decode` alone looks for it, which takes time.

    Where more follows, `decode` says so.
    """
    values, end = _DECODER.raw_decode(text)
    return values if end == len(text) else _DECODER.decode(text)


def _require_shallow(text: str, what: str) -> None:
    """Count the levels before the parser does, which recurses."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        mark = found[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > MAX_DEPTH:
            raise _JsonError(f"{what} is nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise _JsonError(f"the key {twice[:80]!r} is there twice in one object")
    return values


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)

JSONL: Final = Format(name="jsonl", endings=(".jsonl", ".ndjson", ".json"), rows=read_jsonl)
