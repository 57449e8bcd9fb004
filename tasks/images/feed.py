"""A feed of images: its image files, or the rows of its tables, in which digests stand for images.

The images of a feed are read once to be found. From there on a row holds the digest of its image,
so that keys and resumption know an image by its bytes, and a table is told from another when an
image that it leads to has changed.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

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

FILES: Final = "images"
"""What a feed of image files is called, which has no table."""


class ImageFeed(Feed):
    """The rows of a feed of images, and where the bytes are."""

    places: dict[str, str] = Field(default_factory=dict, exclude=True)
    """Digest of an image → its file on this machine, for as long as the run lasts."""
    is_of_files: bool = Field(False, exclude=True)
    """Whether each row is a file by itself, and not one of a table."""


class Where(BaseModel):
    """Where a feed of images is, and how it is read.

    Parameters
    ----------
    feed
        Images or tables, tonight.
    fixed
        What of it is the same on every night: names of images are relative to it.
    images, ingest, sources
        Settings.
    """

    model_config = ConfigDict(frozen=True)

    feed: str
    fixed: str
    images: ImageSettings
    ingest: IngestSettings
    sources: SourceSettings

    def rows(self) -> IngestSettings:
        """Return how the rows are read that `find_images` lands: their text leads to an image."""
        columns = self.ingest.columns.model_copy(update={"text": IMAGE})
        return self.ingest.model_copy(update={"columns": columns})


def fixed_part(feed: str) -> str:
    """Return the folder in which the parts of a dated feed lie; the feed itself where it has none.

    Two nights of a camera may both have an image 0001.png: with the date of its folder before it,
    each has a name of its own.
    """
    before, mark, _ = feed.partition("{")
    return before.rpartition("/")[0] if mark else feed


def find_images(store: Store, where: Where, last: SourceState | None) -> ImageFeed:
    """Find the images of a feed, and land its rows.

    Parameters
    ----------
    store
        Tonight's place in the store.
    where
        The feed.
    last
        See `find_pieces`.

    Raises
    ------
    FeedError
        If there are none, or image files beside tables; and as `find_pieces`.
    """
    feed = where.feed
    if kind_of(feed).group:  # not one of files
        return _of_tables(store, find_pieces(store, feed, where.sources, last), None, where)
    listing = list_files(store, feed, where.fixed)
    if listing.tables and listing.images:
        raise FeedError(
            f"{feed} holds image files ({listing.images[0].name}) beside tables"
            f" ({listing.tables[0]}); give the table, which leads to its images, or a glob of the"
            " images"
        )
    if listing.tables:
        return _of_tables(store, find_pieces(store, feed, where.sources, last), listing, where)
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
            "source": it.folder,
            PATH: it.name,
        }
        for it in listing.images
    )
    places = {it.sha256: it.path for it in listing.images}
    return ImageFeed(pieces=[_landed(store, FILES, rows)], places=places, is_of_files=True)


def _of_tables(store: Store, found: Feed, listing: Listing | None, where: Where) -> ImageFeed:
    """Return a feed with the rows of tables, in which digests stand for images."""
    rows = ImageRows(store, where.images, IMAGE, PATH)
    pieces = []
    for piece in found.pieces:
        folder = Path(piece.path).parent if piece.path else listing.folder if listing else None
        pieces.append(_landed(store, piece.name, rows.of_piece(piece, folder, where.ingest)))
    return ImageFeed(
        pieces=pieces, state=found.state, is_continued=found.is_continued, places=rows.places
    )


def _landed(store: Store, name: str, rows: Iterator[dict[str, Any]]) -> Piece:
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    piece, _ = landed_lines(store, name, lines)
    return piece
