"""Find the published night that a command or a notebook is about."""

from datetime import date
from pathlib import Path

from tasks.boundary.counted import counted
from tasks.store.aside.copies import lost_manifest, lost_nights
from tasks.store.bucket.claim import look
from tasks.store.manifests import require_known_format
from tasks.store.storage import FeedStore, Store
from validation.errors import BAD_USAGE, NightfoldError


class NoNightError(NightfoldError, ValueError):
    """There is no published night to show."""

    exit_code = BAD_USAGE


def last_night(root: Path, feed_name: str | None) -> Store:
    """Find the last published night of a store; see `published_night`."""
    return published_night(root, feed_name, None)


def published_night(root: Path, feed_name: str | None, night: date | None) -> Store:
    """Find a published night of a store.

    Parameters
    ----------
    root
        Of the store.
    feed_name
        None if the store has one feed.
    night
        None for the last one.

    Raises
    ------
    NoNightError
        If there is none, or several feeds and no name.
    ManifestError
        If it has lost its manifest, or the last night is asked for and one after it has.
    NewerStoreError
        If a newer nightfold has written to the store.
    """
    root = root.expanduser().absolute()
    look(root)
    require_known_format(root)
    feed = _chosen_feed(root, feed_name)
    store = FeedStore(root=root, feed=feed)
    nights = store.published_nights()
    for lost in lost_nights(store)[-1:]:
        if lost == night or not nights or (night is None and lost > nights[-1]):
            raise lost_manifest(store, lost)
    if not nights:
        raise NoNightError(f"{root} holds no published night of feed {feed!r}")
    if night is not None and night not in nights:
        raise NoNightError(
            f"night {night} of feed {feed!r} is not published in {root}, which"
            f" holds {counted(len(nights), 'night')} of it, from {nights[0]} to {nights[-1]}"
        )
    return store.on(night or nights[-1])


def _chosen_feed(root: Path, feed_name: str | None) -> str:
    feeds = sorted(path.name.removeprefix("feed=") for path in (root / "runs").glob("feed=*"))
    chosen = [feed for feed in feeds if feed_name in (None, feed)]
    if not chosen:
        raise NoNightError(
            f"{root} holds no published night{f' of feed {feed_name!r}' if feed_name else ''};"
            f" run `nightfold run FEED --store {root}` first"
        )
    if len(chosen) > 1:
        raise NoNightError(
            f"{root} holds the feeds {', '.join(feeds)}; name one of them with --feed-name"
        )
    return chosen[0]
