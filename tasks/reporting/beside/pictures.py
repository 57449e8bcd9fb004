"""What documents look like that are no texts: small pictures that a page holds in itself."""

import base64
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.reporting.beside.curves import curves, mean_and_spread
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_batches, read_table
from validation.tables.columns import CLUSTER_ID, CONTENT, DOC_ID, MEDIA_TYPE, TEXT_DIGEST

MOST_ON_MAP: Final = 2_000
"""Documents of a map that have a picture there: at most some 2 MB of a page."""

_MOST_MEMBERS: Final = 200
"""Series of a cluster whose mean is drawn: of more it is the same to the eye."""

_ROWS_AT_ONCE: Final = 256
"""Items that memory holds beside those that are shown."""

_SERIES: Final = "application/x-npy"

_SMALL_SIDE: Final = 32
_QUALITY: Final = 60
"""Of a picture on the map, which is shown for a moment: it takes half a kilobyte."""

_AS_IT_IS: Final = 64
_LARGEST_SIDE: Final = 128
_LARGE_QUALITY: Final = 80
"""Of an image that is kept larger: as PNG a page of them would have tens of megabytes."""


def read_pictures(
    store: Store, manifest: Manifest, doc_ids: Sequence[str], is_small: bool = False
) -> dict[str, str]:
    """Return documents as pictures, as data URLs by their ids; none where they are texts.

    Parameters
    ----------
    store
        The night.
    manifest
        Of the night.
    doc_ids
        Of its window.
    is_small
        Whether they are shown for a moment only.
    """
    if manifest.has_texts:
        return {}
    drawn = _SMALL if is_small else _WHOLE
    found = read_contents(store, doc_ids)
    return {doc_id: drawn[it.media_type](it.content) for doc_id, it in found.items()}


def read_typical(store: Store, manifest: Manifest) -> dict[str, str]:
    """Return what is usual in each cluster of series, as data URLs by its id.

    Parameters
    ----------
    store
        The night.
    manifest
        Of the night.

    Returns
    -------
    For each the mean of its series and their spread, of at most `_MOST_MEMBERS` drawn by lot; none
    where documents are no series, whose means can be looked at.
    """
    if manifest.has_texts or not _are_series(store, manifest):
        return {}
    assigned = read_table(store, manifest.tables["assignments"], [DOC_ID, CLUSTER_ID])
    rows = assigned.take(np.random.default_rng(0).permutation(len(assigned)))
    members: dict[str, list[str]] = {}
    for doc_id, cluster_id in zip(*(rows[it].to_pylist() for it in rows.column_names), strict=True):
        members.setdefault(cluster_id, []).append(doc_id)
    chosen = {cluster_id: it[:_MOST_MEMBERS] for cluster_id, it in members.items()}
    found = read_contents(store, [it for own in chosen.values() for it in own])
    own = {key: [found[it].content for it in ids if it in found] for key, ids in chosen.items()}
    return {key: _mean(it) for key, it in own.items() if it}


class Content(NamedTuple):
    """What a document is, and of which media type."""

    media_type: str
    content: bytes


def read_contents(store: Store, doc_ids: Collection[str]) -> dict[str, Content]:
    """Return what documents are that are no texts, by their ids: it stands where it was read."""
    found: dict[str, Content] = {}
    for night in reversed([it for it in store.published_nights() if it <= store.night]):
        lacking = [it for it in doc_ids if it not in found]
        if not lacking:
            break
        tables = store.read_manifest(night).tables
        if "contents" not in tables:
            continue
        rows = read_table(store, tables["documents"], [DOC_ID, TEXT_DIGEST])
        rows = rows.filter(pc.is_in(rows[DOC_ID], pa.array(lacking, pa.string())))
        wanted, of = rows[TEXT_DIGEST].combine_chunks(), dict[str, Content]()
        for batch in read_batches(store, tables["contents"], n_rows=_ROWS_AT_ONCE):
            kept = batch.filter(pc.is_in(batch[TEXT_DIGEST], wanted))
            columns = (kept[it].to_pylist() for it in (TEXT_DIGEST, MEDIA_TYPE, CONTENT))
            of |= {digest: Content(*it) for digest, *it in zip(*columns, strict=True)}
        pairs = zip(rows[DOC_ID].to_pylist(), rows[TEXT_DIGEST].to_pylist(), strict=True)
        found |= {doc_id: of[digest] for doc_id, digest in pairs if digest in of}
    return found


def exemplars_of(clusters: Collection[Mapping[str, Sequence[str] | None]]) -> list[str]:
    """Return the ids of the documents that show clusters."""
    return [it for row in clusters for it in row.get("exemplar_doc_ids") or ()]


def _are_series(store: Store, manifest: Manifest) -> bool:
    kinds = read_table(store, manifest.tables["contents"], [MEDIA_TYPE])
    return _SERIES in kinds[MEDIA_TYPE].unique().to_pylist()


def _whole(content: bytes) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        is_small = max(image.size) <= _AS_IT_IS
    if is_small:
        return _url("image/png", content)
    return _shrunk(content, _LARGEST_SIDE, _LARGE_QUALITY)


def _shrunk(content: bytes, side: int = _SMALL_SIDE, quality: int = _QUALITY) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        small = image.copy()
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=quality)
    return _url("image/webp", file.getvalue())


def _url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _curve(content: bytes) -> str:
    return _url("image/png", curves(content))


def _mean(contents: Sequence[bytes]) -> str:
    return _url("image/png", mean_and_spread(contents))


def _small_curve(content: bytes) -> str:
    return _url("image/png", curves(content, is_small=True))


_WHOLE: Final[Mapping[str, Callable[[bytes], str]]] = {
    "image/png": _whole,
    _SERIES: _curve,
}
_SMALL: Final[Mapping[str, Callable[[bytes], str]]] = {
    "image/png": _shrunk,
    _SERIES: _small_curve,
}
"""Media type of `contents` → how it is drawn."""
