"""Every document of a night's window on its map: where it lies, what it says, its cluster."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.boundary.excerpts import excerpt
from tasks.preparing.texts.cleaning import embedded_text
from tasks.store.manifests import Manifest
from tasks.store.storage import Ref, Store, read_table
from validation.tables.columns import CLUSTER_ID, DOC_ID, IS_NEW, TEXT, TITLE, X_PLACE, Y_PLACE

MOST_POINTS: Final = 100_000
"""Documents in a report: more, and it takes seconds to open."""

_MANY: Final = 30_000
_CHARS, _FEWER_CHARS = 160, 90
"""Of a text, two lines; of many texts one, so that the report stays below 15 MB."""


@dataclass(frozen=True)
class Points:
    """The documents that the map of a report shows; all fields have one order.

    Parameters
    ----------
    doc_ids, texts, cluster_ids, is_new
        Of the documents; of the texts, how they begin.
    places
        Shape (n_documents, 2).
    n_left_out
        Documents of the window for which there is no room.
    """

    doc_ids: list[str]
    texts: list[str]
    cluster_ids: list[str]
    is_new: list[bool]
    places: NDArray[np.float32]
    n_left_out: int


def read_points(store: Store, manifest: Manifest) -> Points | None:
    """Read the documents on the map of a night; None where it has no map.

    Of more than `MOST_POINTS` those of tonight come first, the others are drawn by lot.
    """
    if "map" not in manifest.tables or not manifest.tables["map"].rows:
        return None
    placed = read_table(store, manifest.tables["map"])
    columns = [DOC_ID, CLUSTER_ID, IS_NEW]
    assigned = read_table(store, manifest.tables["assignments"], columns)
    rows = placed.join(assigned, DOC_ID, join_type="inner").sort_by(DOC_ID)
    shown = rows.take(_chosen(rows[IS_NEW].to_numpy()))
    doc_ids = shown[DOC_ID].to_pylist()
    text_of = _texts(store, doc_ids)
    return Points(
        doc_ids=doc_ids,
        texts=[text_of.get(doc_id, "") for doc_id in doc_ids],
        cluster_ids=shown[CLUSTER_ID].to_pylist(),
        is_new=shown[IS_NEW].to_pylist(),
        places=np.stack([shown[it].to_numpy() for it in (X_PLACE, Y_PLACE)], axis=1),
        n_left_out=len(rows) - len(shown),
    )


def _chosen(is_new: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Choose the rows that are shown, in order."""
    if len(is_new) <= MOST_POINTS:
        return np.arange(len(is_new))
    lot = np.random.default_rng(0).random(len(is_new))
    return np.sort(np.argsort(lot - is_new, kind="stable")[:MOST_POINTS])


def _texts(store: Store, doc_ids: Collection[str]) -> dict[str, str]:
    """Return how the texts of documents begin: they stand in the nights that have read them."""
    n_chars = _CHARS if len(doc_ids) <= _MANY else _FEWER_CHARS
    wanted, found = pa.array(doc_ids, pa.string()), dict[str, str]()
    for night in reversed([it for it in store.published_nights() if it <= store.night]):
        if len(found) == len(doc_ids):
            break
        ref = store.read_manifest(night).tables["documents"]
        found = _beginnings(store, ref, wanted, n_chars) | found
    return found


def _beginnings(store: Store, ref: Ref, wanted: pa.Array, n_chars: int) -> dict[str, str]:
    table = read_table(store, ref, [DOC_ID, TITLE, TEXT])
    own = table.filter(pc.is_in(table[DOC_ID], wanted))
    columns = (own[it].to_pylist() for it in (DOC_ID, TITLE, TEXT))
    return {
        doc_id: excerpt(embedded_text(title, text), n_chars)
        for doc_id, title, text in zip(*columns, strict=True)
    }
