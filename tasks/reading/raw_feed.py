"""Read the pieces of a feed into one table of raw rows; `tasks.reading.ingest` is the stage.

Reads  the feed's files
Writes raw rows (RAW_ROWS): every row that was read, the broken ones with their problem
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from tasks.boundary.counted import counted
from tasks.boundary.surrogates import encodable, is_encodable
from tasks.frame.result import StageResult
from tasks.reading.cells import CellForms, CellReader
from tasks.reading.columns import FileColumns
from tasks.reading.folders import folder_columns, in_folders
from tasks.reading.formats.kinds import FORMATS
from tasks.reading.formats.rows import FileLog, Row, broken_row
from tasks.reading.formats.settings import FileSettings
from tasks.reading.named_columns import Columns
from tasks.reading.picking import (
    CONTENT,
    NestedCellError,
    columns_of_id,
    is_rounded,
    made_id,
    parts_of,
    pick,
)
from tasks.reading.pieces import read_rows, read_types, require_unchanged
from tasks.reading.rating_column import RATING
from tasks.reading.sources.base import Feed, Piece
from tasks.store.storage import Ref, Store, TableWriter
from validation.limits import MAX_USUAL_LINES
from validation.tables.columns import FILE, N_LINES, PROBLEM, PROBLEM_RULE, RAW, ROW, SOURCE
from validation.tables.stage_schemas import RAW_ROWS

logger = logging.getLogger(__name__)

_PEEKED_ROWS = 100
# Whoever has more of them has seen what is wrong.
_N_LOGGED = 5
_BATCH_ROWS = 2048
_RAW_TYPES = [(field.name, field.type) for field in RAW_ROWS]


OnChange = Literal["replace", "keep", "refuse"]


class IngestSettings(FileSettings, CellForms):
    """How the feed is written."""

    columns: Columns = Columns()
    on_change: OnChange = Field(
        "replace",
        description="What becomes of a row whose id is known with another text: it takes the place"
        " of the earlier document, the earlier one is kept and the row is a duplicate, or the row"
        " is refused. A night on which most known ids come with unrelated texts stops: its ids"
        " have started again.",
    )


class RawFeed(StageResult):
    """What was read."""

    rows: Ref
    columns: dict[str, dict[str, str]]
    """File → part → column, as mapped or guessed."""
    ratings: dict[str, str] = Field(default_factory=dict)
    """File → the column that is its rating, which stays one of the feed's own."""
    guessed_ids: dict[str, list[str]] = Field(default_factory=dict)
    """File whose column of ids was guessed → other columns that might be it."""
    metadata_types: dict[str, str]
    """Arrow type of each metadata column where the feed states one (Parquet)."""

    def facts(self) -> dict[str, Any]:
        """Return which columns were taken for what."""
        return {"columns": self.roles()}

    def roles(self) -> dict[str, dict[str, str]]:
        """Return which columns were taken for what, the rating among them, for people to read."""
        return {
            file: mapping | ({RATING: self.ratings[file]} if file in self.ratings else {})
            for file, mapping in self.columns.items()
        }


def read_feed(store: Store, feed: Feed, settings: IngestSettings) -> RawFeed:
    """Stream every row of the feed into one table; a broken row is kept with its problem.

    Raises
    ------
    FeedError
        If a file is unreadable as a whole, has no text or id column, or changes meanwhile.
    """
    columns: dict[str, dict[str, str]] = {}
    ratings: dict[str, str] = {}
    guessed_ids: dict[str, list[str]] = {}
    types: list[dict[str, str] | None] = []
    known: set[str] = set()
    cells = CellReader(settings)
    with TableWriter(store, "ingest", RAW_ROWS) as writer:
        for piece in feed.pieces:
            found = FileColumns(settings.columns, piece.name, known)
            rows = read_rows(store, piece, settings)
            _write_piece(writer, piece, rows, found, cells)
            columns[piece.name] = found.described()
            rating = found.rating.found(found.mapping.values())
            if rating is not None and found.mapping:
                ratings[piece.name] = rating
            if (others := found.other_ids()) is not None:
                guessed_ids[piece.name] = others
            types.append(_metadata_types(read_types(store, piece), found.mapping))
            require_unchanged(piece)
    read = RawFeed(
        rows=writer.ref,
        columns=columns,
        ratings=ratings,
        guessed_ids=guessed_ids,
        metadata_types=_agreed(types),
    )
    _log_columns(read.roles())
    n_rows, n_files = counted(writer.ref.rows, "row"), counted(len(feed.pieces), "file")
    logger.info("read %s from %s", n_rows, n_files)
    if cells.n_nothing:
        logger.info(
            "cells with a word for nothing, which count as empty (`nothing` under [ingest]): %s",
            cells.counted(),
        )
    if cells.n_rounded:
        logger.warning(
            "%s came as floats of 2^53 or more, where neighbours are one number: two documents may"
            " have one id; write ids as text or as integers",
            counted(cells.n_rounded, "id"),
        )
    return read


