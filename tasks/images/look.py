"""Look at the images of a feed: what is measured of each, what it is as it is kept.

Reads  raw rows, which lead to images; the images
Writes raw rows (RAW_ITEMS and what is measured): the text is what is measured, in words
       contents (CONTENTS): every image once, as it was prepared
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tasks.frame.stage import stage
from tasks.images.decode import Looked, UnfitImageError, as_png, digest_of, look_at
from tasks.images.feed import PATH, ImageFeed
from tasks.images.settings import ImageSettings
from tasks.items.looked import LookedAt, LookedRow, Looking, look_at_rows
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store
from validation.items.image_rules import (
    ASPECT,
    COLOUR_MODE,
    FORMAT,
    FOUND,
    HEIGHT,
    MEASURED,
    N_BYTES,
    N_PIXELS,
    SHORT_SIDE,
    SPREAD,
    WIDTH,
    ImageLimits,
)
from validation.tables.columns import (
    FILE,
    PROBLEM,
    PROBLEM_RULE,
    RAW,
    ROW,
    TEXT,
    TEXT_DIGEST,
)
from validation.tables.stage_schemas import RAW_ITEMS

logger = logging.getLogger(__name__)

PNG: Final = "image/png"
RAW_IMAGES: Final = pa.schema([*RAW_ITEMS, *MEASURED])

_TOLD: Final = (WIDTH, HEIGHT, FORMAT)
"""Of what is measured, columns of the documents: feeds have too many numbers by themselves."""

_UNSEEN: Final = "an image that was not looked at"

Record = dict[str, Any]


@stage("look at images", version=1)
def look_at_images(
    store: Store, raw: RawFeed, feed: ImageFeed, settings: ImageSettings
) -> LookedAt:
    """Decode every image within bounds; one that cannot be is a row with a problem."""
    return looked_at(store, raw, feed, settings)


def looked_at(store: Store, raw: RawFeed, feed: ImageFeed, settings: ImageSettings) -> LookedAt:
    """Decode every image of a feed; see `look_at_images`."""
    limits = limits_of(settings)

    def row(found: Record) -> LookedRow:
        named = named_by_file(found) if feed.is_of_files else found
        return looked_row(named, feed.places, limits, settings.side)

    return look_at_rows(store, raw, Looking(row, RAW_IMAGES, PNG, "images"))


def limits_of(settings: ImageSettings) -> ImageLimits:
    """Return what images are held against."""
    return ImageLimits(**settings.model_dump(include=set(ImageLimits.model_fields)))


def named_by_file(row: Record) -> Record:
    """Return a row as the only one of its image's file: so tables and messages name that."""
    return row | {FILE: json.loads(row[RAW])[PATH], ROW: 1}


def looked_row(row: Record, places: Mapping[str, str], limits: ImageLimits, side: int) -> LookedRow:
    """Look at the image of a row.

    Parameters
    ----------
    row
        Of the table `RAW_ROWS`; its text is the digest of the image, or `!rule!problem`.
    places
        Digest → file.
    limits
        See `ImageLimits`.
    side
        See `look_at`.

    Returns
    -------
    The row with the columns of `RAW_IMAGES`, and the image as it is kept; None where there is none.
    """
    blank = row | dict.fromkeys([TEXT_DIGEST, *(it.name for it in MEASURED)])
    if row[PROBLEM_RULE] is not None or row[TEXT] is None:
        return blank, None
    if row[TEXT].startswith("!"):
        _, rule, problem = row[TEXT].split("!", maxsplit=2)
        return _broken(blank, rule, problem), None
    try:
        content = _read(places, row[TEXT], limits.max_bytes)
        if isinstance(content, int):
            return blank | {N_BYTES: content, TEXT: _UNSEEN, TEXT_DIGEST: row[TEXT]}, None
        looked = look_at(content, limits, side)
    except UnfitImageError as error:
        return _broken(blank, error.rule, str(error)), None
    return _measured(blank, looked, len(content))


def _measured(row: Record, looked: Looked, n_bytes: int) -> LookedRow:
    """Return a row with what is known of its image."""
    from models.images.caption import caption

    sides = sorted((looked.width, looked.height))
    measured = {
        N_BYTES: n_bytes,
        FORMAT: looked.format,
        COLOUR_MODE: looked.mode,
        WIDTH: looked.width,
        HEIGHT: looked.height,
        N_PIXELS: looked.width * looked.height,
        SHORT_SIDE: sides[0],
        ASPECT: sides[1] / max(sides[0], 1),
        SPREAD: looked.spread,
    }
    own = {name: measured[name] for name in _TOLD}
    raw = json.dumps({**own, **json.loads(row[RAW])}, ensure_ascii=False)
    if looked.pixels is None:
        unseen = {TEXT: _UNSEEN, TEXT_DIGEST: row[TEXT], RAW: raw}
        return row | measured | unseen, None
    seen = {TEXT: caption(looked.pixels), TEXT_DIGEST: digest_of(looked.pixels), RAW: raw}
    return row | measured | seen, as_png(looked.pixels)


def _broken(row: Record, rule: str, problem: str) -> Record:
    return row | {TEXT: None, PROBLEM_RULE: rule, PROBLEM: problem}


def _read(places: Mapping[str, str], digest: str, max_bytes: int) -> bytes | int:
    """Read an image; of one that is too large, return how many bytes it has.

    Raises
    ------
    UnfitImageError
        If it is empty.
    FeedError
        If it has gone since it was found, or is another one now.
    """
    file = Path(places[digest])
    try:
        n_bytes = file.stat().st_size
        if n_bytes > max_bytes:
            return n_bytes
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise FeedError(f"{file.name} is gone since it was found; run again") from error
    if not content:
        raise UnfitImageError(FOUND, "the file is empty")
    if hashlib.sha256(content).hexdigest() != digest:
        raise FeedError(f"{file.name} changed while it was read; run again")
    return content
