"""Set short remarks apart: what is clustered is the rest.

Reads  items (embedding), the window's texts and documents; on a quiet night the last assignments
Writes items, texts and documents of the themes; the same of the remarks
"""

import logging
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.core.arrays import AnyFloats
from models.core.threads import one_thread
from tasks.frame.stage import stage
from tasks.store.storage import (
    Ref,
    Store,
    TableWriter,
    keep_table,
    read_batches,
    read_table,
    readable,
)
from tasks.vectors.embed import Embedded
from tasks.vectors.items import Remarks, Window, WindowRef, read_window
from tasks.vectors.matrices import read_in_16_bits
from validation.tables.columns import CLUSTER_ID, DOC_ID, EMBEDDING, POSITION, REMARKS, TEXT

logger = logging.getLogger(__name__)


@stage("set apart", version=2)
@one_thread()
def set_remarks_apart(store: Store, embedded: Embedded, carried: Ref | None) -> Embedded:
    """Part the window into what is clustered and short remarks.

    Parameters
    ----------
    store
        Of the night.
    embedded
        All of the window.
    carried
        Assignments of the last night, where tonight brings nothing new: remarks stay what they are.

    Returns
    -------
    What is clustered, with the remarks beside it if there are any.
    """
    from models.text.language.told import language_shares

    window = read_window(store, embedded.window)
    texts = window.texts[TEXT].to_pylist()
    languages = language_shares(texts)
    if carried is None:
        X = read_in_16_bits(store, [(embedded.items, EMBEDDING)])
        is_remark = judged(texts, X, languages)
    else:
        is_remark = as_before(window, read_table(store, carried, [DOC_ID, CLUSTER_ID]))
    known = embedded.model_copy(update={"languages": languages})
    if not is_remark.any():
        return known
    logger.info("%s of %s texts are short remarks", f"{is_remark.sum():,}", f"{len(texts):,}")
    themes, remarks = (
        Remarks(window=_keep_window(store, window, it), items=_keep_rows(store, embedded.items, it))
        for it in (~is_remark, is_remark)
    )
    parts = {"items": themes.items, "window": themes.window, "remarks": remarks}
    return known.model_copy(update=parts)


def judged(texts: list[str], X: AnyFloats, languages: Mapping[str, float]) -> NDArray[np.bool_]:
    """Find the remarks among the window's texts, from what the texts say; see `find_remarks`."""
    from models.text.language.stop_words import stop_words_of
    from models.text.remarks import find_remarks

    return find_remarks(texts, X, stop_words_of(tuple(languages)))


def as_before(window: Window, assigned: pa.Table) -> NDArray[np.bool_]:
    """Find the texts that were remarks on the last night.

    Parameters
    ----------
    window
        Texts and documents.
    assigned
        Documents and their clusters on the last night.
    """
    remarks = assigned.filter(pc.equal(assigned[CLUSTER_ID], REMARKS))[DOC_ID]
    documents = window.documents.filter(pc.is_in(window.documents[DOC_ID], remarks))
    found = np.zeros(len(window.texts), dtype=bool)
    found[documents[POSITION].to_numpy()] = True
    return found


def part_of(window: Window, is_in: NDArray[np.bool_]) -> Window:
    """Take the texts that are in a part, and their documents, in the same order.

    Parameters
    ----------
    window
        Texts and documents.
    is_in
        Which texts, shape (n_texts,).
    """
    place = np.cumsum(is_in) - 1
    positions = window.documents[POSITION].to_numpy()
    documents = window.documents.filter(pa.array(is_in[positions]))
    at = documents.schema.get_field_index(POSITION)
    moved = pa.array(place[documents[POSITION].to_numpy()], pa.int64())
    documents = documents.set_column(at, documents.schema.field(at), moved)
    return Window(window.texts.filter(pa.array(is_in)), documents)


def _keep_window(store: Store, window: Window, is_in: NDArray[np.bool_]) -> WindowRef:
    texts, documents = (keep_table(store, "set-apart", it) for it in part_of(window, is_in))
    return WindowRef(texts=texts, documents=documents)


def _keep_rows(store: Store, items: Ref, is_in: NDArray[np.bool_]) -> Ref:
    """Keep some rows of a table, batch by batch: vectors are most of what a window is."""
    with readable(store, items):
        schema = pq.read_schema(store.resolve(items))
    first = 0
    with TableWriter(store, "set-apart", schema) as writer:
        for batch in read_batches(store, items):
            writer.write(batch.filter(pa.array(is_in[first : first + len(batch)])))
            first += len(batch)
    return writer.ref
