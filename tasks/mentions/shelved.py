"""Which passages have a vector of their own, as the published mentions of a night tell.

Reads  mentions
"""

import pyarrow as pa
import pyarrow.compute as pc

from tasks.preparing.texts.cleaning import text_digest
from tasks.store.storage import Ref, Store, read_table
from validation.tables.columns import DOC_ID, PASSAGE


def passage_digests(night: Store, mentions: Ref) -> set[str]:
    """Return the digests of a night's passages that have vectors; see `readable` for errors."""
    rows = read_table(night, mentions, [DOC_ID, PASSAGE])
    passages = pc.unique(rows.filter(pc.is_in(rows[DOC_ID], _of_several(rows)))[PASSAGE])
    return {text_digest(None, it) for it in passages.to_pylist()}


def _of_several(rows: pa.Table) -> pa.Array:
    """Return the documents of several passages: for that of one, its own vector stands."""
    counted = pc.value_counts(rows[DOC_ID].combine_chunks())
    return counted.field("values").filter(pc.greater(counted.field("counts"), 1))
