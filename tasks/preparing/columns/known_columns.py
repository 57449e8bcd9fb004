"""The feed's own columns as the other nights' files have them.

Reads  the schemas of the other nights' documents
Writes nothing
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.store.history import NightTable
from tasks.store.storage import Store, readable
from validation.tables.columns import CUT_TEXT
from validation.tables.stage_schemas import CANDIDATES

RESERVED: Final = {*CANDIDATES.names, CUT_TEXT, "feed", "night"}
"""Names that nightfold uses itself; a key with such a name gets the prefix `feed_`."""

KEY: Final = b"nightfold.key"
TEXT_OF: Final = b"nightfold.text_of"
ONLY_TEXT: Final = b"nightfold.only_text"
"""In the metadata of a field: the feed's name for it; the column whose misfits it holds; whether
all of the first night's values were text."""

Identity = tuple[str, bool]
"""The feed's name for a column, and whether this is the column of text beside it."""


@dataclass(frozen=True)
class Known:
    """What the other nights' files tell about the feed's own columns.

    Parameters
    ----------
    carried
        Columns of the nights before tonight, in their order: tonight has them too.
    decided
        Columns of all other nights.
    """

    carried: list[Identity]
    decided: dict[Identity, pa.Field]


def known_columns(tonight: date, schemas: Iterable[tuple[date, pa.Schema]]) -> Known:
    """Return the columns of the other nights; where they differ, the nearest night counts.

    The nights before tonight come first. There are nights after it where tonight is backfilled.
    """
    nights = sorted(schemas, key=lambda both: both[0])
    earlier = [schema for night, schema in nights if night < tonight]
    later = [schema for night, schema in nights if night > tonight]
    carried = _columns_of(earlier)
    return Known(list(carried), _columns_of(reversed(later)) | carried)


def read_known(store: Store, others: Iterable[NightTable]) -> Known:
    """Read the schemas of the other nights' documents; see `known_columns`."""
    return known_columns(store.night, ((it.night, _read_schema(store, it)) for it in others))


def identity_of(column: pa.Field) -> Identity:
    """Return which of the feed's columns a column of a file is."""
    marks = column.metadata or {}
    if KEY in marks:
        return marks[KEY].decode("utf-8", "surrogatepass"), TEXT_OF in marks
    # Published before fields carried their key.
    key = column.name.removeprefix("feed_")
    return (key if key in RESERVED else column.name), False


def _read_schema(store: Store, night: NightTable) -> pa.Schema:
    with readable(store, night.table):
        return pq.read_schema(store.resolve(night.table))


def _columns_of(schemas: Iterable[pa.Schema]) -> dict[Identity, pa.Field]:
    """List the columns of some nights; one that is in several is as in the last of these."""
    columns: dict[Identity, pa.Field] = {}
    for schema in schemas:
        own = (column for column in schema if column.name not in RESERVED)
        columns |= {identity_of(column): _with_our_marks(column) for column in own}
    return columns


def _with_our_marks(column: pa.Field) -> pa.Field:
    ours = (KEY, TEXT_OF, ONLY_TEXT)
    marks = {mark: column.metadata[mark] for mark in ours if mark in (column.metadata or {})}
    return pa.field(column.name, column.type, metadata=marks or None)
