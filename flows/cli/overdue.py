"""Feeds whose last night was published too long ago: how a missed night is noticed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.reporting.published import NoNightError
from tasks.store.listing import feeds_of
from tasks.store.manifests import require_known_format
from tasks.store.storage import FeedStore


@dataclass(frozen=True)
class LastNight:
    """The last published night of a feed, and when it was published."""

    feed: str
    night: date
    published_at: datetime

    def line(self, now: datetime) -> str:
        """Return feed, night and age as a sentence."""
        return (
            f"feed {self.feed}: night {self.night} was published {self.hours(now):,.1f} hours ago,"
            f" on {self.published_at:%Y-%m-%d at %H:%M} UTC"
        )

    def hours(self, now: datetime) -> float:
        """Return its age."""
        return (now - self.published_at) / timedelta(hours=1)

    def told(self, now: datetime) -> dict[str, Any]:
        """Return feed, night and age for programs."""
        return {
            "feed": self.feed,
            "night": str(self.night),
            "published_at": self.published_at.isoformat(timespec="seconds"),
            "hours_ago": round(self.hours(now), 1),
        }


def last_nights(root: Path, feed_name: str | None) -> list[LastNight]:
    """List the last published night of one feed, or of every feed of a store.

    Raises
    ------
    NoNightError
        If there is none: a feed that was never published is missing, not late.
    """
    require_known_format(root)
    feeds = [feed for feed in feeds_of(root) if feed_name in (None, feed)]
    found = [last for feed in feeds if (last := _last(root, feed))]
    if not found:
        of_feed = f" of feed {feed_name!r}" if feed_name else ""
        raise NoNightError(f"{root} holds no published night{of_feed}")
    return found


def older_than(nights: list[LastNight], hours: float, now: datetime) -> list[LastNight]:
    """Return the nights that were published more than this many hours ago."""
    return [it for it in nights if now - it.published_at > timedelta(hours=hours)]


def _last(root: Path, feed: str) -> LastNight | None:
    store = FeedStore(root=root, feed=feed)
    nights = store.published_nights()
    if not nights:
        return None
    manifest = store.read_manifest(nights[-1])
    return LastNight(feed, nights[-1], manifest.run.moment)
