"""Read tonight's feed into one table of raw rows.

Reads  the feed's files
Writes raw rows (RAW_ROWS): every row that was read, the broken ones with their problem
"""

import codecs
import logging
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.columns import Columns, encodable, map_columns, parts_of
from tasks.feed import Feed, FeedFile, opened, require_unchanged
from tasks.readers import Row, read_rows
from tasks.stage import stage
from tasks.storage import Ref, Store, TableWriter
from tasks.wording import counted
from validation.schemas import FILE, PROBLEM, PROBLEM_RULE, RAW, RAW_ROWS, ROW, SOURCE

logger = logging.getLogger(__name__)

_PEEKED_ROWS = 100
_BATCH_ROWS = 2048


class IngestSettings(BaseModel):
    """How the feed is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = Field(
        "utf-8", description="Encoding of JSONL and CSV files; a BOM is understood."
    )
    columns: Columns = Columns()

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str) -> str:
        try:
            "\n".encode(encoding)
        except (LookupError, UnicodeError) as error:
            raise ValueError(
                f"encoding must be a text encoding that Python knows, got {encoding!r}"
            ) from error
        return codecs.lookup(encoding).name


class RawFeed(BaseModel):
    """What was read."""

    model_config = ConfigDict(frozen=True)

    rows: Ref
    columns: dict[str, dict[str, str]]
    """File → part → column, as mapped or guessed."""
    metadata_types: dict[str, str]
    """Arrow type of each metadata column where the feed states one (Parquet)."""


@stage("ingest", version=2, retries=3)
def ingest(store: Store, feed: Feed, settings: IngestSettings) -> RawFeed:
    """Stream every row of the feed into one table; a broken row is kept with its problem.

    Raises
    ------
    FeedError
        If a file is unreadable as a whole, has no text or id column, or changes meanwhile.
    """
    columns: dict[str, dict[str, str]] = {}
    types: list[dict[str, str] | None] = []
    with TableWriter(store, "ingest", RAW_ROWS) as writer:
        for file in feed.files:
            rows = read_rows(file, settings.encoding)
            peeked = list(islice(rows, _PEEKED_ROWS))
            mapping = _mapping(peeked, settings.columns, file)
            columns[file.name] = mapping
            types.append(_metadata_types(file, mapping))
            _write_rows(writer, file, chain(peeked, rows), mapping)
            require_unchanged(file)
    _say_columns(columns)
    n_rows, n_files = counted(writer.ref.rows, "row"), counted(len(feed.files), "file")
    logger.info("read %s from %s", n_rows, n_files)
    return RawFeed(rows=writer.ref, columns=columns, metadata_types=_agreed(types))


def _mapping(peeked: list[Row], wanted: Columns, file: FeedFile) -> dict[str, str]:
    """Map a file's columns by its first rows; a file without a readable row has none to map."""
    readable = [row.values for row in peeked if row.values is not None]
    names = dict.fromkeys(chain.from_iterable(readable))
    return map_columns(names, wanted, file.name) if readable else {}


def _write_rows(
    writer: TableWriter, file: FeedFile, rows: Iterator[Row], mapping: dict[str, str]
) -> None:
    for some in _batches(rows):
        records = [_record(row, file, mapping) for row in some]
        writer.write(pa.RecordBatch.from_pylist(records, schema=RAW_ROWS))


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into batches (itertools.batched came with Python 3.12)."""
    while some := list(islice(rows, _BATCH_ROWS)):
        yield some


def _record(row: Row, file: FeedFile, mapping: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {
        FILE: file.name,
        ROW: row.number,
        SOURCE: file.name,
        RAW: encodable(row.raw),
        PROBLEM_RULE: row.problem_rule,
        PROBLEM: row.problem,
    }
    if row.values is None:
        return record
    parts = {
        part: value for part, value in parts_of(row.values, mapping).items() if value is not None
    }
    if any(value != encodable(value) for value in parts.values()):
        return record | {
            PROBLEM_RULE: "text_decodes",
            PROBLEM: "the row holds half a surrogate pair, which is no character",
        }
    return record | parts


def _metadata_types(file: FeedFile, mapping: dict[str, str]) -> dict[str, str] | None:
    """Read the types of the columns that are carried along, where the format states them."""
    if file.format != "parquet" or file.compression is not None:
        return None
    with opened(file) as stream:
        schema = pq.read_schema(stream)
    return {field.name: str(field.type) for field in schema if field.name not in mapping.values()}


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


def _say_columns(columns: dict[str, dict[str, str]]) -> None:
    for file, mapping in columns.items():
        parts = ", ".join(f"{part} = {column!r}" for part, column in mapping.items())
        logger.info("columns of %s: %s", file, parts or "none, for no row could be read")
