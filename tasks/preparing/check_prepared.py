"""Validate the documents and account for every row of the night.

Reads  candidates, duplicates, rows refused so far
Writes documents (DOCUMENTS and metadata), quarantine (QUARANTINE), results as JSON
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.preparing.candidates import REPLACED
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.checks import (
    REFUSED,
    DocumentBounds,
    count_without_text,
    judge_prepared,
)
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.preparing.counts import Counts
from tasks.preparing.keep import keep_verdict
from tasks.preparing.prepare import Prepared
from tasks.preparing.texts.cut_column import read_cut_texts
from tasks.store.history import NightTable
from tasks.store.storage import (
    Ref,
    Store,
    TableWriter,
    keep_table,
    read_batches,
    read_table,
    read_tables,
)
from validation.limits import midnight
from validation.tables.columns import (
    DUPLICATE_OF,
    FILE,
    KIND,
    POSITION,
    REUSED_ON,
    ROW,
    RULE_ID,
    TIMESTAMP,
)

logger = logging.getLogger(__name__)


class Documents(StageResult):
    """Tonight's documents, and every row that did not become one."""

    refused: Ref
    """What this check alone refused, as part of the quarantine."""
    counts: Counts
    column_changes: list[ColumnChange] = Field(default_factory=list)
    """See `Prepared`."""

    def tonight(self, store: Store) -> NightTable:
        """Return tonight's documents as the last night of the window."""
        documents, withdrawn = self.tables["documents"], self.tables["withdrawn"]
        return NightTable(night=store.night, table=documents, withdrawn=withdrawn)

    def facts(self) -> dict[str, Any]:
        """Return where the rows went, and which columns hold another kind of value than before."""
        return {
            "counts": self.counts.model_dump(exclude_none=True),
            "column_changes": [it.model_dump() for it in self.column_changes],
        }


def documents_schema(candidates: pa.Schema) -> pa.Schema:
    """Return the schema of documents: without the columns that only the check needs."""
    return pa.schema([field for field in candidates if field.name not in {POSITION, REUSED_ON}])


