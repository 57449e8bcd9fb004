"""Passages, texts and documents of one part of the window: a group, or all of it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.core.arrays import Floats
from tasks.vectors.passages import distinct_texts
from validation.tables.columns import POSITION, TEXT_DIGEST


class CutPart(NamedTuple):
    """What passages are placed from; positions count from the first text of the part."""

    X: Floats
    """Embeddings of the texts, shape (n_texts, embedding_dim)."""
    documents: pa.Table
    assigned: pa.Table
    """In the order of the documents."""
    passages: pa.Table
    vectors: Floats
    """Of the distinct passages, shape (n_passages, embedding_dim)."""


def cut_part(
    texts: Sequence[int],
    X: Floats,
    documents: pa.Table,
    assigned: pa.Table,
    passages: tuple[pa.Table, Floats],
) -> CutPart:
    """Cut a part out of the window.

    Parameters
    ----------
    texts
        Positions of its texts, which follow each other.
    X
        Embeddings of all texts, shape (n_texts, embedding_dim).
    documents, assigned
        All of the window, in the same order.
    passages
        All of them, and the vectors of the distinct ones.
    """
    table, vectors = passages
    first, n_texts = (texts[0], len(texts)) if texts else (0, 0)
    own = _from(table, first, n_texts)
    digests = distinct_texts(table)[TEXT_DIGEST].combine_chunks()
    rows = pc.index_in(distinct_texts(own)[TEXT_DIGEST].combine_chunks(), digests)
    is_in = _is_in(documents, first, n_texts)
    return CutPart(
        X=X[first : first + n_texts],
        documents=_from(documents, first, n_texts),
        assigned=assigned.filter(is_in),
        passages=own,
        vectors=vectors[rows.to_numpy()],
    )


def _is_in(table: pa.Table, first: int, n_texts: int) -> pa.Array:
    positions = table[POSITION].to_numpy()
    return pa.array(np.logical_and(positions >= first, positions < first + n_texts))


def _from(table: pa.Table, first: int, n_texts: int) -> pa.Table:
    """Return the rows of the part, with positions that count from its first text."""
    own = table.filter(_is_in(table, first, n_texts))
    place = own.column_names.index(POSITION)
    moved = pc.subtract(own[POSITION], first)
    return own.set_column(place, own.schema.field(POSITION), moved)
