"""Take a night that should not be there out of the store, into the trash.

A clock that was ahead makes such a night. Its documents are new again in the next feed that has
them.
"""

import os
from datetime import date
from pathlib import Path

from tasks.store.aside.copies import forget_copies
from tasks.store.aside.trash import move_to_trash
from tasks.store.listing import feeds_of
from tasks.store.pruned import KNOWN, read_pruned
from tasks.store.storage import Store
from validation.errors import BAD_USAGE, NightfoldError
from validation.tables.schemas import PUBLISHED


class CannotForgetError(NightfoldError, ValueError):
    """A night that is not there, or that others build on."""

    exit_code = BAD_USAGE


def night_named(root: Path, name: str) -> Store:
    """Return the night that is written FEED/NIGHT, for instance reviews/2026-03-02.

    Raises
    ------
    CannotForgetError
        If it is written otherwise, or the store has no such feed.
    """
    feed, _, day = name.partition("/")
    try:
        night = date.fromisoformat(day)
    except ValueError as error:
        raise CannotForgetError(
            f"--forget-night must be FEED/NIGHT, like default/2026-03-02, got {name!r}"
        ) from error
    feeds = feeds_of(root)
    if feed not in feeds:
        raise CannotForgetError(f"{root} holds no feed {feed!r}; it has {', '.join(feeds)}")
    return Store(root=root, feed=feed, night=night)


def forget_night(night: Store) -> list[str]:
    """Move all that there is of a night to the trash; for the holder of the store's lock.

    Returns
    -------
    The folders that went, relative to the root: the one with the manifest first, so that a night
    that is half gone is not published.

    Raises
    ------
    CannotForgetError
        If the night has no files, was pruned, or others were published after it.
    """
    later = [it for it in night.published_nights() if it > night.night]
    if later:
        raise CannotForgetError(
            f"night {night.night} of feed {night.feed} cannot be forgotten: night {later[-1]}"
            f" builds on it; forget that one first, with --forget-night {night.feed}/{later[-1]}"
        )
    if any(it.night == night.night for it in read_pruned(night)):
        raise CannotForgetError(f"night {night.night} of feed {night.feed} was pruned")
    tables = ("runs", *PUBLISHED, "models", "reports", KNOWN)
    folders = [night.partition(table) for table in tables]
    there = [it.relative_to(night.root).as_posix() for it in folders if os.path.lexists(it)]
    if not there:
        raise CannotForgetError(f"night {night.night} of feed {night.feed} has no files")
    # The copy goes first: from it the manifest would be put back.
    forget_copies(night)
    for folder in there:
        move_to_trash(night.root, folder)
    return there
