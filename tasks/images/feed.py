"""A feed of images: its image files, or the rows of its tables, in which digests stand for images.

The images of a feed are read once to be found. From there on a row holds the digest of its image,
so that keys and resumption know an image by its bytes, and a table is told from another when an
image that it leads to has changed.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pydantic import Field

from tasks.boundary.counted import counted
from tasks.images.files import Listing, list_files
from tasks.images.names import title_of
from tasks.images.rows import ImageRows
from tasks.images.settings import ImageSettings
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.base import Feed, Piece, landed_lines
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.kinds import kind_of
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

IMAGE: Final = "image"
"""Column of the lines that holds the digest of an image, or `!rule!problem`."""

PATH: Final = "path"
"""Column that says where the image is from."""

_FILES: Final = "images"


class ImageFeed(Feed):
    """The rows of a feed of images, and where the bytes are."""

    places: dict[str, str] = Field(default_factory=dict, exclude=True)
    """Digest of an image → its file on this machine, for as long as the run lasts."""


def find_images(
    store: Store,
    feed: str,
    settings: ImageSettings,
    ingest: IngestSettings,
    sources: SourceSettings,
    last: SourceState | None,
) -> ImageFeed:
    """Find the images of a feed, and land its rows.

    Parameters
    ----------
    store
        Tonight's place in the store.
    feed
        Where the images or the tables are.
    settings, ingest, sources
        How both are read.
    last
        See `find_pieces`.

    Raises
    ------
    FeedError
        If there are none, or image files beside tables; and as `find_pieces`.
    """
    if kind_of(feed).group:  # not one of files
        found = find_pieces(store, feed, sources, last)
        return _of_tables(store, found, None, settings, ingest)
    listing = list_files(store, feed)
    if listing.tables and listing.images:
        raise FeedError(
            f"{feed} holds image files ({listing.images[0].name}) beside tables"
            f" ({listing.tables[0]}); give the table, which leads to its images, or a glob of the"
            " images"
        )
    if listing.tables:
        found = find_pieces(store, feed, sources, last)
        return _of_tables(store, found, listing.folder, settings, ingest)
    return _of_files(store, listing)


def _of_files(store: Store, listing: Listing) -> ImageFeed:
    """Return a feed with a row for each image file."""
    n_bytes = sum(it.size for it in listing.images)
    logger.info("found %s, %s", counted(len(listing.images), "image"), counted(n_bytes, "byte"))
    rows = (
        {
            "id": it.name,
            IMAGE: it.sha256,
            "title": title_of(it.name),
            "source": _folder_in(it.name),
            PATH: it.name,
        }
        for it in listing.images
    )
    places = {it.sha256: it.path for it in listing.images}
    return ImageFeed(pieces=[_landed(store, _FILES, rows)], places=places)


def _folder_in(name: str) -> str | None:
    """Return the folder that a file is in, if it is in one below the feed."""
    folder = str(PurePosixPath(name).parent)
    return None if folder == "." else folder


def _of_tables(
    store: Store,
    found: Feed,
    folder: Path | None,
    settings: ImageSettings,
    ingest: IngestSettings,
) -> ImageFeed:
    """Return a feed with the rows of tables, in which digests stand for images."""
    rows = ImageRows(store, settings, IMAGE, PATH)
    pieces = [
        _landed(store, piece.name, rows.of_piece(piece, _folder_of(piece, folder), ingest))
        for piece in found.pieces
    ]
    return ImageFeed(
        pieces=pieces, state=found.state, is_continued=found.is_continued, places=rows.places
    )


def _folder_of(piece: Piece, folder: Path | None) -> Path | None:
    """Return the folder below which the paths in a table lead; None where it is not here."""
    return Path(piece.path).parent if piece.path else folder


def _landed(store: Store, name: str, rows: Iterator[dict[str, Any]]) -> Piece:
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    piece, _ = landed_lines(store, name, lines)
    return piece
