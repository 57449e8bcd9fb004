"""Find tonight's feed.

Reads  the feed
Writes nothing but what lands: the pieces that are not on this machine
"""

import logging

from tasks.boundary.counted import counted
from tasks.frame.stage import stage
from tasks.reading.sources.base import Feed
from tasks.reading.sources.kinds import source_of
from tasks.reading.sources.urls import require_no_secret, without_query
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


@stage("find feed", version=1, retries=3, cached=False)
def find_feed(store: Store, feed: str) -> Feed:
    """List the feed's pieces with the digests of their bytes; see `find_pieces`."""
    return find_pieces(store, feed)


def find_pieces(store: Store, feed: str) -> Feed:
    """List the feed's pieces with the digests of their bytes.

    Raises
    ------
    FeedError, NotApartError
        If the feed holds a secret, or as `Source.pieces`.
    """
    require_no_secret(feed)
    pieces = source_of(feed).pieces(store)
    n_files, n_bytes = counted(len(pieces), "feed file"), sum(piece.size for piece in pieces)
    logger.info("found %s, %s, in %s", n_files, counted(n_bytes, "byte"), without_query(feed))
    return Feed(pieces=pieces)
