"""Make documents of the accepted rows: clean texts, fold exact duplicates, carry metadata along.

Reads  raw rows, verdicts of the raw check, ids and texts of earlier nights
Writes candidates (CANDIDATES and the feed's own columns), duplicates (DUPLICATES)
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.check_raw import RawCheck
from tasks.history import NightTable
from tasks.ingest import RawFeed
from tasks.stage import stage
from tasks.storage import Ref, Store, TableWriter, read_batches, read_table
from validation.schemas import (
    CANDIDATES,
    DOC_ID,
    DUPLICATE_OF,
    DUPLICATES,
    FILE,
    FIRST_NIGHT,
    IS_TRUNCATED,
    KIND,
    LABEL,
    POSITION,
    RAW,
    REUSED_ON,
    ROW,
    SOURCE,
    TEXT,
    TEXT_DIGEST,
    TIMESTAMP,
    TITLE,
)

logger = logging.getLogger(__name__)

_READ: Final = [FILE, ROW, DOC_ID, TEXT, TIMESTAMP, SOURCE, TITLE, LABEL, RAW]
_RESERVED: Final = {*CANDIDATES.names, "feed", "night"}


class PrepareSettings(BaseModel):
    """How texts are normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_text_chars: int = Field(
        10_000, ge=100, description="Longer texts are cut here and flagged."
    )


class Prepared(BaseModel):
    """Documents before their check, and the rows that only repeat one."""

    model_config = ConfigDict(frozen=True)

    candidates: Ref
    duplicates: Ref


@dataclass
class Seen:
    """The first document with each text and the text of each id, over all nights so far.

    Parameters
    ----------
    first_with_text
        Text digest → (doc_id, night).
    text_of_id
        doc_id → (text digest, night).
    """

    first_with_text: dict[str, tuple[str, str]] = field(default_factory=dict)
    text_of_id: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, doc_id: str, digest: str, night: str) -> None:
        """Note a document; the first one with a text stays the first."""
        self.first_with_text.setdefault(digest, (doc_id, night))
        self.text_of_id.setdefault(doc_id, (digest, night))


@stage("prepare", version=1)
def prepare(
    store: Store, raw: RawFeed, check: RawCheck, past: list[NightTable], settings: PrepareSettings
) -> Prepared:
    """Normalise every accepted row into a document and fold exact duplicates.

    A row with the id and the text of an earlier document is no new document. A new id with a text
    that is known already is one, and points at the first document with that text.
    """
    seen = _seen_before(store, past)
    fields = _metadata_fields(store, raw, check)
    schema = pa.schema([*CANDIDATES, *fields.values()])
    with (
        TableWriter(store, "prepare", schema) as candidates,
        TableWriter(store, "prepare", DUPLICATES) as duplicates,
    ):
        for rows in _accepted_rows(store, raw, check):
            records = [_candidate(row, settings) for row in rows]
            repeats = [
                repeat for record in records if (repeat := _fold(record, seen, str(store.night)))
            ]
            kept = [record for record in records if not record["is_repeat"]]
            candidates.write(_candidate_table(kept, schema, fields, raw))
            duplicates.write(pa.Table.from_pylist(repeats, schema=DUPLICATES))
    logger.info(
        "prepared %s documents, %s rows repeat a document or its text",
        f"{candidates.ref.rows:,}",
        f"{duplicates.ref.rows:,}",
    )
    return Prepared(candidates=candidates.ref, duplicates=duplicates.ref)


def _seen_before(store: Store, past: list[NightTable]) -> Seen:
    """Note the documents of the other nights; those of later nights only keep their ids."""
    seen = Seen()
    for night in past:
        table = read_table(store, night.table, [DOC_ID, TEXT_DIGEST])
        for doc_id, digest in zip(
            *(table[name].to_pylist() for name in table.column_names), strict=True
        ):
            if night.night < store.night:
                seen.add(doc_id, digest, str(night.night))
            else:
                seen.text_of_id.setdefault(doc_id, (digest, str(night.night)))
    return seen


