"""How the work of this room reads a table: in batches, as often as it needs to."""

from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow as pa

Row = dict[str, Any]


class Batches(Protocol):
    """Reads a table from its start at every call, so that memory stays flat."""

    def __call__(self, columns: list[str] | None = None, /) -> Iterable[pa.RecordBatch]:
        """Yield the table's batches: with all columns, or with those that are named."""


def batches_of(table: pa.Table) -> Batches:
    """Return the batches of a table that is in memory."""

    def read(columns: list[str] | None = None, /) -> Iterable[pa.RecordBatch]:
        batches: list[pa.RecordBatch] = (table.select(columns) if columns else table).to_batches()
        return batches

    return read