def _write_piece(
    writer: TableWriter, piece: Piece, rows: Iterator[Row], columns: FileColumns, cells: CellReader
) -> None:
    admitted = (_admitted(row, columns) for row in rows)
    # The first rows say together which column plays which part.
    peeked = list(islice(admitted, _PEEKED_ROWS))
    columns.settle()
    folders = folder_columns(piece.name)
    if folders and any(row.values is not None for row in peeked):
        # As columns that come late: the date of a folder is no better than one in the file.
        columns.admit(folders)
    if FORMATS[piece.format].names_columns_first:
        columns.require_parts()
    whole = in_folders(chain(peeked, admitted), folders, FileLog(logger, piece.name))
    _write_rows(writer, piece, _watched(whole, piece), columns, cells)
    columns.require_parts()
    if "title" in columns.mapping and "text" not in columns.mapping:
        logger.warning(
            "%s has no column that looks like text, so its titles, column %r, are the texts; set"
            " `text` under [ingest.columns] if there is one",
            *(piece.name, columns.mapping["title"]),
        )
    if columns.made_of == () and columns.mapping:
        logger.warning(
            "%s has no column that looks like an id, so each id is made from %s: a document whose"
            " %s changes counts as another; set `doc_id` under [ingest.columns] to a column, or to"
            " a list of columns%s",
            *(piece.name, used := _listed_content(columns.mapping), used, columns.late_id()),
        )
    for part, used, other in columns.rivals():
        logger.warning(
            "%s: column %r is read as %s, and %r looks like it too; set `%s` under"
            " [ingest.columns] if it should be the other",
            *(piece.name, used, part, other, part),
        )


def _listed_content(mapping: dict[str, str]) -> str:
    return ", ".join(repr(mapping[part]) for part in CONTENT if part in mapping)


def _admitted(row: Row, columns: FileColumns) -> Row:
    if row.values is None:
        return row
    problem = columns.admit(row.values)
    if problem is None:
        columns.rating.note(row.values)
        return row
    return broken_row(row.number, row.raw, "row_parses", problem, row.line, row.n_lines)


def _watched(rows: Iterator[Row], piece: Piece) -> Iterator[Row]:
    """Log rows that cover very many lines: a quotation mark left open may have joined them."""
    n_long = 0
    for row in rows:
        if row.n_lines > MAX_USUAL_LINES:
            n_long += 1
            if n_long <= _N_LOGGED:
                logger.warning(
                    "%s row %d is one record of %s lines, from line %s on; if these are several"
                    " rows, a quotation mark is left open there",
                    *(piece.name, row.number, f"{row.n_lines:,}", f"{row.line:,}"),
                )
        yield row
    if n_long > _N_LOGGED:
        logger.warning("%s has %s more", piece.name, counted(n_long - _N_LOGGED, "such row"))


def _write_rows(
    writer: TableWriter, piece: Piece, rows: Iterator[Row], columns: FileColumns, cells: CellReader
) -> None:
    for some in _batches(rows):
        records = [_record(row, piece, columns, cells) for row in some]
        # RecordBatch.from_pylist takes several times as long.
        arrays = [pa.array([it.get(name) for it in records], kind) for name, kind in _RAW_TYPES]
        writer.write(pa.record_batch(arrays, RAW_ROWS))


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into batches (itertools.batched came with Python 3.12)."""
    while some := list(islice(rows, _BATCH_ROWS)):
        yield some


def _record(row: Row, piece: Piece, columns: FileColumns, cells: CellReader) -> dict[str, Any]:
    record: dict[str, Any] = {
        FILE: piece.name,
        ROW: row.number,
        SOURCE: piece.name,
        RAW: encodable(row.raw),
        N_LINES: row.n_lines,
        PROBLEM_RULE: row.problem_rule,
        PROBLEM: row.problem,
    }
    if row.values is None:
        return record
    cells.n_rounded += is_rounded(pick(row.values, columns.mapping.get("doc_id", "")))
    try:
        parts = _parts(row.values, columns, cells)
    except NestedCellError as error:
        return record | {PROBLEM_RULE: "row_parses", PROBLEM: str(error)}
    if not all(map(is_encodable, parts.values())):
        return record | {
            PROBLEM_RULE: "text_decodes",
            PROBLEM: "the row holds half a surrogate pair, which is no character",
        }
    record.update(parts)
    return record


def _parts(values: dict[str, Any], columns: FileColumns, cells: CellReader) -> dict[str, str]:
    """Read the cells that play a part, and make the id where no column has one."""
    parts = cells.read(parts_of(values, columns.mapping))
    if columns.made_of is None:
        return parts
    content = {part: parts.get(part) for part in CONTENT}
    named = cells.held(columns_of_id(values, columns.made_of)) if columns.made_of else content
    doc_id = made_id(named)
    return parts if doc_id is None else parts | {"doc_id": doc_id}


def _metadata_types(
    stated: dict[str, str] | None, mapping: dict[str, str]
) -> dict[str, str] | None:
    """Keep the types of the columns that are carried along."""
    if stated is None:
        return None
    return {name: kind for name, kind in stated.items() if name not in mapping.values()}


def _agreed(stated: Sequence[dict[str, str] | None]) -> dict[str, str]:
    """Keep the types that no file contradicts; a file that states none might hold anything."""
    known = [types for types in stated if types is not None]
    if len(known) < len(stated):
        return {}
    return {
        name: kind
        for name, kind in chain.from_iterable(types.items() for types in known)
        if all(types.get(name, kind) == kind for types in known)
    }


def _log_columns(columns: dict[str, dict[str, str]]) -> None:
    for file, mapping in columns.items():
        parts = ", ".join(f"{part} = {column!r}" for part, column in mapping.items())
        logger.info("columns of %s: %s", file, parts or "none, for no row could be read")
