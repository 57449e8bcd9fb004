"""Take the documents out of the window that their source has withdrawn.

Reads  the window's documents and withdrawals
Writes the documents of those nights that lose any (DOCUMENTS and metadata)
"""

import logging

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from tasks.frame.stage import stage
from tasks.preparing.seen import withdrawn_ids
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table, read_table
from validation.errors import NightfoldError
from validation.schemas import DOC_ID

logger = logging.getLogger(__name__)


class EmptyWindowError(NightfoldError, ValueError):
    """Nothing is left to cluster."""


class Window(BaseModel):
    """The documents that are clustered together tonight, oldest night first."""

    model_config = ConfigDict(frozen=True)

    nights: list[NightTable]


@stage("withdraw", version=1)
def withdraw(store: Store, nights: list[NightTable]) -> Window:
    """Leave out of every night what a later night withdrew; one that came back is in the later.

    Earlier nights stay as they were published; their copies here are only what tonight clusters.

    Raises
    ------
    EmptyWindowError
        If no document is left.
    """
    gone: set[str] = set()
    left: list[NightTable] = []
    for night in reversed(nights):
        left.insert(0, _without(store, night, gone))
        gone.update(withdrawn_ids(store, night))
    if not sum(night.table.rows for night in left):
        raise EmptyWindowError(
            f"no document is left in the window of night {store.night} of feed {store.feed}, so"
            " there is nothing to cluster and nothing is published"
        )
    return Window(nights=left)


def _without(store: Store, night: NightTable, gone: set[str]) -> NightTable:
    """Leave some documents out of a night; one that has none of them stays the file that it is."""
    ids = read_table(store, night.table, [DOC_ID])[DOC_ID]
    is_gone = pc.is_in(ids, pa.array(sorted(gone), pa.string()))
    n_gone = pc.sum(is_gone).as_py() or 0
    if not n_gone:
        return NightTable(night=night.night, table=night.table)
    logger.info("%d documents of night %s were withdrawn", n_gone, night.night)
    kept = read_table(store, night.table).filter(pc.invert(is_gone))
    return NightTable(night=night.night, table=keep_table(store, "withdraw", kept))
