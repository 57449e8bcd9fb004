"""The items of a feed as they were prepared, by their digests: kept with the night that read them.

Reads  contents that were looked at, tonight's documents
Writes contents (CONTENTS)
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import pyarrow as pa

from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.items.looked import LookedAt
from tasks.store.history import NightTable
from tasks.store.storage import (
    DamagedFileError,
    Ref,
    Store,
    TableWriter,
    read_batches,
    read_table,
)
from validation.tables.columns import CONTENT, TEXT_DIGEST
from validation.tables.schemas import CONTENTS

_ROWS_AT_ONCE: Final = 256
"""Items that memory holds: one may have a hundred thousand bytes."""


@stage("keep contents", version=1)
def keep_contents(store: Store, looked: LookedAt, documents: NightTable) -> StageResult:
    """Keep those of the items that are tonight's documents: what is known is there already."""
    # A set, which Arrow would make anew for each of many small batches.
    wanted = set(read_table(store, documents.table, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
    with TableWriter(store, "contents", CONTENTS) as writer:
        for batch in read_batches(store, looked.contents, n_rows=_ROWS_AT_ONCE):
            is_wanted = [it in wanted for it in batch[TEXT_DIGEST].to_pylist()]
            writer.write(batch.filter(pa.array(is_wanted, pa.bool_())))
    return StageResult(tables={"contents": writer.ref})


def read_contents(
    store: Store, contents: Iterable[Ref], digests: Collection[str]
) -> dict[str, bytes]:
    """Read some items, by their digests, in the order of these.

    Raises
    ------
    DamagedFileError
        If one is in none of the tables.
    """
    found = dict(stream_contents(store, contents, digests))
    return {digest: found[digest] for digest in digests}


def stream_contents(
    store: Store, contents: Iterable[Ref], digests: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield some items with their digests, each once, in the order of the tables.

    So memory holds a few of them. See `read_contents` for errors.
    """
    lacking = set(digests)
    for ref in contents:
        for batch in read_batches(store, ref, [TEXT_DIGEST, CONTENT], _ROWS_AT_ONCE):
            for row, digest in enumerate(batch[TEXT_DIGEST].to_pylist()):
                if digest in lacking:
                    lacking.remove(digest)
                    yield digest, batch[CONTENT][row].as_py()
    if lacking:
        raise DamagedFileError(
            f"{len(lacking):,} items of the window are in no table of contents of {store.root}:"
            f" run `nightfold doctor --store {store.root} --repair`"
        )
