"""Find tonight's feed, as a stage.

Reads  the feed
Writes nothing but what lands: the pieces that are not on this machine
"""

from tasks.frame.stage import stage
from tasks.reading.pieces import find_pieces
from tasks.reading.sources.base import Feed
from tasks.store.storage import Store


@stage("find feed", version=1, retries=3, cached=False)
def find_feed(store: Store, feed: str) -> Feed:
    """List the feed's pieces with the digests of their bytes; see `find_pieces`."""
    return find_pieces(store, feed)
