"""Cut the lines of a CSV into records, so that a quotation mark left open costs one line."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from tasks.reading.formats.csv_dialect import Dialect, named_delimiter
from tasks.reading.formats.lines import MAX_LINE_BYTES, Line
from tasks.reading.formats.rows import ForeignFileError, UnfitFileError

# Enough to tell an ending delimiter by, and few enough to be read twice.
_PEEKED_LINES: Final = 100
# A noncharacter: no text that is exchanged holds it. Where one does, it stays, but for a record
# that has it beside a carriage return.
_HELD_RETURN: Final = "\ufdd0"
# Prose has words and small numbers of one or two characters before a comma ("2,5"), so of a
# single line in a file of two columns a shorter id proves nothing.
_MIN_TELLING_CHARS: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")


class Record(NamedTuple):
    """The lines of one record, and its fields or the problem why they are none."""

    lines: list[Line]
    fields: list[str]
    problem: str | None = None


class CsvRecords:
    """The header of a CSV and, by iteration, its records.

    csv.reader is strict here, for a quotation mark gone astray shall spoil its row. A record of
    several lines that breaks, or that has lines in it which are rows themselves, has a quotation
    mark left open on its first line: that line alone is lost, and the others are read again. Each
    line is parsed twice at the most: a quotation mark that is open at the end of a line runs to
    the same end, whichever line it was opened on.

    Parameters
    ----------
    lines
        All lines of the file.
    dialect
        What is known of the marks in it.

    Raises
    ------
    UnfitFileError
        If the header runs into the rows.
    csv.Error
        If the header cannot be read.
    """

    def __init__(self, lines: Iterator[Line], dialect: Dialect) -> None:
        self.header: list[str] = []
        self.n_header_lines = 0
        self.ends_rows = False
        """Whether the rows end in a delimiter, which is no field, and the header does not."""
        self._source = _Source(lines)
        first = self._source.first()
        named = named_delimiter(first.text) if first else None
        if named is not None:
            dialect = replace(dialect, delimiter=named)
            first = self._source.first()
        self.dialect = dialect.guessed(first.text if first else "")
        self._reader = self.dialect.reader(self._source)
        if first:
            self._source.put_back(first)
            self._read_header()
            self.ends_rows = self._is_ended()

    @property
    def width(self) -> int:
        """Return how many fields a row has."""
        return len(self.header) + self.ends_rows

    def __iter__(self) -> Iterator[Record]:
        """Yield every record, in the order of its lines; a blank line is a record too."""
        while True:
            fields, problem = [], None
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = f"the record is no CSV: {error}"
            record = Record(self._source.take(), fields, problem)
            if len(record.lines) == 1:
                yield record
            else:
                yield from self._settled(record)

    def _read_header(self) -> None:
        fields = next(self._reader)
        lines = self._source.take()
        problem = next((line.problem for line in lines if line.problem), None)
        if problem:
            raise ForeignFileError(
                f"cannot be read, for its header is illegible: {problem}; set `encoding`, or repair"
                " that line"
            )
        is_quoted = self.dialect.quote and self.dialect.quote in lines[0].text
        if any(_HELD_RETURN in name for name in fields) and not is_quoted:
            raise UnfitFileError(
                "has lines that end in carriage returns, and others in line feeds; write it with"
                " line feeds only"
            )
        self.header, self.n_header_lines = _named(released(fields, lines)), lines[-1].number
        if self._rows_among(lines[1:-1]):
            raise UnfitFileError(
                f"has a header with a quotation mark that is left open on line {lines[0].number}"
                f" and closed on line {lines[-1].number:,} only; close it"
            )

    def _is_ended(self) -> bool:
        peeked = self._source.peek(_PEEKED_LINES)
        lines = [_held(line.text) for line in peeked if line.is_whole]
        is_cut = len(peeked) == _PEEKED_LINES
        return self.dialect.ends_rows(lines, len(self.header), is_cut)

    def _settled(self, record: Record) -> Iterator[Record]:
        """Keep a record of several lines whole, or lose its first line and read the others."""
        first, *between, last = record.lines
        if record.problem is not None:
            found = f"and on line {last.number:,} {record.problem}"
        elif self._is_unclosed(record.lines, record.fields):
            found = f"and closed on line {last.number:,} only, with rows in between"
        else:
            yield record
            return
        self._source.put_back(last)
        yield Record([first], [], f"a quotation mark is left open on this line, {found}")
        for line in between:
            yield self._alone(line)

    def _alone(self, line: Line) -> Record:
        """Read a line by itself; a quotation mark that is open at its end is known to run on."""
        try:
            fields = next(self.dialect.reader([_held(line.text)]))
        except csv.Error as error:
            return Record([line], [], f"the record is no CSV: {error}")
        return Record([line], fields)

    def _is_unclosed(self, lines: list[Line], fields: list[str]) -> bool:
        """Check whether a record has swallowed rows, or is a text with line breaks.

        A record that is refused anyway, for its number of fields, is opened for a single line that
        looks like a row. For one that is in order at least half of the lines must look so.
        """
        if len(fields) != self.width:
            # The end of a text and the fields after it can have the number of fields by chance.
            last = _alike(self._rows_among(lines[-1:]), fields[0])
            return bool(self._rows_among(lines[1:-1]) or last)
        inner = [line for line in lines[1:] if line.text.strip()]
        rows = self._rows_among(inner)
        alike = _alike(rows, fields[0])
        # A comma in every other line is prose; two at fixed places are not.
        evidence = alike if len(self.header) == 2 else rows
        if not evidence or 2 * len(evidence) < len(inner):
            return False
        is_telling = len(self.header) > 2 or len(fields[0]) >= _MIN_TELLING_CHARS
        return len(evidence) > 1 or (bool(alike) and is_telling)

    def _rows_among(self, lines: list[Line]) -> list[list[str]]:
        """Return the fields of the lines that could be rows: as many, and no gap after a comma."""
        n_delimiters = self.width - 1
        if n_delimiters == 0:
            return []
        likely = (line for line in lines if line.text.count(self.dialect.delimiter) >= n_delimiters)
        found = (self._alone(line).fields for line in likely)
        may_gap = _has_gap(self.header)
        return [
            fields
            for fields in found
            if len(fields) == self.width and (may_gap or not _has_gap(fields))
        ]


class _Source:
    """Lines for csv.reader that remembers which of them went into the record at hand."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: list[Line] = []
        self._taken: list[Line] = []
        self._n_chars = 0

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        if self._taken:
            self._require_room(line)
        self._taken.append(line)
        text = line.text
        if not line.is_whole:
            return ""
        return text if "\r" not in text else _held(text)

    def _require_room(self, line: Line) -> None:
        """Let no record of many lines be longer than a line may be."""
        self._n_chars += len(self._taken[-1].text)
        if not line.is_whole or self._n_chars + len(line.text) > MAX_LINE_BYTES:
            self._again.append(line)
            raise csv.Error(f"it is longer than {MAX_LINE_BYTES:,} characters")

    def first(self) -> Line | None:
        """Take the next line that is not blank out, if there is one."""
        return next((line for line in self._lines if line.text.strip()), None)

    def peek(self, n_lines: int) -> list[Line]:
        """Look at the next lines, which are read again; only before any was put back."""
        peeked = list(islice(self._lines, n_lines))
        self._again = peeked[::-1]
        return peeked

    def take(self) -> list[Line]:
        """Return the lines that were read since the last call."""
        taken, self._taken, self._n_chars = self._taken, [], 0
        return taken

    def put_back(self, line: Line) -> None:
        """Let a line be read again, before all others."""
        self._again.append(line)


