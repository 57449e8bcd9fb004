"""Columns of vectors as matrices, read batch by batch: one copy in memory and no more.

Reads any table that has such a column
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.core.arrays import Floats
from tasks.store.embeddings import matrix_of
from tasks.store.paths import FeedStore
from tasks.store.refs import Ref
from tasks.store.storage import read_batches, readable


def read_matrix(store: FeedStore, ref: Ref, column: str) -> Floats:
    """Read a column of n lists of d float32 as a matrix (n, d); see `readable` for errors."""
    return read_stacked(store, [ref], column)


def read_stacked(store: FeedStore, refs: Sequence[Ref], column: str) -> Floats:
    """Read a column of one table after the other, one table at least, as `read_matrix` does."""
    shapes = [_shape(store, ref, column) for ref in refs]
    matrix = np.empty((sum(n_rows for n_rows, _ in shapes), shapes[0][1]), dtype=np.float32)
    top = 0
    for ref, (n_rows, _) in zip(refs, shapes, strict=True):
        _fill(matrix[top : top + n_rows], store, ref, column)
        top += n_rows
    return matrix


def read_in_16_bits(store: FeedStore, columns: Sequence[tuple[Ref, str]]) -> NDArray[np.float16]:
    """Read columns of tables that go together row by row as one matrix; see `readable` for errors.

    For numbers that 16 bits hold, as vectors of texts are of.

    Parameters
    ----------
    store
        Where the tables are.
    columns
        Table and name of each, one at least.

    Returns
    -------
    Shape (n, sum of the widths of the lists).
    """
    shapes = [_shape(store, *it) for it in columns]
    matrix = np.empty((shapes[0][0], sum(width for _, width in shapes)), dtype=np.float16)
    left = 0
    for (ref, column), (_, width) in zip(columns, shapes, strict=True):
        _fill(matrix[:, left : left + width], store, ref, column)
        left += width
    return matrix


def _fill(matrix: NDArray[Any], store: FeedStore, ref: Ref, column: str) -> None:
    """Read a column into a matrix of its shape, batch by batch."""
    first = 0
    for batch in read_batches(store, ref, [column]):
        matrix[first : first + len(batch)] = matrix_of(batch.column(0))
        first += len(batch)


def _shape(store: FeedStore, ref: Ref, column: str) -> tuple[int, int]:
    """Return how many lists a column has, and how long each is."""
    with readable(store, ref), pq.ParquetFile(store.resolve(ref)) as file:
        return file.metadata.num_rows, file.schema_arrow.field(column).type.list_size
