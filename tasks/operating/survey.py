"""What the rows of a feed look like: examples of every part, dates, lengths, scripts.

Reads  raw rows, batch by batch
Writes nothing
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.operating.date_order import DateOrder
from tasks.preparing.batches import Batches
from validation.cells.timestamps import parse_timestamps
from validation.limits import NightDates
from validation.tables.columns import FILE, PROBLEM_RULE, ROW, TEXT, TIMESTAMP, TITLE

N_EXAMPLES: Final = 3
"""Values that are shown for each part: enough to see whether it is what its name says."""

QUANTILES: Final = (0.0, 0.5, 0.9, 0.99, 1.0)
"""Of the lengths: the longest one percent is what a limit would cut."""

_RARE: Final = 0.005
"""Scripts with a smaller share of the letters are summed up: a foreign word is no second script."""

_OTHERS: Final = "Others"


@dataclass
class Survey:
    """What the rows that could be read look like; it grows batch by batch.

    Attributes
    ----------
    dates
        Those that a document may have.
    n_rows
        How many there are.
    examples
        Part → the first values that differ.
    n_filled
        Part → rows that have a value.
    lengths
        Characters of every text, of the title where there is no text.
    letters
        Script → letters.
    first, last
        Of the dates that can be read and that a document may have.
    order
        What the dates that cannot be read say about the order of day and month.
    """

    dates: NightDates
    n_rows: int = 0
    examples: dict[str, dict[str, None]] = field(default_factory=dict)
    n_filled: Counter[str] = field(default_factory=Counter)
    lengths: list[np.ndarray] = field(default_factory=list)
    letters: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    order: DateOrder = field(default_factory=DateOrder)

    def add(self, rows: pa.RecordBatch, parts: Iterable[str]) -> None:
        """Take rows in."""
        self.n_rows += rows.num_rows
        for part in parts:
            self._note(part, rows[part])
        texts = pc.coalesce(rows[TEXT], rows[TITLE].cast(pa.large_string())).drop_null()
        self.lengths.append(pc.utf8_length(texts).to_numpy(zero_copy_only=False))
        for text in texts.to_pylist():
            self.letters.update(_scripts(text))
        self._span(rows)

    def quantiles(self) -> list[int]:
        """Return the lengths at `QUANTILES`; none where there are no texts."""
        lengths = np.concatenate(self.lengths) if self.lengths else np.zeros(0)
        if not lengths.size:
            return []
        return [int(it) for it in np.quantile(lengths, QUANTILES, method="inverted_cdf")]

    def n_longer(self, max_chars: int) -> int:
        """Count the texts that are longer than so many characters."""
        return sum(int((lengths > max_chars).sum()) for lengths in self.lengths)

    def scripts(self) -> dict[str, float]:
        """Return the share of each script among all letters, the most frequent first."""
        total = self.letters.total()
        shares = {script: n / total for script, n in self.letters.most_common()}
        usual = {script: share for script, share in shares.items() if share >= _RARE}
        rest = sum(shares.values()) - sum(usual.values())
        return usual | ({_OTHERS: rest} if len(usual) < len(shares) else {})

    def _note(self, part: str, values: pa.Array) -> None:
        self.n_filled[part] += len(values) - values.null_count
        found = self.examples.setdefault(part, {})
        for value in values.drop_null().to_pylist() if len(found) < N_EXAMPLES else ():
            if len(found) < N_EXAMPLES and value.strip():
                found[value] = None

    def _span(self, rows: pa.RecordBatch) -> None:
        dates = parse_timestamps(rows[TIMESTAMP])
        is_unread = pc.and_(pc.is_valid(rows[TIMESTAMP]), pa.array(dates.isna()))
        for row in rows.select([TIMESTAMP, FILE, ROW]).filter(is_unread).to_pylist():
            self.order.note(row[TIMESTAMP], f"{row[FILE]} row {row[ROW]}")
        dates = dates[dates.between(self.dates.earliest, self.dates.latest)]
        if len(dates):
            self.first = min(filter(None, (self.first, dates.min().to_pydatetime())))
            self.last = max(filter(None, (self.last, dates.max().to_pydatetime())))


def survey_rows(
    rows: Batches, columns: Mapping[str, Mapping[str, str]], dates: NightDates
) -> Survey:
    """Look at every row that could be read.

    Parameters
    ----------
    rows
        With the columns of `validation.tables.stage_schemas.RAW_ROWS`.
    columns
        File → part → column, as mapped or guessed.
    dates
        Those that a document of the night may have.
    """
    survey = Survey(dates)
    parts = list(dict.fromkeys(part for mapping in columns.values() for part in mapping))
    read = list(dict.fromkeys([*parts, TEXT, TITLE, TIMESTAMP, FILE, ROW, PROBLEM_RULE]))
    for batch in _readable(rows, read):
        survey.add(batch, parts)
    return survey


def _readable(rows: Batches, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for batch in rows(columns):
        yield batch.filter(pc.is_null(batch[PROBLEM_RULE]))


def _scripts(text: str) -> Counter[str]:
    """Count the letters of each script."""
    found: Counter[str] = Counter()
    for letter, n in Counter(text).items():
        if letter.isalpha():
            found[_script(letter)] += n
    return found


@cache
def _script(letter: str) -> str:
    """Return the script of a letter: the first word of its name, as Unicode names it."""
    return unicodedata.name(letter, _OTHERS).partition(" ")[0].title()
