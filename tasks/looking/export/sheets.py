"""Write what is exported as CSV files, or as a workbook.

Reads  nothing
Writes DIR/documents.csv and DIR/clusters.csv, or a workbook with these sheets
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tasks.looking.export.cells import Cell, cell_of, inert_cell, is_cut, is_formula
from tasks.looking.export.rows import Exported
from tasks.looking.texts import Row
from tasks.store.files import write_atomically
from validation.errors import BAD_USAGE, NightfoldError

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

MAX_ROWS: Final = 1_048_576
"""Of a sheet in Excel, the names of the columns among them."""


class CannotExportError(NightfoldError, ValueError):
    """An export that cannot be written as it is asked for."""

    exit_code = BAD_USAGE


def sheets_of(found: Exported) -> dict[str, Sequence[Row]]:
    """Return the rows of each sheet."""
    return {"documents": found.documents, "clusters": found.clusters}


def warnings_of(found: Exported) -> list[str]:
    """Say what spreadsheets hold in another way than the tables do."""
    values = [it for rows in sheets_of(found).values() for row in rows for it in row.values()]
    n_formulas = sum(is_formula(cell_of(it)) for it in values)
    n_cut = sum(map(is_cut, values))
    said = []
    if n_formulas:
        said.append(
            f"{n_formulas:,} cells begin like a formula: in CSV they have an apostrophe before"
            " them, in a workbook they are text cells"
        )
    if n_cut:
        said.append(f"{n_cut:,} texts are longer than a cell, and cut")
    return said


def write_csv(found: Exported, folder: Path) -> list[Path]:
    """Write a CSV file for each sheet, in UTF-8 with the mark that Excel knows it by."""
    written = []
    for name, rows in sheets_of(found).items():
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(_header(rows))
        writer.writerows([inert_cell(cell_of(it)) for it in row.values()] for row in rows)
        path = folder / f"{name}.csv"
        write_atomically(path, text.getvalue().encode("utf-8-sig"))
        written.append(path)
    return written


def write_xlsx(found: Exported, file: Path) -> list[Path]:
    """Write a workbook whose texts are text cells: no formula, no link.

    Raises
    ------
    CannotExportError
        If there are more rows than a sheet has, or the extra that writes workbooks is missing.
    """
    try:
        from xlsxwriter.workbook import Workbook
    except ImportError as error:
        raise CannotExportError(
            'a workbook needs what writes it and is not installed; pip install "nightfold[excel]"'
        ) from error
    if len(found.documents) >= MAX_ROWS:
        raise CannotExportError(
            f"a sheet has {MAX_ROWS:,} rows at most, got {len(found.documents):,} documents; use"
            " --csv DIR"
        )
    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets_of(found).items():
            _fill(book, name, rows)
    write_atomically(file, content.getvalue())
    return [file]


def _fill(book: "Workbook", name: str, rows: Sequence[Row]) -> None:
    sheet = book.add_worksheet(name)
    for number, cells in enumerate([_header(rows), *map(_cells, rows)]):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            elif isinstance(cell, bool):
                sheet.write_boolean(number, column, cell)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 0)


def _header(rows: Sequence[Row]) -> list[Cell]:
    return list(rows[0]) if rows else []


def _cells(row: Mapping[str, object]) -> list[Cell]:
    return [cell_of(it) for it in row.values()]
