"""Which themes every document mentions: a row for each of its passages, and counts by cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from models.core.arrays import Floats, Integers
from tasks.vectors.items import Window
from tasks.vectors.passages import body_of
from validation.tables.cluster_schemas import MENTIONED
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    END,
    MENTIONS,
    PASSAGE,
    POSITION,
    START,
    TEXT,
)
from validation.tables.stage_schemas import PASSAGES


@dataclass(frozen=True)
class Placed:
    """Passages with their clusters.

    Parameters
    ----------
    passages
        With the schema `PASSAGES`.
    cluster_ids
        Of each passage.
    confidence
        Of each passage.
    """

    passages: pa.Table
    cluster_ids: pa.Array
    confidence: Floats


NOTHING: Final = Placed(
    PASSAGES.empty_table(), pa.array([], pa.string()), np.zeros(0, dtype=np.float32)
)
"""Where no text has several passages, as among remarks."""


def whole_texts_of(
    n_texts: int, placed: Integers, assigned: pa.Table, window: pa.Table, cluster_ids: list[str]
) -> sparse.csr_array:
    """Return which texts of each cluster are their own only passage, (n_clusters, n_texts).

    Parameters
    ----------
    n_texts
        Of the window.
    placed
        Positions of the texts that have several passages.
    assigned
        The assignments, in the order of the window's documents.
    window
        The window's documents, with the schema `WINDOW_DOCUMENTS`.
    cluster_ids
        The cluster of each row.
    """
    of_text = _by_text(n_texts, assigned[CLUSTER_ID], window)
    clusters = pc.index_in(of_text, pa.array(cluster_ids, pa.string())).fill_null(-1).to_numpy()
    is_whole = clusters >= 0
    is_whole[placed] = False
    whole = np.flatnonzero(is_whole)
    marks = np.ones(len(whole), dtype=np.float32)
    return sparse.csr_array((marks, (clusters[whole], whole)), shape=(len(cluster_ids), n_texts))


def mention_rows(window: Window, assigned: pa.Table, placed: Placed) -> pa.Table:
    """Lay out every passage of every document, with the schema `MENTIONED`.

    Parameters
    ----------
    window
        Texts and documents.
    assigned
        The assignments, in the order of the window's documents. A document that is its own only
        passage has its cluster and its confidence from here.
    placed
        The passages of the texts that have several.
    """
    positions = window.documents[POSITION].to_numpy()
    of_documents, index = _rows(positions, placed.passages[POSITION].to_numpy(), len(window.texts))
    bodies = [body_of(text) for text in window.texts[TEXT].to_pylist()]
    n_texts = len(bodies)
    pools = {
        PASSAGE: _pool(placed.passages[TEXT], pa.array(bodies, pa.large_string())),
        START: _pool(placed.passages[START], pa.array(np.zeros(n_texts, np.int64))),
        END: _pool(placed.passages[END], pa.array([len(it) for it in bodies], pa.int64())),
        CLUSTER_ID: _pool(
            placed.cluster_ids, _by_text(n_texts, assigned[CLUSTER_ID], window.documents)
        ),
        CONFIDENCE: _pool(
            pa.array(placed.confidence, pa.float32()),
            _by_text(n_texts, assigned[CONFIDENCE], window.documents),
        ),
    }
    columns = {name: pool.take(pa.array(index)) for name, pool in pools.items()}
    doc_ids = window.documents[DOC_ID].take(pa.array(of_documents))
    return pa.table({DOC_ID: doc_ids, **columns}).select(MENTIONED.names).cast(MENTIONED)


def in_whole_texts(rows: pa.Table, whole: Mapping[str, str]) -> pa.Table:
    """Find the passages of cut documents in their whole texts.

    Parameters
    ----------
    rows
        With the schema `MENTIONED`.
    whole
        doc_id → text, of the documents of which only a part is embedded.
    """
    if not whole:
        return rows
    starts, ends = rows[START].to_pylist(), rows[END].to_pylist()
    after: dict[str, int] = {}
    for place, doc_id in enumerate(rows[DOC_ID].to_pylist()):
        if doc_id not in whole:
            continue
        passage = rows[PASSAGE][place].as_py()
        start = whole[doc_id].find(passage, after.get(doc_id, 0))
        found = start >= 0
        starts[place], ends[place] = (start, start + len(passage)) if found else (None, None)
        after[doc_id] = ends[place] if found else after.get(doc_id, 0)
    columns = {name: rows[name] for name in MENTIONED.names} | {START: starts, END: ends}
    return pa.table(columns, schema=MENTIONED)


def with_mentions(clusters: pa.Table, assigned: pa.Table, rows: pa.Table) -> pa.Table:
    """Add to every cluster how many documents are in it or have a passage in it."""
    pairs = pa.concat_tables(
        [table.select([DOC_ID, CLUSTER_ID]).cast(_PAIRS) for table in (assigned, rows)]
    )
    distinct = pairs.group_by([DOC_ID, CLUSTER_ID]).aggregate([])
    counted = pc.value_counts(distinct[CLUSTER_ID].combine_chunks()).to_pylist()
    count_of = {it["values"]: it["counts"] for it in counted}
    found = pa.array([count_of.get(it, 0) for it in clusters[CLUSTER_ID].to_pylist()], pa.int64())
    return clusters.set_column(clusters.column_names.index(MENTIONS), MENTIONS, found)


_PAIRS = pa.schema([(DOC_ID, pa.string()), (CLUSTER_ID, pa.string())])


def _rows(positions: Integers, placed: Integers, n_texts: int) -> tuple[Integers, Integers]:
    """Return the document of every row, and where its values are: behind the passages the texts."""
    counts = np.bincount(placed, minlength=n_texts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    n_rows = np.maximum(counts[positions], 1)
    of_documents = np.repeat(np.arange(len(positions)), n_rows)
    within = np.arange(n_rows.sum()) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    texts = positions[of_documents]
    index = np.where(counts[texts] > 0, first[texts] + within, len(placed) + texts)
    return of_documents, index


def _pool(passages: pa.Array | pa.ChunkedArray, texts: pa.Array) -> pa.ChunkedArray:
    """Put the values of the texts behind those of the passages."""
    chunks = passages.chunks if isinstance(passages, pa.ChunkedArray) else [passages]
    return pa.chunked_array([*chunks, texts], texts.type)


def _by_text(n_texts: int, values: pa.ChunkedArray, documents: pa.Table) -> pa.Array:
    """Return what the documents of each text have, which is the same for all of them."""
    first = np.zeros(n_texts, dtype=np.int64)
    first[documents[POSITION].to_numpy()] = np.arange(len(documents))
    return values.combine_chunks().take(pa.array(first))
