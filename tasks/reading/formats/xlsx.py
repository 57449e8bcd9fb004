"""Read the rows of a sheet of a workbook: a record each, with the names of its first row."""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from tasks.reading.formats.base import Format
from tasks.reading.formats.rows import (
    FileLog,
    Row,
    UnfitFileError,
    as_text,
    require_columns,
    spelled,
)
from tasks.reading.formats.seekable import seekable
from tasks.reading.formats.settings import FileSettings
from tasks.reading.formats.unpacking import require_bounded

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_MAX_BYTES: Final = 2 << 30
"""A sheet is in memory as a whole; one that is full of reviews is a tenth of it."""


def read_xlsx(stream: IO[bytes], settings: FileSettings, log: FileLog) -> Iterator[Row]:
    """Stream the rows of the sheet that the config names, or of the only one that has any.

    Raises
    ------
    UnfitFileError
        If it is no workbook that can be read, has no such sheet or several, or two columns share a
        name; or where the extra that reads workbooks is not installed.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError
    except ImportError as error:
        raise UnfitFileError(
            'needs what reads workbooks and is not installed; pip install "nightfold[excel]"'
        ) from error
    with seekable(stream) as file:
        try:
            _require_bounded(file)
            with CalamineWorkbook.from_filelike(file) as book:
                yield from _rows(_sheet(book, settings.sheet, log))
        except PasswordError as error:
            raise UnfitFileError("is encrypted; save it without a password") from error
        except (CalamineError, BadZipFile) as error:
            raise UnfitFileError(f"is no readable workbook ({error}); save it again") from error


def _require_bounded(file: IO[bytes]) -> None:
    n_bytes = file.seek(0, 2)
    file.seek(0)
    with ZipFile(file) as archive:
        require_bounded(archive.infolist(), n_bytes, _MAX_BYTES)
    file.seek(0)


def _sheet(book: "CalamineWorkbook", wanted: str, log: FileLog) -> "CalamineSheet":
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [it for it in book.sheets_metadata if it.typ == SheetTypeEnum.WorkSheet]
    if wanted:
        if wanted not in [it.name for it in sheets]:
            raise UnfitFileError(
                f"has no sheet {wanted!r}; its sheets are {_listed([it.name for it in sheets])}"
            )
        return book.get_sheet_by_name(wanted)
    shown = [it.name for it in sheets if it.visible == SheetVisibleEnum.Visible]
    full = [sheet for name in shown if (sheet := book.get_sheet_by_name(name)).height]
    if len(full) > 1:
        raise UnfitFileError(
            f"has several sheets with rows, {_listed([it.name for it in full])}; set `sheet` under"
            " [ingest] to one of them"
        )
    if len(sheets) > 1:
        log.info("is read from its sheet %r, the only one with rows", full[0].name if full else "")
    return full[0] if full else book.get_sheet_by_name(shown[0])


def _rows(sheet: "CalamineSheet") -> Iterator[Row]:
    rows = sheet.iter_rows()
    header = _header(next(rows, []))
    require_columns(list(header.values()))
    first = sheet.start[0] + 2 if sheet.start else 2
    for number, cells in enumerate(rows, start=1):
        values = {name: _value(cells[place]) for place, name in header.items()}
        if any(value is not None for value in values.values()):
            yield Row(number, values, spelled(values), line=number + first - 1)


def _header(cells: list[Any]) -> dict[int, str]:
    """Return place → name of the columns; one without a name is named by its place."""
    return {place: as_text(cell) or f"column_{place + 1}" for place, cell in enumerate(cells)}


def _value(cell: Any) -> Any:
    return None if cell == "" else cell


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


XLSX: Final = Format(
    name="xlsx",
    endings=(".xlsx",),
    rows=read_xlsx,
    is_text=False,
    names_columns_first=True,
)