def _held(line: str) -> str:
    """Hide a carriage return inside a line from csv, which would end an unquoted field there."""
    text = line.rstrip("\r\n")
    return text.replace("\r", _HELD_RETURN) + line[len(text) :]


def released(fields: list[str], lines: list[Line]) -> list[str]:
    """Return the fields of some lines with the carriage returns that were hidden from csv."""
    if not any("\r" in line.text.rstrip("\r\n") for line in lines):
        return fields
    return [field.replace(_HELD_RETURN, "\r") for field in fields]


def _named(header: list[str]) -> list[str]:
    """Name the columns of a header that have no name, where there are several, by their place."""
    if header.count("") < 2:
        return header
    return [name or f"column_{place}" for place, name in enumerate(header, start=1)]


def _has_gap(fields: list[str]) -> bool:
    return any(field[:1].isspace() for field in fields[1:])


def _alike(rows: list[list[str]], first: str) -> list[list[str]]:
    """Return the rows whose first field looks like that of the row above it."""
    found = []
    for row in rows:
        if _look_alike(row[0], first):
            found.append(row)
            first = row[0]
    return found


def _look_alike(one: str, other: str) -> bool:
    """Compare two ids: numbers of about the same length, or words joined by the same marks."""
    if one.isdigit() or other.isdigit():
        return one.isdigit() and other.isdigit() and abs(len(one) - len(other)) <= 1
    return _marks(one) == _marks(other)


def _marks(text: str) -> str:
    """Return what stands between the words of a text; a word itself is one letter."""
    return _WORD.sub("w", text)
