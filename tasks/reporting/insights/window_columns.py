"""The feed's own columns over the nights of the window, document by document, as text.

Reads  the window's documents
Writes nothing
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.core.arrays import Integers
from tasks.preparing.columns.known_columns import RESERVED, Identity, identity_of
from tasks.reading.picking import pick
from tasks.store.history import NightTable
from tasks.store.storage import Store, read_table, readable
from validation.cells.ratings import parse_rating
from validation.tables.columns import DOC_ID, SOURCE

logger = logging.getLogger(__name__)

MOST_COLUMNS: Final = 100
"""A row may have thousands of keys, and no reader looks at so many breakdowns."""

Fields = Mapping[Identity, pa.Field]
"""The feed's own columns of a file."""

Night = tuple[pa.Table, dict[str, pa.ChunkedArray]]
"""Id and source of a night's documents, and their own columns."""


@dataclass(frozen=True)
class WindowColumns:
    """Columns of the window's documents, oldest night first; each of shape (n_documents,).

    Parameters
    ----------
    doc_ids, sources
        Of every document.
    nights
        Position of its night among those of the window.
    own
        The feed's name for a column → its values as text, null where a document has none.
    """

    doc_ids: pa.ChunkedArray
    sources: pa.ChunkedArray
    nights: Integers
    own: dict[str, pa.ChunkedArray]

    def at(self, name: str) -> pa.ChunkedArray | None:
        """Return a column, or the field of an object in one by its dotted path; None if absent.

        The part `source`, which of image files is their folder, counts as one.
        """
        found = _at(self.own, name)
        return self.sources if found is None and name == SOURCE else found


def column_as_text(documents: pa.Table, name: str) -> pa.ChunkedArray | None:
    """Return a column of the feed's own, or a field of one; see `WindowColumns.at`.

    Parameters
    ----------
    documents
        One night's, as they are prepared or published.
    name
        The feed's name for the column.
    """
    fields: Fields = {identity_of(it): it for it in documents.schema if it.name not in RESERVED}
    keys = [it for it in (name, name.partition(".")[0]) if (it, False) in fields]
    found = _at({key: _as_text(documents, fields, key) for key in keys}, name)
    return documents[SOURCE] if found is None and name == SOURCE else found


def _at(own: Mapping[str, pa.ChunkedArray], name: str) -> pa.ChunkedArray | None:
    if name in own:
        return own[name]
    column, _, path = name.partition(".")
    if not path or column not in own:
        return None
    encoded = own[column].combine_chunks().dictionary_encode()
    values = pa.array([_field(it, path) for it in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([values.take(encoded.indices)])


def read_columns(
    store: Store, window: Sequence[NightTable], ratings: Sequence[str] = ()
) -> WindowColumns:
    """Read the columns of all documents that are clustered together.

    Parameters
    ----------
    store, window
        Where the documents are.
    ratings
        Columns that are read whatever others there are, or paths into them.
    """
    fields = [_own_fields(store, night) for night in window]
    first = [it for name in ratings for it in (name, name.partition(".")[0])]
    there = dict.fromkeys(key for own in fields for key, _ in own)
    names = [*dict.fromkeys([it for it in first if it in there] + list(there))]
    if len(names) > MOST_COLUMNS:
        logger.warning(
            "the feed has %s columns of its own: only the first %d are broken down",
            *(f"{len(names):,}", MOST_COLUMNS),
        )
    names = names[:MOST_COLUMNS]
    nights = [_read_night(store, *it, names) for it in zip(window, fields, strict=True)]
    ours = pa.concat_tables([mine for mine, _ in nights])
    return WindowColumns(
        doc_ids=ours[DOC_ID],
        sources=ours[SOURCE],
        nights=np.repeat(np.arange(len(nights)), [len(mine) for mine, _ in nights]),
        own={name: _over_nights(nights, name) for name in names},
    )


def ratings_of(
    columns: WindowColumns, names: Sequence[str]
) -> tuple[NDArray[np.float64], list[str]]:
    """Read the ratings of all documents.

    Parameters
    ----------
    columns
        Of the window.
    names
        Columns of ratings: a document has the first that it has a number in.

    Returns
    -------
    NaN where a document has none, shape (n_documents,); and the values that are no number, each as
    often as it stands there.
    """
    ratings = np.full(len(columns.doc_ids), np.nan)
    unread: list[str] = []
    for values in filter(None, map(columns.at, names)):
        encoded = values.combine_chunks().dictionary_encode()
        spelled = encoded.dictionary.to_pylist()
        numbers = np.array([_number(it) for it in spelled] + [np.nan])
        places = encoded.indices.fill_null(len(spelled)).to_numpy()
        found = numbers[places]
        unread += [spelled[it] for it in places[np.isnan(found) & (places < len(spelled))]]
        ratings = np.where(np.isnan(ratings), found, ratings)
    return ratings, unread


def _number(value: str) -> float:
    found = parse_rating(value)
    return np.nan if found is None else found


def _over_nights(nights: Sequence[Night], name: str) -> pa.ChunkedArray:
    """Put a column of all nights together, null where a night lacks it."""
    parts = [
        own[name].chunks if name in own else [pa.nulls(len(mine), pa.string())]
        for mine, own in nights
    ]
    return pa.chunked_array(chain.from_iterable(parts), pa.string())


def _own_fields(store: Store, night: NightTable) -> Fields:
    with readable(store, night.table):
        schema = pq.read_schema(store.resolve(night.table))
    return {identity_of(it): it for it in schema if it.name not in RESERVED}


def _read_night(store: Store, night: NightTable, fields: Fields, names: Sequence[str]) -> Night:
    own = {identity: it for identity, it in fields.items() if identity[0] in names}
    read = read_table(store, night.table, [DOC_ID, SOURCE, *(it.name for it in own.values())])
    keys = [key for key, is_beside in own if not is_beside]
    return read.select([DOC_ID, SOURCE]), {key: _as_text(read, own, key) for key in keys}


def _as_text(read: pa.Table, own: Fields, key: str) -> pa.ChunkedArray:
    """Return a column as text, with what did not fit its type and stands in the column beside."""
    column = read[own[key, False].name]
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    text = column.cast(pa.string())
    beside = own.get((key, True))
    return text if beside is None else pc.coalesce(text, read[beside.name])


def _field(value: str | None, path: str) -> str | None:
    """Return a field of an object that is spelled as JSON."""
    try:
        object_ = json.loads(value or "null")
    except ValueError:  # a text that is no JSON
        return None
    found = pick(object_, path) if isinstance(object_, Mapping) else None
    return None if found is None else found if isinstance(found, str) else json.dumps(found)
