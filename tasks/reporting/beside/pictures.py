"""What documents look like that are no texts: small pictures that a page holds in itself."""

import base64
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tasks.reporting.beside.curves import curves
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table
from validation.tables.columns import CONTENT, DOC_ID, MEDIA_TYPE, TEXT_DIGEST

MOST_ON_MAP: Final = 2_000
"""Documents of a map that have a picture there: at most some 2 MB of a page."""

_SMALL_SIDE: Final = 32
_QUALITY: Final = 60
"""Of a picture on the map, which is shown for a moment: it takes half a kilobyte."""


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
    found: dict[str, str] = {}
    for night in reversed([it for it in store.published_nights() if it <= store.night]):
        lacking = [it for it in doc_ids if it not in found]
        if not lacking:
            break
        tables = store.read_manifest(night).tables
        if "contents" not in tables:
            continue
        rows = read_table(store, tables["documents"], [DOC_ID, TEXT_DIGEST])
        rows = rows.filter(pc.is_in(rows[DOC_ID], pa.array(lacking, pa.string())))
        contents = read_table(store, tables["contents"])
        contents = contents.filter(
            pc.is_in(contents[TEXT_DIGEST], rows[TEXT_DIGEST].combine_chunks())
        )
        columns = (contents[it].to_pylist() for it in (TEXT_DIGEST, MEDIA_TYPE, CONTENT))
        picture = {digest: drawn[kind](it) for digest, kind, it in zip(*columns, strict=True)}
        pairs = zip(rows[DOC_ID].to_pylist(), rows[TEXT_DIGEST].to_pylist(), strict=True)
        found |= {doc_id: picture[digest] for doc_id, digest in pairs if digest in picture}
    return found


def exemplars_of(clusters: Collection[Mapping[str, Sequence[str] | None]]) -> list[str]:
    """Return the ids of the documents that show clusters."""
    return [it for row in clusters for it in row.get("exemplar_doc_ids") or ()]


def _as_it_is(content: bytes) -> str:
    return _url("image/png", content)


def _shrunk(content: bytes) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        small = image.copy()
    small.thumbnail((_SMALL_SIDE, _SMALL_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY)
    return _url("image/webp", file.getvalue())


def _url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _curve(content: bytes) -> str:
    return _url("image/png", curves(content))


def _small_curve(content: bytes) -> str:
    return _url("image/png", curves(content, is_small=True))


_WHOLE: Final[Mapping[str, Callable[[bytes], str]]] = {
    "image/png": _as_it_is,
    "application/x-npy": _curve,
}
_SMALL: Final[Mapping[str, Callable[[bytes], str]]] = {
    "image/png": _shrunk,
    "application/x-npy": _small_curve,
}
"""Media type of `contents` → how it is drawn."""
