"""Make documents of the accepted rows: clean texts, fold exact duplicates, carry metadata along.

Reads  raw rows, verdicts of the raw check, ids and texts of earlier nights
Writes candidates (CANDIDATES and the feed's own columns), duplicates (DUPLICATES), rows that are
withdrawn (WITHDRAWALS)
"""

import json
import logging
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.frame.stage import stage
from tasks.preparing.check_raw import RawCheck
from tasks.preparing.own_columns import ColumnChange, OwnColumns, plan_columns, read_known
from tasks.preparing.seen import Seen, read_seen
from tasks.reading.ingest import RawFeed
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, TableWriter, read_batches, read_table
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
    WITHDRAWALS,
    WITHDRAWN,
)

logger = logging.getLogger(__name__)

_READ: Final = [FILE, ROW, DOC_ID, TEXT, TIMESTAMP, SOURCE, TITLE, LABEL, WITHDRAWN, RAW]
_TITLE_MARGIN: Final = 20
"""How many times the longest title that is kept may come with mark-up around it."""


class PrepareSettings(BaseModel):
    """How texts are normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_text_chars: int = Field(
        10_000, ge=100, description="Longer texts are cut here and flagged."
    )


class Prepared(BaseModel):
    """Documents before their check, the rows that only repeat one, and those that withdraw one."""

    model_config = ConfigDict(frozen=True)

    candidates: Ref
    duplicates: Ref
    withdrawn: Ref
    column_changes: list[ColumnChange] = []
    """Where the feed's own columns hold another kind of value than before."""


@stage("prepare", version=4)
def prepare(
    store: Store, raw: RawFeed, check: RawCheck, past: list[NightTable], settings: PrepareSettings
) -> Prepared:
    """Normalise every accepted row into a document and fold exact duplicates.

    A row with the id and the text of an earlier document is no new document. A new id with a text
    that is known already is one, and points at the first document with that text.

    An id that any row of the feed withdraws has no document tonight, wherever the row stands and
    whatever the other rows with that id hold: what was asked to go must not stay for an order of
    rows. An id that nobody knows can be withdrawn too. On a later night whose feed does not
    withdraw it, a row with that id is a document again.
    """
    before, leaving = read_seen(store, past), _withdrawn_tonight(store, raw, check)
    seen = before.without(leaving)
    own = _own_columns(store, raw, check, past, leaving)
    schema = pa.schema([*CANDIDATES, *own.fields.values()])
    with (
        TableWriter(store, "prepare", schema) as candidates,
        TableWriter(store, "prepare", DUPLICATES) as duplicates,
        TableWriter(store, "prepare", WITHDRAWALS) as withdrawn,
    ):
        told: set[str] = set()
        for rows in _accepted_rows(store, raw, check):
            gone = [row for row in rows if row[DOC_ID] in leaving]
            withdrawals = [_withdrawal(row, before, told, str(store.night)) for row in gone]
            records = [_candidate(row, settings) for row in rows if row[DOC_ID] not in leaving]
            repeats = [
                repeat for record in records if (repeat := _fold(record, seen, str(store.night)))
            ]
            kept = [record for record in records if not record["is_repeat"]]
            candidates.write(_candidate_table(kept, schema, own, raw))
            duplicates.write(pa.Table.from_pylist(repeats, schema=DUPLICATES))
            withdrawn.write(pa.Table.from_pylist(withdrawals, schema=WITHDRAWALS))
    logger.info(
        "prepared %s documents, %s rows repeat a document or its text, %s are withdrawn",
        f"{candidates.ref.rows:,}",
        f"{duplicates.ref.rows:,}",
        f"{withdrawn.ref.rows:,}",
    )
    for change in own.changes():
        logger.warning(change.sentence())
    return Prepared(
        candidates=candidates.ref,
        duplicates=duplicates.ref,
        withdrawn=withdrawn.ref,
        column_changes=own.changes(),
    )


def _withdrawn_tonight(store: Store, raw: RawFeed, check: RawCheck) -> set[str]:
    """Give the ids that any accepted row of the feed withdraws."""
    if not any(WITHDRAWN in mapping for mapping in raw.columns.values()):
        return set()
    return {
        row[DOC_ID] for rows in _accepted_rows(store, raw, check) for row in rows if row[WITHDRAWN]
    }


