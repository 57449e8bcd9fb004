"""How a CSV is written: the marks that the config names, and those that its first lines tell."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tasks.reading.formats.lines import MAX_LINE_BYTES
from tasks.reading.formats.settings import FileSettings

_DELIMITERS: Final = ",;\t|"
# What spreadsheets write above the header, for spreadsheets of other countries.
_NAMED_DELIMITER: Final = re.compile(r'"?sep=([^\r\n])"?[\r\n]*')

csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True)
class Dialect:
    """The marks of a CSV.

    Parameters
    ----------
    delimiter
        Between fields; empty until it is known.
    quote
        Around fields; empty if there is none.
    escape
        Before a quotation mark inside a field; empty if quotation marks are doubled.
    """

    delimiter: str
    quote: str
    escape: str

    def reader(self, lines: Iterable[str], is_strict: bool = True) -> Iterator[list[str]]:
        """Return csv's reader; a strict one refuses what stands behind a quoted field."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            strict=is_strict,
        )

    def guessed(self, header: str) -> "Dialect":
        """Return the dialect with the delimiter that a header has most of, outside of quotes."""
        if self.delimiter:
            return self
        outside = "".join(header.split(self.quote)[::2]) if self.quote else header
        return replace(self, delimiter=max(_DELIMITERS, key=outside.count))

    def ends_rows(self, lines: Sequence[str], n_columns: int, is_cut: bool) -> bool:
        """Return whether the rows end in a delimiter, and the header does not.

        A row with a comma in its text can look so, too; so no row may fit the header as it is.

        Parameters
        ----------
        lines
            The first ones below the header.
        n_columns
            Of the header.
        is_cut
            Whether other lines follow, and the last of these rows may be incomplete.
        """
        try:
            rows = [row for row in self.reader(lines, is_strict=False) if row]
        except csv.Error:
            return False
        # A quotation mark left open has all that follows in one last row.
        rows = rows[:-1] if is_cut or self._is_broken(lines) else rows
        n_ended = sum(len(row) == n_columns + 1 and not row[-1] for row in rows)
        return 2 * n_ended > len(rows) and all(len(row) != n_columns for row in rows)

    def _is_broken(self, lines: Sequence[str]) -> bool:
        try:
            list(self.reader(lines))
        except csv.Error:
            return True
        return False


def dialect_of(settings: FileSettings) -> Dialect:
    """Return what the config says of a CSV."""
    return Dialect(settings.delimiter, settings.quote, settings.escape)


def named_delimiter(line: str) -> str | None:
    """Return the delimiter that a file names in its first line, if it does: sep=;."""
    found = _NAMED_DELIMITER.fullmatch(line)
    return found[1] if found else None
