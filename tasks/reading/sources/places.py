"""Where feed and store lie: neither inside the other, looked at before anything is written."""

import os
from pathlib import Path
from typing import Final

from tasks.store.bucket.place import is_bucket_url, spelled
from validation.errors import BAD_USAGE, NightfoldError

_MARKS: Final = "*?[{"
"""Of a glob, or of a date in the feed's name: where one stands, the name is not known yet."""


class NotApartError(NightfoldError, ValueError):
    """A feed that holds the store, or a store that holds the feed."""

    exit_code = BAD_USAGE


def require_apart(feed: str, store: Path) -> None:
    """Fail where the store lies inside the feed, or the feed inside the store.

    The tables of one night would be the feed of the next.

    Raises
    ------
    NotApartError
        Naming both.
    """
    path = feed.removeprefix("file://")
    if is_bucket_url(store):
        _require_apart_on_a_bucket(feed, spelled(store))
        return
    if "://" in path:
        return
    base, pattern = _fixed_part(os.path.abspath(os.path.expanduser(path)))
    folder, root = Path(os.path.realpath(base)), Path(os.path.realpath(store.expanduser()))
    if folder.is_relative_to(root):
        raise _inside_store(feed, store)
    is_searched = folder.is_dir() if not pattern else "**" in pattern
    if is_searched and root.is_relative_to(folder):
        raise NotApartError(
            f"the store {store} must not lie inside the feed {feed}, which would hold its tables;"
            " give another --store, or a feed that names its files, for instance"
            f" {feed.rstrip('/')}/*.jsonl"
        )


def require_outside(file: str, feed: str, store: Path) -> None:
    """Fail on a file of the feed that a glob has found inside the store; see `require_apart`."""
    if Path(os.path.realpath(file)).is_relative_to(os.path.realpath(store)):
        raise _inside_store(feed, store)


def _require_apart_on_a_bucket(feed: str, store: str) -> None:
    whole = base = feed.replace("s3a://", "s3://", 1)
    while any(mark in base for mark in _MARKS):
        base = base.rpartition("/")[0]
    is_searched = base == whole or "**" in whole
    feed_folder, store_folder = f"{base.rstrip('/')}/", f"{store}/"
    if feed_folder.startswith(store_folder):
        raise _inside_store(feed, store)
    if is_searched and store_folder.startswith(feed_folder):
        raise NotApartError(
            f"the store {store} must not lie inside the feed {feed}, which would hold its tables;"
            " give another --store, or a feed below a prefix of its own"
        )


def _inside_store(feed: str, store: Path | str) -> NotApartError:
    return NotApartError(
        f"the feed {feed} must not lie inside the store {store}, whose files are nightfold's own;"
        " move the feed, or give another --store"
    )


def _fixed_part(path: str) -> tuple[str, str]:
    """Cut a path into a name and the pattern below it; what is there is a name."""
    base, rest = path, ""
    while any(mark in base for mark in _MARKS) and not os.path.exists(base):
        base, _, name = base.rpartition("/")
        rest = f"{name}/{rest}"
    return base or "/", rest
