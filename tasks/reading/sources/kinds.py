"""Every kind of feed: add one by its module and a line here."""

from typing import Final

from tasks.reading.sources.base import Source
from tasks.reading.sources.files import FilesSource
from tasks.reading.sources.urls import require_no_secret

KINDS: Final[tuple[type[Source], ...]] = (FilesSource,)
"""The first that takes a feed has it; files take every feed, so they come last."""


def source_of(feed: str) -> Source:
    """Return the source of a feed."""
    kind = next(kind for kind in KINDS if kind.takes(feed))
    return kind(feed)


def require_feed(feed: str) -> None:
    """Fail early, before anything is started, where a feed is not there at all.

    Raises
    ------
    FeedError
        If it holds a secret, or as `Source.require_there`.
    """
    require_no_secret(feed)
    source_of(feed).require_there()
