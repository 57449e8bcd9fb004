"""Take the documents out of the window that their source has withdrawn.

Reads  the window's documents and withdrawals
Writes the documents of those nights that lose any (DOCUMENTS and metadata)
"""

import logging
from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from tasks.boundary.counted import counted
from tasks.frame.stage import stage
from tasks.preparing.seen import withdrawn_ids
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table, read_table
from validation.errors import NightfoldError
from validation.tables.columns import DOC_ID

logger = logging.getLogger(__name__)


class EmptyWindowError(NightfoldError, ValueError):
    """Nothing is left to cluster."""


class Window(BaseModel):
    """The documents that are clustered together tonight, oldest night first."""

    model_config = ConfigDict(frozen=True)

    nights: list[NightTable]


def withdrawn_masks(
    newest_first: Iterable[tuple[pa.ChunkedArray, Collection[str]]],
) -> Iterator[pa.ChunkedArray]:
    """Yield for each night which of its documents a later night withdrew.

    One that was withdrawn and came back is a document of the later night.

    Parameters
    ----------
    newest_first
        Of every night the ids of its documents, shape (n_documents,), and those it withdrew.
    """
    gone: set[str] = set()
    for ids, withdrawn in newest_first:
        yield pc.is_in(ids, pa.array(sorted(gone), pa.string()))
        gone.update(withdrawn)


@stage("withdraw", version=1)
def withdraw(store: Store, nights: list[NightTable]) -> Window:
    """Leave out of every night what a later night withdrew.

    Earlier nights stay as they were published; their copies here are only what tonight clusters.

    Raises
    ------
    EmptyWindowError
        If no document is left.
    """
    newest_first = nights[::-1]
    masks = withdrawn_masks(_ids(store, night) for night in newest_first)
    left = [_without(store, *both) for both in zip(newest_first, masks, strict=True)]
    if not any(night.table.rows for night in left):
        raise EmptyWindowError(
            f"no document is left in the window of night {store.night} of feed {store.feed}, so"
            " there is nothing to cluster and nothing is published"
        )
    return Window(nights=left[::-1])


def _ids(store: Store, night: NightTable) -> tuple[pa.ChunkedArray, Collection[str]]:
    """Read the ids of a night's documents, and those that it withdrew."""
    return read_table(store, night.table, [DOC_ID])[DOC_ID], withdrawn_ids(store, night)


def _without(store: Store, night: NightTable, is_gone: pa.ChunkedArray) -> NightTable:
    """Leave some documents out of a night; one that loses none stays the file that it is."""
    n_gone = pc.sum(is_gone).as_py() or 0
    if not n_gone:
        return NightTable(night=night.night, table=night.table)
    logger.info("%s of night %s withdrawn", counted(n_gone, "document"), night.night)
    kept = read_table(store, night.table).filter(pc.invert(is_gone))
    return NightTable(night=night.night, table=keep_table(store, "withdraw", kept))
