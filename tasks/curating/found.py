"""A night's clusters as they were found, before a person's decisions are applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from models.core.arrays import Floats
from tasks.clusters.window import WindowDocuments
from validation.tables.columns import CLUSTER_ID

Row = dict[str, Any]


@dataclass(frozen=True)
class FoundTonight:
    """What curation is applied to.

    Parameters
    ----------
    night
        Tonight.
    X, texts
        Embeddings with rows of length 1, shape (n_texts, embedding_dim), and their texts.
    documents
        The window's.
    assigned
        Their clusters, in the same order.
    clusters, events, tree
        Rows of the tables.
    """

    night: str
    X: Floats
    texts: Sequence[str]
    documents: WindowDocuments
    assigned: pa.Table
    clusters: Sequence[Row]
    events: Sequence[Row]
    tree: Sequence[Row]

    @cached_property
    def found(self) -> list[str]:
        """cluster_id of every text; documents with one text share it."""
        found = [""] * len(self.texts)
        clusters = self.assigned[CLUSTER_ID].to_pylist()
        for item, cluster in zip(self.documents.items.tolist(), clusters, strict=True):
            found[item] = cluster
        return found

    @cached_property
    def text_of(self) -> dict[str, int]:
        """doc_id → its text."""
        return dict(zip(self.documents.doc_ids, self.documents.items.tolist(), strict=True))
