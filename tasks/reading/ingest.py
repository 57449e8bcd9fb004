"""Read tonight's feed into one table of raw rows, as a stage.

Reads  the feed's files
Writes raw rows (RAW_ROWS): every row that was read, the broken ones with their problem
"""

from tasks.frame.stage import stage
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.base import Feed
from tasks.store.storage import Store


@stage("ingest", version=7, retries=3)
def ingest(store: Store, feed: Feed, settings: IngestSettings) -> RawFeed:
    """Stream every row of the feed into one table; see `read_feed`."""
    return read_feed(store, feed, settings)
