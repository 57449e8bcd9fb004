"""Every kind of feed: add one by its module and an entry here."""

import re
from importlib import import_module
from typing import Final, NamedTuple

from tasks.reading.sources.base import Source
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import require_no_secret, without_query


class Kind(NamedTuple):
    """A kind of feed.

    Its class is imported with its first feed: most nights read files, and the libraries of
    databases and APIs take a quarter of a second to load.
    """

    pattern: re.Pattern[str]
    """How its feeds begin."""
    module: str
    name: str
    """Of its class, a `Source`."""
    group: str = ""
    """Its field in `SourceSettings`; empty where it has no settings."""


_ROOM: Final = "tasks.reading.sources"

KINDS: Final = (
    # The databases that SQLAlchemy knows by itself.
    Kind(
        re.compile(r"(postgresql|sqlite|mysql|mariadb|mssql|oracle)(\+\w+)?://"),
        f"{_ROOM}.sql.source",
        "SqlSource",
        "sql",
    ),
    Kind(re.compile(r"json\+https?://"), f"{_ROOM}.api.source", "ApiSource", "http"),
    Kind(re.compile(r"rss\+"), f"{_ROOM}.rss.source", "RssSource", "rss"),
    Kind(re.compile(""), f"{_ROOM}.files", "FilesSource"),
)
"""The first whose pattern a feed begins with has it; files take every feed, so they come last."""

NO_SETTINGS: Final = SourceSettings()


def kind_of(feed: str) -> Kind:
    """Return the kind of a feed."""
    return next(kind for kind in KINDS if kind.pattern.match(feed))


def source_of(feed: str, settings: SourceSettings = NO_SETTINGS) -> Source:
    """Return the source of a feed."""
    kind = kind_of(feed)
    found: type[Source] = getattr(import_module(kind.module), kind.name)
    return found(feed, settings)


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
