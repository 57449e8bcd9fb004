"""The documents of a report's map, packed: numbers as base64 of typed arrays, texts compressed."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.reporting.beside.points import Points

_STEPS: Final = 65_535
"""A place is a number of 16 bits: on a screen of 4,000 pixels, a sixteenth of one."""

_FRAME_STEP: Final = 1.25
"""The frame of the map grows by a quarter at a time: on most nights it is that of the last one, and
what has not moved does not move on the screen."""


def packed(
    points: Points, theme_ids: Sequence[str], pictures: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Pack the documents on a map.

    Parameters
    ----------
    points
        At least one.
    theme_ids
        Of the themes in the order of the page; a document in no theme of these has their number.
    pictures
        Of some documents, as data URLs by their ids.

    Returns
    -------
    `n`; `places` (uint16, x and y in turns), `themes` (uint16) and `is_new` (uint8) as base64; and
    `texts`, the base64 of a gzip of a JSON object with `ids`, `texts`, and `pictures` if any.
    """
    place = {it: at for at, it in enumerate(theme_ids)}
    themes = [place.get(it, len(theme_ids)) for it in points.cluster_ids]
    told: dict[str, Any] = {"ids": points.doc_ids, "texts": points.texts}
    if pictures:
        told["pictures"] = [pictures.get(it) for it in points.doc_ids]
    # No time of day in it: the same night gives the same bytes.
    texts = gzip.compress(json.dumps(told, ensure_ascii=False).encode(), mtime=0)
    return {
        "n": len(points.doc_ids),
        "places": _base64(_in_frame(points.places).astype("<u2").tobytes()),
        "themes": _base64(np.array(themes, dtype="<u2").tobytes()),
        "is_new": _base64(np.array(points.is_new, dtype=np.uint8).tobytes()),
        "texts": _base64(texts),
    }


def _in_frame(places: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scale positions to the steps of a square around zero that holds them all."""
    reach = max(float(np.abs(places).max()), 1e-6)
    half = _FRAME_STEP ** np.ceil(np.log(reach) / np.log(_FRAME_STEP))
    scaled = (places.astype(np.float64) / half + 1) / 2
    return np.asarray(np.clip(np.rint(scaled * _STEPS), 0, _STEPS))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
