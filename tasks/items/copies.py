"""Documents whose items are copies of one, as a table."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.reporting.near_duplicates import group_ids
from tasks.vectors.items import Window
from validation.tables.cluster_schemas import NEAR_DUPLICATES
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    FIRST_DOC_ID,
    GROUP_ID,
    IS_NEW,
    POSITION,
    SIMILARITY,
)


def copies_table(
    window: Window, assigned: pa.Table, firsts: Sequence[tuple[int, float]]
) -> pa.Table:
    """Return the documents that are copies.

    Parameters
    ----------
    window
        Its items, the oldest first: the first of a group is its oldest.
    assigned
        Its documents with their clusters, in the same order.
    firsts
        Of each item, the first one that it is a copy of, and how alike the two are.

    Returns
    -------
    Documents of groups of two or more, in order, with the schema `NEAR_DUPLICATES`.
    """
    ids = group_ids(window)
    positions = window.documents[POSITION].to_numpy()
    sizes = Counter(firsts[position][0] for position in positions)
    doc_ids = assigned[DOC_ID].to_pylist()
    first_doc = dict(zip(reversed(positions.tolist()), reversed(doc_ids), strict=True))
    columns = (assigned[name].to_pylist() for name in (CLUSTER_ID, IS_NEW))
    rows: list[dict[str, Any]] = []
    for position, doc_id, cluster_id, is_new in zip(positions, doc_ids, *columns, strict=True):
        first, similarity = firsts[position]
        if sizes[first] > 1:
            rows.append(
                {
                    DOC_ID: doc_id,
                    CLUSTER_ID: cluster_id,
                    GROUP_ID: ids[first],
                    FIRST_DOC_ID: first_doc[first],
                    SIMILARITY: similarity,
                    IS_NEW: is_new,
                }
            )
    return pa.Table.from_pylist(rows, schema=NEAR_DUPLICATES)
