"""Make documents of rows: clean texts, fold exact duplicates, carry metadata along.

Pure functions on batches of rows; `tasks.preparing.prepare` is the stage.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa

from tasks.preparing.batches import Batches, Row
from tasks.preparing.columns.known_columns import Known
from tasks.preparing.columns.own_columns import OwnColumns, plan_columns
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import Seen
from tasks.preparing.texts.cut_column import CUT_FIELD
from validation.tables.columns import (
    CUT_TEXT,
    DOC_ID,
    DUPLICATE_OF,
    FILE,
    FIRST_NIGHT,
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
    WITHDRAWN,
)
from validation.tables.schemas import DUPLICATES, WITHDRAWALS
from validation.tables.stage_schemas import CANDIDATES

VERSION: Final = 6
"""Of the stage `prepare`: raise it when this module gives other results for the same inputs."""

REPLACED: Final = "replaced"
"""Kind of a withdrawal: of a document whose id has another text from tonight on."""

_NOT_FOLDED: Final = {DUPLICATE_OF: None, REUSED_ON: None, "is_repeat": False}
_READ: Final = [FILE, ROW, DOC_ID, TEXT, TIMESTAMP, SOURCE, TITLE, LABEL, WITHDRAWN, RAW]


@dataclass(frozen=True)
class AcceptedRows:
    """The rows of a feed that its check lets through.

    Parameters
    ----------
    raw
        Every row that was read, with the columns of `validation.tables.stage_schemas.RAW_ROWS`.
    refused
        Positions of the rows that are refused.
    columns
        File → part → column, as mapped or guessed.
    stated
        Arrow types of the feed's own columns, where its format states them.
    has_digests
        Whether the rows have the digests of their items, which are no texts.
    """

    raw: Batches
    refused: Collection[int]
    columns: Mapping[str, Mapping[str, str]]
    stated: Mapping[str, str]
    has_digests: bool = False

    def batches(self, columns: Collection[str] = _READ) -> Iterator[list[Row]]:
        """Yield some columns of the rows by the batch, with id, position, and who is withdrawn."""
        from validation.cells.withdrawals import parse_withdrawals

        positions = count()
        digests = [TEXT_DIGEST] if self.has_digests else []
        for batch in self.raw(list(dict.fromkeys([*columns, DOC_ID, WITHDRAWN, *digests]))):
            is_withdrawn = parse_withdrawals(batch[WITHDRAWN]).to_pylist()
            rows = batch.to_pylist()
            for row, position, withdrawn in zip(rows, positions, is_withdrawn, strict=False):
                row[POSITION] = position
                row[WITHDRAWN] = withdrawn
            rows = [row for row in rows if row[POSITION] not in self.refused]
            for row in rows:
                row[DOC_ID] = row[DOC_ID].strip()
            yield rows

    def ids(self) -> set[str]:
        """Return the ids of all rows, those of refused ones too."""
        found = (doc_id for batch in self.raw([DOC_ID]) for doc_id in batch[DOC_ID].to_pylist())
        return {doc_id.strip() for doc_id in found if doc_id is not None}

    def withdrawn_ids(self) -> set[str]:
        """Return the ids that any of the rows withdraws."""
        if not any(WITHDRAWN in mapping for mapping in self.columns.values()):
            return set()
        return {row[DOC_ID] for rows in self.batches(()) for row in rows if row[WITHDRAWN]}

    def _mapped(self, file: str) -> set[str]:
        """Return the columns of a file that nightfold reads; items that are files share them."""
        return set((self.columns.get(file) or next(iter(self.columns.values()))).values())

    def own_parts(self, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Return what each row holds besides the columns that nightfold reads, as JSON values."""
        # One list of all rows is parsed in half the time of as many texts.
        found: list[Row] = json.loads(f"[{','.join([row[RAW] for row in rows])}]")
        mapped = {file: self._mapped(file) for file in {row[FILE] for row in rows}}
        for row, values in zip(rows, found, strict=True):
            for name in mapped[row[FILE]]:
                values.pop(name, None)
        return found


@dataclass(frozen=True)
class Plan:
    """What must be known of all rows before the first of them is prepared.

    Parameters
    ----------
    rows
        Tonight's rows.
    leaving
        Ids that they withdraw.
    own
        The feed's own columns.
    repeated
        Lines that many of tonight's mails have; None where texts are not mails.
    """

    rows: AcceptedRows
    leaving: set[str]
    own: OwnColumns
    repeated: frozenset[str] | None = None

    def schemas(self) -> dict[str, pa.Schema]:
        """Return the schema of each table that `prepared_parts` yields rows of, by its name."""
        ours = [*CANDIDATES, *([] if self.repeated is None else [CUT_FIELD])]
        candidates = pa.schema([*ours, *self.own.fields.values()])
        return {"candidates": candidates, "duplicates": DUPLICATES, "withdrawn": WITHDRAWALS}


def plan_rows(rows: AcceptedRows, known: Known, settings: PrepareSettings) -> Plan:
    """Read all rows up to three times: for the ids that leave, the feed's own columns, and mail."""
    leaving = rows.withdrawn_ids()

    def staying(*columns: str) -> Iterator[list[Row]]:
        for batch in rows.batches(columns):
            yield [row for row in batch if row[DOC_ID] not in leaving]

    parts = chain.from_iterable(map(rows.own_parts, staying(FILE, RAW)))
    own = plan_columns(known, parts, rows.stated)
    repeated = None
    if settings.mail:
        from tasks.preparing.texts.cut_texts import lines_of_mails

        repeated = lines_of_mails(row[TEXT] or "" for row in chain.from_iterable(staying(TEXT)))
    return Plan(rows, leaving, own, repeated)


