"""Whose an id is among all rows of a night, found through hashes: the ids themselves are not kept.

Reads  measurements, frame by frame
Writes the measurements that are known after the last of them: the use of ids
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from validation.measure import HAS_ID, HAS_TEXT, ROWS_OF_ONE, TEXT_HASH, stripped
from validation.tables.columns import DOC_ID, POSITION

ID_USE: Final = "id_use"
"""first for the first row with a text under its id, repeat for a later row with that text, conflict
for one with another text; null without an id or a text."""

IS_SHARED: Final = "is_shared"
"""Whether another document has the id."""

OF_ALL_ROWS: Final = frozenset({ID_USE, IS_SHARED})
"""What is known of a row when all have been read."""

FIRST: Final = "first"
REPEAT: Final = "repeat"
CONFLICT: Final = "conflict"

_USES: Final = (FIRST, REPEAT, CONFLICT)
_NO_USE: Final = -1

# A hash of 64 bits would take one id for another in one of thirty million feeds of a million rows.
_HASH_KEYS: Final = ("0123456789123456", "6543219876543210")
_KEY: Final = np.dtype(
    [
        (POSITION, np.int64),
        ("low", np.uint64),
        ("high", np.uint64),
        ("text", np.uint64),
        ("has_use", np.bool_),
    ]
)


class IdKeys:
    """What tells the ids of a night's rows apart: 33 bytes for each row."""

    def __init__(self) -> None:
        self._parts = [np.empty(0, _KEY)]

    def noting(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield frames of measurements, and keep the keys of their rows."""
        for frame in frames:
            self._parts.append(_keys(frame))
            yield frame

    def uses(self, excluded: np.ndarray) -> "pd.Categorical[str]":
        """Return the use of every row's id, see `ID_USE`.

        Parameters
        ----------
        excluded
            Numbers of rows that are refused anyway: they do not keep their id from a good row, and
            the use of their own is null.
        """
        has_use = self._column("has_use")
        has_use[excluded] = False
        rows = np.flatnonzero(has_use)
        first, texts = self._first(rows), self._column("text")[rows]
        is_first = first == np.arange(len(rows))
        codes = np.full(len(has_use), _NO_USE, np.int8)
        # The places of `_USES`.
        codes[rows] = np.where(is_first, 0, np.where(texts == texts[first], 1, 2))
        return pd.Categorical.from_codes(codes, categories=pd.Index(_USES))

    def shared(self) -> np.ndarray:
        """Return of every row whether it shares its id."""
        has_use = self._column("has_use")
        rows = np.flatnonzero(has_use)
        first = self._first(rows)
        has_use[rows] = np.bincount(first, minlength=len(rows))[first] > 1
        return has_use

    def frames(
        self, name: str, values: "pd.Categorical[str] | np.ndarray", quoted: pd.DataFrame
    ) -> Iterator[pd.DataFrame]:
        """Yield frames of one measurement of all rows, at least one.

        Parameters
        ----------
        name
            Of the measurement.
        values
            Of every row.
        quoted
            From `read_quoted`, of the rows that break the rule about it; null in the others.
        """
        positions = self._column(POSITION)
        for first in range(0, max(len(positions), 1), ROWS_OF_ONE):
            rows = slice(first, first + ROWS_OF_ONE)
            frame = pd.DataFrame({POSITION: positions[rows], name: values[rows]})
            numbers = pd.RangeIndex(first, first + len(frame))
            yield frame.set_axis(numbers).join(quoted)

    def _first(self, rows: np.ndarray) -> np.ndarray:
        """Return for each of some rows which of them is the first with its id."""
        low, high = self._column("low")[rows], self._column("high")[rows]
        order = np.lexsort((high, low))  # stable: the rows of an id stay in their order
        low, high = low[order], high[order]
        is_new = np.ones(len(rows), np.bool_)
        is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        first = np.empty(len(rows), np.int64)
        first[order] = order[is_new][np.cumsum(is_new) - 1]
        return first

    def _column(self, name: str) -> np.ndarray:
        column: np.ndarray = np.concatenate([part[name] for part in self._parts])
        return column


def read_quoted(
    read: Callable[[list[str]], Iterable[pa.RecordBatch]], columns: list[str], rows: np.ndarray
) -> pd.DataFrame:
    """Read columns of some rows again; where there are no such rows, nothing is read.

    Parameters
    ----------
    read
        Reads columns of all rows.
    columns
        The id among them.
    rows
        Numbers of rows, ascending.

    Returns
    -------
    A frame whose index is the number of the row.
    """
    parts = []
    first = 0
    for batch in read(columns) if len(rows) else ():
        here = rows[slice(*np.searchsorted(rows, (first, first + len(batch))))]
        part = batch.take(pa.array(here - first))
        part = part.set_column(columns.index(DOC_ID), DOC_ID, stripped(part[DOC_ID]))
        parts.append(part.to_pandas().set_axis(here))
        first += len(batch)
    return pd.concat(parts) if parts else pd.DataFrame(index=pd.RangeIndex(0))


def _keys(frame: pd.DataFrame) -> np.ndarray:
    """Return the keys of measured rows; those of documents have no hash of the text."""
    keys = np.zeros(len(frame), _KEY)
    keys[POSITION] = frame[POSITION]
    has_both = frame[HAS_ID] & frame[HAS_TEXT] if HAS_TEXT in frame else frame[HAS_ID]
    keys["has_use"] = has_use = has_both.fillna(False).to_numpy(dtype=bool)
    ids = frame[DOC_ID].to_numpy(dtype=object)[has_use]
    for name, key in zip(("low", "high"), _HASH_KEYS, strict=True):
        keys[name][has_use] = pd.util.hash_array(ids, hash_key=key, categorize=False)
    if TEXT_HASH in frame:
        keys["text"] = frame[TEXT_HASH].fillna(0)
    return keys
