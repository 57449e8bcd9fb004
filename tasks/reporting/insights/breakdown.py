"""The rows of the table `breakdown`: values that clusters have more often than the feed.

Reads  texts of the window, where the feed is in several languages
Writes nothing
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.core.arrays import Integers, Labels
from tasks.reporting.insights.window_columns import WindowColumns
from tasks.store.history import NightTable
from tasks.store.storage import Store, read_batches
from validation.tables.columns import CLUSTER_ID, SHARE, SOURCE, TEXT
from validation.tables.insight_schemas import (
    BREAKDOWN,
    FEED_COLUMN,
    FEED_VALUE,
    LIFT,
    N_DOCUMENTS,
    OVERALL_SHARE,
    P_VALUE,
    Q_VALUE,
)

LANGUAGE: Final = "language"

_DATE: Final = r"^\s*\d{1,4}[-/]\d{1,2}[-/]\d{1,4}"
"""Without dots, for 2.10.3 is a version."""

_MOST_TEXTS: Final = 20_000
"""Whose language is told, the latest ones: to tell one takes 0.1 ms."""


def breakdown_table(
    columns: Mapping[str, pa.ChunkedArray], labels: Labels, cluster_ids: Sequence[str]
) -> pa.Table:
    """Lay out what clusters have more often than the feed.

    Parameters
    ----------
    columns
        Of the window's documents, as text, each of shape (n_documents,).
    labels
        Position of every document's cluster, shape (n_documents,).
    cluster_ids
        Of all clusters.
    """
    from models.insight.breakdown import find_excesses

    encoded = {name: _encoded(values) for name, values in columns.items()}
    codes, names = [places for places, _ in encoded.values()], list(encoded)
    rows = [
        {
            CLUSTER_ID: cluster_ids[it.cluster],
            FEED_COLUMN: names[it.column],
            FEED_VALUE: encoded[names[it.column]][1][it.value],
            N_DOCUMENTS: it.n,
            SHARE: it.share,
            OVERALL_SHARE: it.overall_share,
            LIFT: it.lift,
            P_VALUE: it.p,
            Q_VALUE: it.q,
        }
        for it in find_excesses(codes, labels, len(cluster_ids))
    ]
    return pa.Table.from_pylist(rows, schema=BREAKDOWN)


def broken_down(
    columns: WindowColumns, left_out: Collection[str], has_source: bool
) -> dict[str, pa.ChunkedArray]:
    """Return the columns to look at: not ratings, which have a table, nor dates, which are nights.

    Parameters
    ----------
    columns
        Of the window's documents.
    left_out
        Names of ratings, and of the column that documents are grouped by.
    has_source
        Whether the source is more than the name of a file.
    """
    own = {
        name: values
        for name, values in columns.own.items()
        if name not in left_out and not _are_dates(values)
    }
    return ({SOURCE: columns.sources} if has_source else {}) | own


def _are_dates(values: pa.ChunkedArray) -> bool:
    """Return whether most of the different values of a column begin with a date."""
    different = values.unique().drop_null()
    n_dates = pc.sum(pc.match_substring_regex(different, _DATE)).as_py() or 0
    return bool(2 * n_dates > len(different))


def languages_of_window(
    store: Store, window: Sequence[NightTable], known: Collection[str]
) -> dict[str, pa.ChunkedArray]:
    """Tell the language of the window's latest documents; none of a feed in a single one.

    Parameters
    ----------
    store, window
        Where the documents are.
    known
        Languages of the feed.
    """
    if len(known) < 2:
        return {}
    from models.text.language.told import languages_of

    n_left_out = max(0, sum(night.table.rows for night in window) - _MOST_TEXTS)
    texts = chain.from_iterable(_texts(store, night) for night in window)
    told = languages_of(list(_without_first(texts, n_left_out)), known)
    return {LANGUAGE: pa.chunked_array([pa.array(told, pa.string())])}


def _texts(store: Store, night: NightTable) -> Iterator[str]:
    for batch in read_batches(store, night.table, [TEXT]):
        yield from batch[TEXT].to_pylist()


def _without_first(texts: Iterable[str], n: int) -> Iterator[str | None]:
    for place, text in enumerate(texts):
        yield None if place < n else text


def _encoded(values: pa.ChunkedArray) -> tuple[Integers, list[str]]:
    """Return the position of every document's value, -1 where it has none, and the values."""
    encoded = values.combine_chunks().dictionary_encode()
    places = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return places, encoded.dictionary.to_pylist()
