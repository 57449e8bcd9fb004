"""Read the rows of a JSONL file: one object a line, no key twice, nothing nested without end."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, Final

from tasks.reading.formats.base import Format
from tasks.reading.formats.lines import read_lines
from tasks.reading.formats.rows import MAX_DEPTH, Row, broken_row

# Possessive, so that a string without an end is scanned once and needs no memory.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def read_jsonl(stream: IO[bytes], encoding: str) -> Iterator[Row]:
    """Stream the rows of a JSONL file; blank lines are none."""
    for line in read_lines(stream, encoding):
        if line.rule is not None:
            yield broken_row(line.number, line.text, line.rule, str(line.problem), line.number)
        elif text := line.text.strip():
            yield _row(line.number, text)


def _row(number: int, line: str) -> Row:
    values, problem = None, None
    try:
        _require_shallow(line)
        values = _DECODER.decode(line)
    except _JsonError as error:
        problem = str(error)
    except (ValueError, RecursionError) as error:
        problem = f"the line is not valid JSON: {error}"
    else:
        if not isinstance(values, dict):
            problem = f"the line must be a JSON object, got {type(values).__name__}"
    if problem is not None:
        return broken_row(number, line, "row_parses", problem, number)
    return Row(number, values, line, line=number)


class _JsonError(ValueError):
    """JSON that Python would read, and lose a part of or choke on later."""


def _require_shallow(line: str) -> None:
    """Count the levels before the parser does, which recurses."""
    if line.count("[") + line.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(line):
        mark = found[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > MAX_DEPTH:
            raise _JsonError(f"the line is nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise _JsonError(f"the key {twice[:80]!r} is there twice in one object")
    return values


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)

JSONL: Final = Format(name="jsonl", endings=(".jsonl", ".ndjson"), rows=read_jsonl)
