"""Cells of spreadsheets that are only ever texts: nothing from a feed is computed."""

from datetime import date, datetime
from typing import Final

Cell = str | int | float | bool | None

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets take for a formula, as OWASP lists them (CSV
injection); white space before a formula is dropped by some, and wide characters are narrowed."""

MAX_CHARS: Final = 32_767
"""Of a cell in Excel, which refuses a workbook with more, and cuts what it reads of CSV."""

_CUT: Final = "…"


def cell_of(value: object) -> Cell:
    """Return a value as a cell: dates as texts, everything else as it is; see `MAX_CHARS`."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value.isoformat() if isinstance(value, (date, datetime)) else str(value)
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + _CUT


def is_cut(value: object) -> bool:
    """Return whether a cell holds less than the value."""
    return isinstance(value, str) and len(value) > MAX_CHARS


def is_formula(cell: Cell) -> bool:
    """Return whether a spreadsheet may take a text for a formula; numbers are none."""
    return isinstance(cell, str) and cell.startswith(_FORMULA)


def inert_cell(cell: Cell) -> Cell:
    """Return a cell of CSV with an apostrophe before what may be taken for a formula."""
    return f"'{cell}"[:MAX_CHARS] if is_formula(cell) else cell