def prepared_parts(
    plan: Plan,
    before: Seen,
    settings: PrepareSettings,
    replaced: Mapping[str, str] = MappingProxyType({}),
    kept: Collection[str] = (),
) -> Iterator[dict[str, pa.Table]]:
    """Normalise rows into documents and fold exact duplicates, batch by batch.

    Parameters
    ----------
    plan
        Of tonight's rows.
    before
        The documents of the other nights.
    settings
        How texts are normalised.
    replaced, kept
        See `tasks.preparing.edits.Edits`. Other ids with another text than before are reused.

    Yields
    ------
    Rows to add to each table of `Plan.schemas`, by its name. Every row of the feed is a candidate,
    repeats one (then it is one of the duplicates), or is withdrawn. A candidate that takes the
    place of an earlier document has a line among the withdrawals besides.
    """
    from tasks.preparing.texts.clean_rows import clean_row

    schemas, seen = plan.schemas(), before.without(plan.leaving | replaced.keys())
    withdrawn_above: set[str] = set()
    for rows in plan.rows.batches():
        gone = [row for row in rows if row[DOC_ID] in plan.leaving]
        withdrawals = [_withdrawal(row, before, withdrawn_above) for row in gone]
        records = [
            clean_row(row, settings.max_text_chars, plan.repeated)
            for row in rows
            if row[DOC_ID] not in plan.leaving
        ]
        seen.look_up(*({record[name] for record in records} for name in (DOC_ID, TEXT_DIGEST)))
        repeats = [repeat for record in records if (repeat := _fold(record, seen, kept))]
        kept_records = [record for record in records if not record["is_repeat"]]
        withdrawals += [
            _replacement(record, replaced[record[DOC_ID]])
            for record in kept_records
            if record[DOC_ID] in replaced and record[TEXT] and not record[REUSED_ON]
        ]
        yield {
            "candidates": _candidate_table(kept_records, schemas["candidates"], plan),
            "duplicates": pa.Table.from_pylist(repeats, schema=DUPLICATES),
            "withdrawn": pa.Table.from_pylist(withdrawals, schema=WITHDRAWALS),
        }


def _withdrawal(row: Row, before: Seen, withdrawn_above: set[str]) -> Row:
    """Return a row's line of the withdrawals, and add its id to those withdrawn above."""
    doc_id = row[DOC_ID]
    document = before.text_of_id.get(doc_id)
    earlier = before.withdrawn_on.get(doc_id)
    if not row[WITHDRAWN]:
        kind, first_night = "held_back", document[1] if document else None
    elif doc_id in withdrawn_above:
        kind, first_night = "repeat", earlier or str(before.night)
    elif document:
        kind, first_night = "known", document[1]
    else:
        kind, first_night = "repeat" if earlier else "unknown", earlier
    if row[WITHDRAWN]:
        withdrawn_above.add(doc_id)
    return {
        FILE: row[FILE],
        ROW: row[ROW],
        DOC_ID: doc_id,
        KIND: kind,
        FIRST_NIGHT: first_night,
    }


def _replacement(record: Row, night: str) -> Row:
    """Return the line of the withdrawals for the document whose place a record takes."""
    place = {name: record[name] for name in (FILE, ROW, DOC_ID)}
    return place | {KIND: REPLACED, FIRST_NIGHT: night}


def _fold(record: Row, seen: Seen, kept: Collection[str]) -> Row | None:
    """Mark what a record repeats; return its line of the duplicates, if it repeats anything."""
    doc_id, digest = record[DOC_ID], record[TEXT_DIGEST]
    record.update(_NOT_FOLDED)
    if not record[TEXT]:
        return None
    earlier_digest, earlier_night = seen.find(doc_id) or (None, None)
    if earlier_digest == digest or (earlier_digest and doc_id in kept):
        record["is_repeat"] = True
        kind = "same_row" if earlier_digest == digest else "kept"
        return _duplicate(record, doc_id, kind, str(earlier_night))
    if earlier_digest is not None:
        record[REUSED_ON] = earlier_night
        return None
    first_id, first_night = seen.first_with_text(digest) or (None, None)
    seen.add(doc_id, digest)
    if first_id is None:
        return None
    record[DUPLICATE_OF] = first_id
    return _duplicate(record, first_id, "same_text", str(first_night))


def _duplicate(record: Row, first_id: str, kind: str, night: str) -> Row:
    return {
        FILE: record[FILE],
        ROW: record[ROW],
        DOC_ID: record[DOC_ID],
        DUPLICATE_OF: first_id,
        KIND: kind,
        FIRST_NIGHT: night,
    }


def _candidate_table(records: list[Row], schema: pa.Schema, plan: Plan) -> pa.Table:
    from validation.cells.timestamps import parse_timestamps

    stamps = pa.Array.from_pandas(parse_timestamps([record[TIMESTAMP] for record in records]))
    arrays: dict[str, pa.Array] = {TIMESTAMP: stamps.cast(schema.field(TIMESTAMP).type)}
    for name in [*CANDIDATES.names, *([] if plan.repeated is None else [CUT_TEXT])]:
        if name != TIMESTAMP:
            arrays[name] = pa.array([record[name] for record in records], schema.field(name).type)
    arrays |= plan.own.arrays(records, plan.rows.own_parts(records))
    return pa.table([arrays[name] for name in schema.names], schema=schema)
