"""Part the window into groups by a column of the feed.

Reads  items, the window's texts and documents, the feed's own columns
Writes items, texts and documents of every group
"""

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from models.core.arrays import Integers
from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.frame.stage import stage
from tasks.groups.values import OTHERS, SMALLEST, groups_of
from tasks.reporting.insights.window_columns import WindowColumns, read_columns
from tasks.store.history import NightTable, PastNight
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.items import Window, WindowRef, read_window
from validation.errors import NightfoldError
from validation.tables.columns import DOC_ID, GROUP, NIGHT, POSITION

logger = logging.getLogger(__name__)

NAME_CHARS: Final = 40
"""Of a name in a message."""

_NAMED: Final = 20
"""Columns that a message names."""


class Part(NamedTuple):
    """A part of the window: its vectors, and its texts and documents."""

    items: pa.Table
    window: Window


class NoSuchColumnError(NightfoldError, ValueError):
    """A column to group by that no document has."""


class GroupTonight(BaseModel):
    """A group of the window, to be clustered by itself."""

    model_config = ConfigDict(frozen=True)

    name: str
    slug: str
    values: int
    embedded: Embedded
    """Without the remarks, which are kept together."""


class Groups(BaseModel):
    """The groups of the window, by name, that of all others last."""

    model_config = ConfigDict(frozen=True)

    groups: list[GroupTonight]


@stage("groups", version=1)
def part_in_groups(store: Store, themes: Embedded, nights: list[NightTable], by: str) -> Groups:
    """Part what is clustered by a column; a text that two groups have is in both.

    Raises
    ------
    NoSuchColumnError
        If no document of the window has the column.
    """
    items, window = read_table(store, themes.items), read_window(store, themes.window)
    values = values_of(window.documents, read_columns(store, nights, [by]), by)
    groups = groups_of(by, values, window.documents[POSITION].to_numpy())
    for group in groups:
        is_small = f", {counted(group.values, 'value')} of fewer than {SMALLEST} texts or none"
        logger.info(
            "group %s: %s%s",
            excerpt(group.name, NAME_CHARS),
            counted(len(group.rows), "document"),
            is_small if group.name == OTHERS else "",
        )
    return Groups(
        groups=[
            GroupTonight(
                name=group.name,
                slug=group.slug,
                values=group.values,
                embedded=_kept(store, themes, cut_group(items, window, group.rows)),
            )
            for group in groups
        ]
    )


def values_of(documents: pa.Table, columns: WindowColumns, by: str) -> list[str | None]:
    """Return the value of every document in a column; see `part_in_groups` for errors."""
    values = columns.at(by)
    if values is None:
        raise NoSuchColumnError(
            f"clustering.by must be a column that the feed carries along with its documents, got"
            f" {excerpt(by, NAME_CHARS)!r}; it has {_listed(list(columns.own))}"
        )
    rows = pc.index_in(documents[DOC_ID], columns.doc_ids)
    found: list[str | None] = values.take(rows).to_pylist()
    return found


def cut_group(items: pa.Table, window: Window, rows: Integers) -> Part:
    """Take documents out of a window with their texts, as if there were no others.

    Parameters
    ----------
    items
        Vectors of the window's texts.
    window
        Texts and documents, those of earlier nights first.
    rows
        The documents, rising.

    Returns
    -------
    Texts by first appearance in the group, each with the night of it.
    """
    documents = window.documents.take(pa.array(rows))
    positions = documents[POSITION].to_numpy()
    _, first, inverse = np.unique(positions, return_index=True, return_inverse=True)
    in_order = np.argsort(first)
    place, shown = np.argsort(in_order), first[in_order]
    kept = pa.array(positions[shown])
    texts = window.texts.take(kept)
    came = documents[NIGHT].take(pa.array(shown))
    texts = _with(texts, NIGHT, came)
    moved = pa.array(place[inverse], pa.int64())
    return Part(items.take(kept), Window(texts, _with(documents, POSITION, moved)))


@stage("groups before", version=1)
def assigned_before(store: Store, night: PastNight, name: str) -> Ref:
    """Take the assignments of one group of an earlier night."""
    assigned = read_table(store, night.assignments)
    return keep_table(store, "groups", assigned.filter(pc.equal(assigned[GROUP], name)))


def _with(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), column)


def _kept(store: Store, themes: Embedded, part: Part) -> Embedded:
    texts, documents = (keep_table(store, "groups", table) for table in part.window)
    items = keep_table(store, "groups", part.items)
    window = WindowRef(texts=texts, documents=documents)
    return themes.model_copy(update={"items": items, "window": window, "remarks": None})


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return (", ".join(excerpt(it, NAME_CHARS) for it in names[:_NAMED]) or "none") + more