def _accepted_rows(store: Store, raw: RawFeed, check: RawCheck) -> Iterator[list[dict[str, Any]]]:
    """Give the rows that the raw check lets through, batch by batch, each with its position."""
    from validation.withdrawals import parse_withdrawals

    refused = set(read_table(store, check.refused, [POSITION])[POSITION].to_pylist())
    positions = count()
    for batch in read_batches(store, raw.rows, _READ):
        is_withdrawn = parse_withdrawals(batch[WITHDRAWN]).to_pylist()
        rows = [
            row | {POSITION: position, WITHDRAWN: withdrawn}
            for row, position, withdrawn in zip(
                batch.to_pylist(), positions, is_withdrawn, strict=False
            )
        ]
        yield [row | {DOC_ID: row[DOC_ID].strip()} for row in rows if row[POSITION] not in refused]


def _withdrawal(row: Mapping[str, Any], before: Seen, told: set[str], night: str) -> dict[str, Any]:
    """Give a row's line of the withdrawals; `told` are the ids that a row above it withdrew."""
    doc_id = row[DOC_ID]
    document = before.text_of_id.get(doc_id)
    earlier = before.withdrawn_on.get(doc_id)
    if not row[WITHDRAWN]:
        kind, first_night = "held_back", document[1] if document else None
    elif doc_id in told:
        kind, first_night = "repeat", earlier or night
    elif document:
        kind, first_night = "known", document[1]
    else:
        kind, first_night = "repeat" if earlier else "unknown", earlier
    if row[WITHDRAWN]:
        told.add(doc_id)
    return {
        FILE: row[FILE],
        ROW: row[ROW],
        DOC_ID: doc_id,
        KIND: kind,
        FIRST_NIGHT: first_night,
    }


def _candidate(row: dict[str, Any], settings: PrepareSettings) -> dict[str, Any]:
    from tasks.preparing.cleaning import clean_beginning, text_digest

    max_chars = settings.max_text_chars
    text, text_is_cut = clean_beginning(row[TEXT], max_chars)
    # The check bounds texts and not titles, so of a title only so much is looked at.
    whole = row[TITLE] or ""
    looked_at = whole[: _TITLE_MARGIN * max_chars]
    title, title_is_cut = clean_beginning(looked_at, max_chars)
    return row | {
        TEXT: text,
        TITLE: title or None,
        TEXT_DIGEST: text_digest(title, text),
        IS_TRUNCATED: text_is_cut or title_is_cut or len(looked_at) < len(whole),
    }


def _fold(record: dict[str, Any], seen: Seen, night: str) -> dict[str, Any] | None:
    """Mark what a record repeats; give the line of the duplicates table, if it repeats anything."""
    doc_id, digest = record[DOC_ID], record[TEXT_DIGEST]
    record |= {DUPLICATE_OF: None, REUSED_ON: None, "is_repeat": False}
    if not record[TEXT]:
        return None
    earlier_digest, earlier_night = seen.find(doc_id) or (None, None)
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


def _own_columns(
    store: Store, raw: RawFeed, check: RawCheck, past: list[NightTable], leaving: set[str]
) -> OwnColumns:
    rows = (
        _unmapped(row, raw)
        for rows in _accepted_rows(store, raw, check)
        for row in rows
        if row[DOC_ID] not in leaving
    )
    return plan_columns(read_known(store, past), rows, raw.metadata_types)


def _unmapped(row: Mapping[str, Any], raw: RawFeed) -> dict[str, Any]:
    mapped = raw.columns[row[FILE]].values()
    return {key: value for key, value in json.loads(row[RAW]).items() if key not in mapped}


def _candidate_table(
    records: list[dict[str, Any]], schema: pa.Schema, own: OwnColumns, raw: RawFeed
) -> pa.Table:
    from validation.timestamps import parse_timestamps

    stamps = pa.Array.from_pandas(parse_timestamps([record[TIMESTAMP] for record in records]))
    arrays: dict[str, pa.Array] = {TIMESTAMP: stamps.cast(schema.field(TIMESTAMP).type)}
    for name in CANDIDATES.names:
        if name != TIMESTAMP:
            arrays[name] = pa.array([record[name] for record in records], schema.field(name).type)
    arrays |= own.arrays(records, [_unmapped(record, raw) for record in records])
    return pa.table([arrays[name] for name in schema.names], schema=schema)
