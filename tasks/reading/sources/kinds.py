"""Every kind of feed: add one by its module and a line here."""

from typing import Final

from tasks.reading.sources.api.source import ApiSource
from tasks.reading.sources.base import Source
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.files import FilesSource
from tasks.reading.sources.rss.source import RssSource
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.sql.source import SqlSource
from tasks.reading.sources.urls import require_no_secret, without_query

KINDS: Final[tuple[type[Source], ...]] = (SqlSource, ApiSource, RssSource, FilesSource)
"""The first that takes a feed has it; files take every feed, so they come last."""


NO_SETTINGS: Final = SourceSettings()


def kind_of(feed: str) -> type[Source]:
    """Return the kind of a feed."""
    return next(kind for kind in KINDS if kind.takes(feed))


def source_of(feed: str, settings: SourceSettings = NO_SETTINGS) -> Source:
    """Return the source of a feed."""
    return kind_of(feed)(feed, settings)


def foreign_groups(feed: str, settings: SourceSettings) -> list[str]:
    """List the groups of settings that are those of other kinds of feeds."""
    own = kind_of(feed).group
    return [group for group in type(settings).model_fields if group != own]


def require_own_settings(feed: str, settings: SourceSettings) -> None:
    """Fail on settings of another kind of feed: nobody would read them.

    Raises
    ------
    FeedError
        Naming the first such group.
    """
    for group in foreign_groups(feed, settings):
        default = type(settings).model_fields[group].get_default(call_default_factory=True)
        if getattr(settings, group) != default:
            raise FeedError(
                f"[{group}] is set, and {without_query(feed)} is no feed of that kind; remove"
                f" [{group}], or give the feed that it is meant for"
            )


def require_feed(feed: str, settings: SourceSettings = NO_SETTINGS) -> None:
    """Fail early, before anything is started, where a feed is not there at all.

    Raises
    ------
    FeedError
        If it holds a secret, or as `Source.require_there`.
    """
    require_no_secret(feed)
    source_of(feed, settings).require_there()
