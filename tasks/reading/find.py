"""Find tonight's feed, as a stage.

Reads  the feed
Writes nothing but what lands: the pieces that are not on this machine
"""

from tasks.frame.stage import stage
from tasks.reading.pieces import find_pieces
from tasks.reading.sources.base import Feed
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store


@stage("find feed", version=1, retries=3, cached=False)
def find_feed(store: Store, feed: str, settings: SourceSettings, last: SourceState | None) -> Feed:
    """List the feed's pieces with the digests of their bytes; see `find_pieces`."""
    return find_pieces(store, feed, settings, last)
