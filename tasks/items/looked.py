"""Look at the items of a feed, row by row: what is measured of each, what it is as it is kept.

Reads  raw rows, which lead to items
Writes raw rows with what is measured; contents (CONTENTS)
"""

import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.boundary.counted import counted
from tasks.frame.progress import shown_progress
from tasks.reading.raw_feed import RawFeed
from tasks.store.storage import Ref, Store, TableWriter, read_batches
from validation.tables.columns import CONTENT, MEDIA_TYPE, PROBLEM_RULE, TEXT_DIGEST
from validation.tables.schemas import CONTENTS

logger = logging.getLogger(__name__)

_ROWS_AT_ONCE: Final = 256
"""Prepared items that memory holds."""

LookedRow = tuple[dict[str, Any], bytes | None]
"""A row with what is measured, and its item as it is kept; None where there is none."""


class Looking(NamedTuple):
    """How the items of one kind are looked at.

    Parameters
    ----------
    row
        What becomes of a raw row.
    schema
        Of the rows that it makes.
    media_type
        Of the items that it makes.
    named
        The items, in the plural.
    """

    row: Callable[[dict[str, Any]], LookedRow]
    schema: pa.Schema
    media_type: str
    named: str


class LookedAt(BaseModel):
    """Rows with what was measured of their items, and the items as they were prepared."""

    model_config = ConfigDict(frozen=True)

    raw: RawFeed
    """Its rows have the columns of `RAW_ITEMS` and what was measured."""
    contents: Ref
    """Of the items that could be read, each once; with the schema `CONTENTS`."""


def look_at_rows(store: Store, raw: RawFeed, looking: Looking) -> LookedAt:
    """Look at every item of a feed; one that cannot be read is a row with a problem."""
    seen: set[str] = set()
    n_done = n_problems = 0
    with (
        TableWriter(store, "look", looking.schema) as rows,
        TableWriter(store, "look", CONTENTS) as contents,
        shown_progress(f"look at {looking.named}") as report,
    ):
        for batch in read_batches(store, raw.rows):
            for first in range(0, len(batch), _ROWS_AT_ONCE):
                looked = [looking.row(it) for it in batch.slice(first, _ROWS_AT_ONCE).to_pylist()]
                rows.write(pa.Table.from_pylist([row for row, _ in looked], looking.schema))
                contents.write(_new_contents(looked, looking.media_type, seen))
                n_done += len(looked)
                n_problems += sum(row[PROBLEM_RULE] is not None for row, _ in looked)
                report(looking.named, n_done, raw.rows.rows, float("nan"))
    logger.info(
        "looked at %s of %s; %d cannot be read", counted(n_done, "row"), looking.named, n_problems
    )
    told = {name: getattr(raw, name) for name in type(raw).model_fields if name != "rows"}
    return LookedAt(raw=RawFeed(rows=rows.ref, **told), contents=contents.ref)


def _new_contents(looked: list[LookedRow], media_type: str, seen: set[str]) -> pa.Table:
    """Return the items that were not there before, by digest."""
    new = {row[TEXT_DIGEST]: it for row, it in looked if it and row[TEXT_DIGEST] not in seen}
    seen.update(new)
    columns = {
        TEXT_DIGEST: list(new),
        MEDIA_TYPE: [media_type] * len(new),
        CONTENT: list(new.values()),
    }
    return pa.table(columns, schema=CONTENTS)
