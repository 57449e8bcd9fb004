"""Guard the preparation from behind: check the documents and close the books of the night's rows.

Reads  candidates, duplicates, rows refused so far
Writes documents (DOCUMENTS and metadata), quarantine (QUARANTINE), results as JSON
"""

import logging

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from tasks.frame.stage import stage
from tasks.preparing.check_raw import RawCheck
from tasks.preparing.checks import (
    REFUSED,
    CheckSettings,
    keep_refused,
    keep_results,
    midnight,
    stop_if_critical,
)
from tasks.preparing.counts import Counts
from tasks.preparing.own_columns import ColumnChange
from tasks.preparing.prepare import Prepared, PrepareSettings
from tasks.reading.ingest import RawFeed
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
from validation.schemas import DUPLICATE_OF, POSITION, REUSED_ON, TIMESTAMP

logger = logging.getLogger(__name__)


class Documents(BaseModel):
    """Tonight's documents, and every row that did not become one."""

    model_config = ConfigDict(frozen=True)

    documents: Ref
    duplicates: Ref
    quarantine: Ref
    withdrawn: Ref
    refused: Ref
    """What this check alone refused, as part of the quarantine."""
    results: Ref
    counts: Counts
    column_changes: list[ColumnChange] = []
    """See `Prepared`."""

    def tonight(self, store: Store) -> NightTable:
        """Give tonight's documents as the last night of the window."""
        return NightTable(night=store.night, table=self.documents, withdrawn=self.withdrawn)


@stage("check prepared", version=6)
def check_prepared(  # noqa: PLR0913, PLR0917 - every reference that decides the stage's result is a parameter
    store: Store,
    prepared: Prepared,
    raw: RawFeed,
    raw_check: RawCheck,
    settings: CheckSettings,
    prepare_settings: PrepareSettings,
    median_documents: float | None,
    last: NightTable | None,
) -> Documents:
    """Check the prepared documents and close the books: every row read is in exactly one place.

    A document that is dated before the last night and all that it has read is like any other, and
    counted late.

    Raises
    ------
    DataValidationError
        If a critical rule fails; nothing is published then.
    """
    from validation.limits import PreparedLimits
    from validation.measure import measure_prepared
    from validation.run import validate
    from validation.suites import prepared_suite

    limits = PreparedLimits(
        earliest=midnight(settings.earliest_date),
        night=store.night,
        max_chars=prepare_settings.max_text_chars,
        max_refused_share=settings.max_refused_share,
        n_read=raw.rows.rows,
        n_refused_before=raw_check.refused.rows,
        median_documents=median_documents,
    )
    frame = measure_prepared(read_batches(store, prepared.candidates))
    # Rows are named by their place in the feed, not among the candidates.
    frame[POSITION] = read_table(store, prepared.candidates, [POSITION])[POSITION].to_numpy()
    report = validate(frame, prepared_suite(limits))
    refused = keep_refused(store, raw, report)
    results = keep_results(store, "check prepared", report)
    stop_if_critical(store, report, refused)
    return _closed(store, prepared, raw, [raw_check.refused, refused], results, last)


def _closed(
    store: Store,
    prepared: Prepared,
    raw: RawFeed,
    refused: list[Ref],
    results: Ref,
    last: NightTable | None,
) -> Documents:
    documents, n_accepted = _keep_documents(store, prepared, refused[-1])
    quarantine = (
        read_tables(store, refused, REFUSED.names, REFUSED).sort_by(POSITION).drop_columns(POSITION)
    )
    counts = Counts(
        read=raw.rows.rows,
        accepted=n_accepted,
        duplicate=prepared.duplicates.rows,
        quarantined=len(quarantine),
        withdrawn=prepared.withdrawn.rows,
        late=_count_late(store, documents, last),
    )
    placed = counts.accepted + counts.duplicate + counts.quarantined + counts.withdrawn
    if counts.read != placed:
        raise RuntimeError(
            f"rows are not conserved: {counts}; this is a defect of nightfold, please report it"
        )
    logger.info(
        "of %s", ", ".join(f"{value:,} {name}" for name, value in counts.model_dump().items())
    )
    return Documents(
        documents=documents,
        duplicates=prepared.duplicates,
        quarantine=keep_table(store, "check-prepared", quarantine),
        withdrawn=prepared.withdrawn,
        refused=refused[-1],
        results=results,
        counts=counts,
        column_changes=prepared.column_changes,
    )


def _keep_documents(store: Store, prepared: Prepared, refused: Ref) -> tuple[Ref, int]:
    """Copy the candidates that are not refused, without the columns that only the check needs."""
    left_out = read_table(store, refused, [POSITION])[POSITION].combine_chunks()
    fields = pq.read_schema(store.resolve(prepared.candidates))
    schema = pa.schema([field for field in fields if field.name not in {POSITION, REUSED_ON}])
    n_accepted = 0
    with TableWriter(store, "check-prepared", schema) as writer:
        for batch in read_batches(store, prepared.candidates):
            kept = batch.filter(pc.invert(pc.is_in(batch[POSITION], left_out)))
            n_accepted += kept[DUPLICATE_OF].null_count
            writer.write(kept.select(schema.names))
    return writer.ref, n_accepted


def _count_late(store: Store, documents: Ref, last: NightTable | None) -> int:
    """Count the documents that are dated before the last night and all that it has read.

    A feed may tell of years ago; its documents are late when they are older than the day that the
    last night had come to.
    """
    if last is None:
        return 0
    dates = read_table(store, documents, [TIMESTAMP])[TIMESTAMP]
    read = read_table(store, last.table, [TIMESTAMP])[TIMESTAMP]
    newest = pc.max(read).as_py()
    reached = last.night if newest is None else min(last.night, newest.date())
    return pc.sum(pc.less(dates, pa.scalar(midnight(reached), dates.type))).as_py() or 0