def _accepted_rows(store: Store, raw: RawFeed, check: RawCheck) -> Iterator[list[dict[str, Any]]]:
    """Give the rows that the raw check lets through, batch by batch, each with its position."""
    refused = set(read_table(store, check.refused, [POSITION])[POSITION].to_pylist())
    positions = count()
    for batch in read_batches(store, raw.rows, _READ):
        rows = [
            row | {POSITION: position}
            for row, position in zip(batch.to_pylist(), positions, strict=False)
        ]
        yield [row for row in rows if row[POSITION] not in refused]


def _candidate(row: dict[str, Any], settings: PrepareSettings) -> dict[str, Any]:
    from tasks.cleaning import clean_text, cut_text, text_digest

    text, is_truncated = cut_text(clean_text(row[TEXT]), settings.max_text_chars)
    title = clean_text(row[TITLE])[: settings.max_text_chars] if row[TITLE] else None
    return row | {
        DOC_ID: row[DOC_ID].strip(),
        TEXT: text,
        TITLE: title or None,
        TEXT_DIGEST: text_digest(title, text),
        IS_TRUNCATED: is_truncated,
    }


def _fold(record: dict[str, Any], seen: Seen, night: str) -> dict[str, Any] | None:
    """Mark what a record repeats; give the line of the duplicates table, if it repeats anything."""
    doc_id, digest = record[DOC_ID], record[TEXT_DIGEST]
    record |= {DUPLICATE_OF: None, REUSED_ON: None, "is_repeat": False}
    if not record[TEXT]:
        return None
    earlier_digest, earlier_night = seen.text_of_id.get(doc_id, (None, None))
    if earlier_digest is not None and earlier_digest != digest:
        record[REUSED_ON] = earlier_night
        return None
    if earlier_digest == digest:
        record["is_repeat"] = True
        return _duplicate(record, doc_id, "same_row", str(earlier_night))
    first_id, first_night = seen.first_with_text.get(digest, (None, None))
    seen.add(doc_id, digest, night)
    if first_id is None:
        return None
    record[DUPLICATE_OF] = first_id
    return _duplicate(record, first_id, "same_text", str(first_night))


def _duplicate(record: Mapping[str, Any], first_id: str, kind: str, night: str) -> dict[str, Any]:
    return {
        FILE: record[FILE],
        ROW: record[ROW],
        DOC_ID: record[DOC_ID],
        DUPLICATE_OF: first_id,
        KIND: kind,
        FIRST_NIGHT: night,
    }


def _metadata_fields(store: Store, raw: RawFeed, check: RawCheck) -> dict[str, pa.Field]:
    from tasks.metadata import metadata_fields

    rows = (_unmapped(row, raw) for rows in _accepted_rows(store, raw, check) for row in rows)
    return metadata_fields(rows, raw.metadata_types, _RESERVED)


def _unmapped(row: Mapping[str, Any], raw: RawFeed) -> dict[str, Any]:
    mapped = raw.columns[row[FILE]].values()
    return {key: value for key, value in json.loads(row[RAW]).items() if key not in mapped}


def _candidate_table(
    records: list[dict[str, Any]], schema: pa.Schema, fields: Mapping[str, pa.Field], raw: RawFeed
) -> pa.Table:
    from tasks.metadata import column
    from validation.timestamps import parse_timestamps

    stamps = pa.Array.from_pandas(parse_timestamps([record[TIMESTAMP] for record in records]))
    arrays: dict[str, pa.Array] = {TIMESTAMP: stamps.cast(schema.field(TIMESTAMP).type)}
    for name in CANDIDATES.names:
        if name != TIMESTAMP:
            arrays[name] = pa.array([record[name] for record in records], schema.field(name).type)
    metadata = [_unmapped(record, raw) for record in records]
    for key, kind in fields.items():
        arrays[kind.name] = column([row.get(key) for row in metadata], kind.type)
    return pa.table([arrays[name] for name in schema.names], schema=schema)