def accepted(
    candidates: Iterable[pa.RecordBatch], refused: pa.Array, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield the candidates that are not refused, as documents.

    Parameters
    ----------
    candidates
        With the columns of `validation.tables.stage_schemas.CANDIDATES` and the feed's own.
    refused
        Positions of rows.
    schema
        See `documents_schema`.
    """
    for batch in candidates:
        yield batch.filter(pc.invert(pc.is_in(batch[POSITION], refused))).select(schema.names)


def reached(night: date, timestamps: pa.ChunkedArray) -> date:
    """Return how far a night has read: up to its newest document, and never beyond its own day.

    A feed may be about the past; its documents are late when they are older than that day.
    """
    newest = pc.max(timestamps).as_py()
    return night if newest is None else min(night, newest.date())


def count_late(timestamps: pa.ChunkedArray, before: date | None) -> int:
    """Count the documents that are dated before a day; none without a day."""
    if before is None:
        return 0
    day = pa.scalar(midnight(before), timestamps.type)
    return pc.sum(pc.less(timestamps, day)).as_py() or 0


def without_refused(withdrawn: pa.Table, refused: pa.Table) -> pa.Table:
    """Leave out the documents whose place a row was to take that is refused: they stay.

    Parameters
    ----------
    withdrawn
        With the columns of `validation.tables.schemas.WITHDRAWALS`.
    refused
        With the columns of `tasks.preparing.checks.REFUSED`.
    """
    rows = set(zip(refused[FILE].to_pylist(), refused[ROW].to_pylist(), strict=True))
    places = zip(*(withdrawn[name].to_pylist() for name in (FILE, ROW, KIND)), strict=True)
    stays = [kind != REPLACED or (file, row) not in rows for file, row, kind in places]
    return withdrawn if all(stays) else withdrawn.filter(pa.array(stays))


@stage("check prepared", version=9)
def check_prepared(
    store: Store,
    prepared: Prepared,
    checked: CheckedFeed,
    bounds: DocumentBounds,
    last: NightTable | None,
) -> Documents:
    """Check the prepared documents and account for every row: each is in exactly one place.

    A document that is older than everything read by the previous night is like any other, and
    counted late.

    Raises
    ------
    DataValidationError
        If a critical rule fails; nothing is published then.
    """
    n_read, n_refused = checked.raw.rows.rows, checked.refused.rows
    limits = bounds.limits(
        store.night, n_read, n_refused, checked.n_without_text, prepared.n_restarted_of
    )
    sources = (prepared.candidates, checked.raw.rows)
    candidates, raw = (partial(read_batches, store, ref) for ref in sources)
    verdict = judge_prepared(candidates, raw, limits)
    refused, results = keep_verdict(store, "check prepared", verdict)
    tables = _keep_tables(store, prepared, [checked.refused, refused])
    return Documents(
        tables=tables,
        checks={"prepared": results},
        refused=refused,
        counts=_count(store, checked.raw.rows, tables, last),
        column_changes=prepared.column_changes,
    )


def _keep_tables(store: Store, prepared: Prepared, refused: list[Ref]) -> dict[str, Ref]:
    """Keep the table of every place where a row can go."""
    return {
        "documents": _keep_documents(store, prepared.candidates, refused[-1]),
        "duplicates": prepared.duplicates,
        "quarantine": _keep_quarantine(store, refused),
        "withdrawn": _keep_withdrawn(store, prepared.withdrawn, refused[-1]),
    }


def _keep_documents(store: Store, candidates: Ref, refused: Ref) -> Ref:
    left_out = read_table(store, refused, [POSITION])[POSITION].combine_chunks()
    schema = documents_schema(pq.read_schema(store.resolve(candidates)))
    with TableWriter(store, "check-prepared", schema) as writer:
        for batch in accepted(read_batches(store, candidates), left_out, schema):
            writer.write(batch)
    return writer.ref


def _keep_quarantine(store: Store, refused: list[Ref]) -> Ref:
    rows = read_tables(store, refused, REFUSED.names, REFUSED)
    return keep_table(store, "check-prepared", rows.sort_by(POSITION).drop_columns(POSITION))


def _keep_withdrawn(store: Store, withdrawn: Ref, refused: Ref) -> Ref:
    if not (withdrawn.rows and refused.rows):
        return withdrawn
    rows = read_table(store, withdrawn)
    left = without_refused(rows, read_table(store, refused, [FILE, ROW]))
    return withdrawn if left is rows else keep_table(store, "check-prepared", left)


def _count(store: Store, raw: Ref, tables: Mapping[str, Ref], last: NightTable | None) -> Counts:
    table = read_table(store, tables["documents"], [DUPLICATE_OF, TIMESTAMP])
    day = _reached_by(store, last) if last else None
    quarantine = tables["quarantine"]
    n_without_text = count_without_text(read_table(store, quarantine, [RULE_ID]))
    kinds = read_table(store, tables["withdrawn"], [KIND])[KIND]
    n_replaced = pc.sum(pc.equal(kinds, REPLACED)).as_py() or 0
    counts = Counts(
        accepted=table[DUPLICATE_OF].null_count,
        late=count_late(table[TIMESTAMP], day),
        read=raw.rows,
        quarantined=quarantine.rows - n_without_text,
        duplicate=tables["duplicates"].rows,
        withdrawn=len(kinds) - n_replaced,
        replaced=n_replaced,
        without_text=n_without_text,
        cut=_n_cut(store, tables["documents"]),
    )
    counts.require_balance()
    logger.info("of %s", counts.listed())
    return counts


def _n_cut(store: Store, documents: Ref) -> int | None:
    texts = read_cut_texts(store, documents)
    return None if texts is None else len(texts) - texts.null_count


def _reached_by(store: Store, last: NightTable) -> date:
    return reached(last.night, read_table(store, last.table, [TIMESTAMP])[TIMESTAMP])
