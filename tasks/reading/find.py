"""Find tonight's feed.

Reads  the feed
Writes nothing
"""

import logging

from tasks.boundary.counted import counted
from tasks.frame.stage import stage
from tasks.reading.feed import Feed, feed_files, without_query
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


@stage("find feed", version=1, retries=3, cached=False)
def find_feed(store: Store, feed: str) -> Feed:
    """List the feed's files with the digests of their bytes; see `find_pieces`."""
    return find_pieces(store, feed)


def find_pieces(store: Store, feed: str) -> Feed:
    """List the feed's files with the digests of their bytes.

    Raises
    ------
    FeedError, NotApartError
        As `feed_files`.
    """
    found = Feed(files=feed_files(store, feed))
    n_files, n_bytes = counted(len(found.files), "feed file"), sum(it.size for it in found.files)
    logger.info("found %s, %s, in %s", n_files, counted(n_bytes, "byte"), without_query(feed))
    return found
