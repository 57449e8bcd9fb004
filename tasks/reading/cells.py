"""Read the cells of a row that play a part: words for nothing are absent, dates are as said."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from pydantic import Field

from tasks.reading.dates import DateForms
from validation.tables.columns import LABEL, TIMESTAMP, WITHDRAWN

NOTHING: Final = ("NULL", "NaN", "None", "N/A", "#N/A", "<NA>", "NaT", "\\N", "-")
"""What databases, spreadsheets, pandas and people write where there is nothing."""

_DATED: Final = (TIMESTAMP, WITHDRAWN)
_OF_ANY_WORD: Final = (LABEL,)
"""A class may well be called None."""


class CellForms(DateForms):
    """How the feed writes what is in its cells."""

    nothing: tuple[str, ...] = Field(
        NOTHING,
        description="Words that mean that a cell is empty, where they stand alone in an id, a text,"
        " a title, a date or a source; case does not matter.",
    )


class CellReader:
    """Reads the cells that play a part, and counts those that hold a word for nothing.

    Parameters
    ----------
    forms
        What the config says.
    """

    def __init__(self, forms: CellForms) -> None:
        self._forms = forms
        self._nothing = frozenset(word.strip().casefold() for word in forms.nothing)
        self._longest = max(map(len, self._nothing), default=0)
        self.n_nothing: Counter[str] = Counter()
        """Part → cells that held such a word."""
        self.n_rounded = 0
        """Ids that came as floats too large to be exact."""

    def read(self, cells: Mapping[str, str | None]) -> dict[str, str]:
        """Return the cells of a row that hold something, by their part."""
        held = self.held(cells)
        for part in _DATED:
            if part in held:
                held[part] = self._forms.spelled(held[part])
        return held

    def held(self, cells: Mapping[str, str | None]) -> dict[str, str]:
        """Return the cells that hold something, as they came, and count words for nothing."""
        held: dict[str, str] = {}
        for name, cell in cells.items():
            if cell is None:
                continue
            word = cell.strip()
            # A long text is no word, and folding its case takes time.
            is_short = len(word) <= self._longest and name not in _OF_ANY_WORD
            if is_short and word.casefold() in self._nothing:
                self.n_nothing[name] += 1
            else:
                held[name] = cell
        return held

    def counted(self) -> str:
        """Return how many cells of each part held a word for nothing, as words."""
        return ", ".join(f"{n:,} of {part}" for part, n in sorted(self.n_nothing.items()))
