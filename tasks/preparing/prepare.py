"""Make documents of the accepted rows, as a stage; `tasks.preparing.candidates` has the work.

Reads  raw rows, verdicts of the raw check, ids and texts of earlier nights
Writes candidates (CANDIDATES and the feed's own columns), duplicates (DUPLICATES), rows that are
withdrawn (WITHDRAWALS)
"""

import logging
from functools import partial
from typing import Final

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.frame.stage import stage
from tasks.preparing.candidates import VERSION, AcceptedRows, plan_rows, prepared_parts
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.columns.known_columns import read_known
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.preparing.edits import Edits, decide, find_changes, read_texts
from tasks.preparing.keep import keep_parts
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import read_seen
from tasks.reading.raw_feed import OnChange
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, read_batches, read_table
from validation.tables.columns import POSITION, TEXT_DIGEST

logger = logging.getLogger(__name__)

_N_SHOWN: Final = 5
_SHOWN_CHARS: Final = 60
"""Repeated lines that the log shows: enough to see whether a question is among them."""


class Prepared(BaseModel):
    """Documents before their check, the rows that only repeat one, and those that withdraw one."""

    model_config = ConfigDict(frozen=True)

    candidates: Ref
    duplicates: Ref
    withdrawn: Ref
    n_restarted_of: int | None = None
    """See `tasks.preparing.edits.Edits`."""
    column_changes: list[ColumnChange] = []
    """Where the feed's own columns hold another kind of value than before."""


@stage("prepare", version=VERSION)
def prepare(
    store: Store,
    checked: CheckedFeed,
    past: list[NightTable],
    settings: PrepareSettings,
    on_change: OnChange,
) -> Prepared:
    """Normalise every accepted row into a document and fold exact duplicates.

    A row with the id and the text of an earlier document is not a new document. A new id with a
    text that is already known is one, and points at the first document with that text. A known id
    with another text is a document that takes the place of the earlier one, unless the earlier one
    is to be kept, or the row to be refused, or the ids have started again.

    An id that any row of the feed withdraws has no document tonight, wherever the row stands and
    whatever the other rows with that id hold: whether a withdrawal holds must
    not depend on the order of rows. An unknown id can be withdrawn, too. On a later night whose
    feed does not withdraw it, a row with that id is a document again.
    """
    plan = plan_rows(_accepted(store, checked), read_known(store, past), settings)
    # Of a first night no id is asked for, and all its ids are many.
    seen = read_seen(store, past, plan.rows.ids() if past else ())
    edits = Edits()
    if on_change != "refuse":  # the check refuses them, and they need not be known before
        changes = find_changes(plan, seen, settings)
        edits = decide(changes, on_change, partial(read_texts, store, past))
    parts = prepared_parts(plan, seen, settings, edits.replaced, edits.kept)
    tables = keep_parts(store, "prepare", plan.schemas(), parts)
    changed = plan.own.changes()
    prepared = Prepared(**tables, n_restarted_of=edits.n_restarted_of, column_changes=changed)
    logger.info(
        "prepared %s documents, %s rows repeat a document or its text, %s are withdrawn",
        *(f"{ref.rows:,}" for ref in tables.values()),
    )
    if plan.repeated:
        logger.info(
            "%s are on many of tonight's mails and are not embedded, for instance %s",
            counted(len(plan.repeated), "line"),
            ", ".join(repr(excerpt(it, _SHOWN_CHARS)) for it in sorted(plan.repeated)[:_N_SHOWN]),
        )
    for change in prepared.column_changes:
        logger.warning(change.sentence())
    return prepared


def _accepted(store: Store, checked: CheckedFeed) -> AcceptedRows:
    raw = checked.raw
    refused = set(read_table(store, checked.refused, [POSITION])[POSITION].to_pylist())
    return AcceptedRows(
        partial(read_batches, store, raw.rows),
        refused,
        raw.columns,
        raw.metadata_types,
        has_digests=TEXT_DIGEST in pq.read_schema(store.resolve(raw.rows)).names,
    )
