"""Mark the documents whose texts are copies of one, word for word or nearly: campaigns, templates.

Reads  the window's texts and documents, assignments
Writes near_duplicates (NEAR_DUPLICATES)
"""

import logging
from collections import Counter
from typing import Any, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from models.core.threads import one_thread
from tasks.boundary.excerpts import excerpt
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.reporting.whole_window import read_whole_window
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.items import Window
from tasks.vectors.views import Views
from validation.tables.cluster_schemas import NEAR_DUPLICATES
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    FIRST_DOC_ID,
    GROUP_ID,
    IS_NEW,
    POSITION,
    SIMILARITY,
    TEXT,
    TEXT_DIGEST,
)

logger = logging.getLogger(__name__)

_SHOWN_GROUPS: Final = 5
_FEWEST_SHOWN: Final = 3
"""Of a cluster's documents: two are a person who has sent a text twice."""

_EXAMPLE_CHARS: Final = 160
"""A line of a summary or two."""

_DIGEST_CHARS: Final = 12
"""Of a text's digest: two groups of a window never share so many."""


class GroupCount(BaseModel):
    """The documents of one cluster that are copies of one text."""

    model_config = ConfigDict(frozen=True)

    group_id: str
    cluster_id: str
    n_documents: int
    example: str
    """The beginning of the first text."""


class Copies(StageResult):
    """How many documents are copies; which ones is the table `near_duplicates`."""

    n_documents: int
    n_groups: int
    of_clusters: dict[str, int]
    """cluster_id → its documents that are copies of one text or another."""
    largest: list[GroupCount]

    def facts(self) -> dict[str, Any]:
        """Return the counts."""
        parts = {"n_documents", "n_groups", "of_clusters", "largest"}
        return {"near_duplicates": self.model_dump(mode="json", include=parts)}


@stage("near duplicates", version=1)
@one_thread()
def mark_copies(store: Store, views: Views, assignments: Ref) -> Copies:
    """Find the documents of the window that are copies of one text, word for word or nearly."""
    window, assigned = read_whole_window(store, views), read_table(store, assignments)
    found = find_copies(window, assigned)
    copies = Copies(
        tables={"near_duplicates": keep_table(store, "near", found)}, **counted(found, window)
    )
    logger.info("%d documents in %d groups of copies", copies.n_documents, copies.n_groups)
    return copies


def find_copies(window: Window, assigned: pa.Table) -> pa.Table:
    """Group the documents of the window whose texts are copies of one.

    Parameters
    ----------
    window
        Its texts, the oldest first: the first of a group is its oldest.
    assigned
        Its documents with their clusters, in the same order.

    Returns
    -------
    Documents of groups of two or more, in order, with the schema `NEAR_DUPLICATES`.
    """
    from models.text.near_copies import CopyOf, is_remark, near_copies

    texts, ids = window.texts[TEXT].to_pylist(), group_ids(window)
    positions = window.documents[POSITION].to_pylist()
    copies = near_copies(texts)
    copy_of = [copies.get(it, CopyOf(it, 1.0)) for it in positions]
    n_documents = Counter(it.first for it in copy_of)
    grouped = {it for it, n in n_documents.items() if n > 1 and not is_remark(texts[it])}
    doc_ids = assigned[DOC_ID].to_pylist()
    first_doc = dict(zip(reversed(positions), reversed(doc_ids), strict=True))
    columns = (assigned[name].to_pylist() for name in (CLUSTER_ID, IS_NEW))
    rows = [
        {
            DOC_ID: doc_id,
            CLUSTER_ID: cluster_id,
            GROUP_ID: ids[copy.first],
            FIRST_DOC_ID: first_doc[copy.first],
            SIMILARITY: copy.similarity,
            IS_NEW: is_new,
        }
        for doc_id, copy, cluster_id, is_new in zip(doc_ids, copy_of, *columns, strict=True)
        if copy.first in grouped
    ]
    return pa.Table.from_pylist(rows, schema=NEAR_DUPLICATES)


def counted(found: pa.Table, window: Window) -> dict[str, Any]:
    """Count the copies, over all and cluster by cluster; see `Copies`."""
    place, texts = {it: at for at, it in enumerate(group_ids(window))}, window.texts[TEXT]
    groups = found.select([GROUP_ID, CLUSTER_ID]).to_pylist()
    sizes = Counter(tuple(row.values()) for row in groups)
    largest = sorted(sizes.items(), key=lambda it: (-it[1], it[0]))[:_SHOWN_GROUPS]
    of_clusters = Counter(row[CLUSTER_ID] for row in groups)
    return {
        "n_documents": len(groups),
        "n_groups": len({row[GROUP_ID] for row in groups}),
        "of_clusters": dict(sorted(of_clusters.items())),
        "largest": [
            GroupCount(
                group_id=group,
                cluster_id=cluster,
                n_documents=n,
                example=excerpt(texts[place[group]].as_py(), _EXAMPLE_CHARS),
            )
            for (group, cluster), n in largest
            if n >= _FEWEST_SHOWN
        ],
    }


def group_ids(window: Window) -> list[str]:
    """Return the id of the group that each text of the window would open."""
    return [f"g-{it[:_DIGEST_CHARS]}" for it in window.texts[TEXT_DIGEST].to_pylist()]
