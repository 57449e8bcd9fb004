"""The files of a feed of images: which are images, and which are tables that lead to some."""

import logging
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import fsspec

from tasks.boundary.counted import counted
from tasks.boundary.inert import inert, label_of
from tasks.boundary.secret_urls import masked_errors
from tasks.boundary.transient import is_transient_error
from tasks.images.names import ENDINGS, is_image
from tasks.reading.formats.kinds import format_of, known_endings
from tasks.reading.sources.archives import ENDING, Wanted, is_archive, landed_members
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.filesystems import (
    files_below,
    filesystem_of,
    is_file,
    is_local,
    is_there,
    relative,
    spot,
)
from tasks.reading.sources.places import require_outside
from tasks.store.fetched.landed import land
from tasks.store.files import sha256_of
from tasks.store.storage import Store
from validation.items.image_rules import FOUND

logger = logging.getLogger(__name__)

_MOST_MEMBERS: Final = 1_000_000
"""Of an archive of images, each of which is a row and not a piece."""

_SHOWN: Final = 3


class FoundImage(NamedTuple):
    """An image file.

    Parameters
    ----------
    name
        Relative to the feed.
    folder
        Below the feed of tonight; None where it is in none.
    path
        On this machine.
    """

    name: str
    folder: str | None
    path: str
    sha256: str
    size: int


class Listing(NamedTuple):
    """What a feed of images holds.

    Parameters
    ----------
    images
        By name.
    tables
        Names of tables.
    folder
        Of the feed, where it is on this machine.
    """

    images: list[FoundImage]
    tables: list[str]
    folder: Path | None


def list_files(store: Store, feed: str, fixed: str) -> Listing:
    """List the images of a feed with the digests of their bytes, and the names of its tables.

    Parameters
    ----------
    store
        Tonight's place in the store.
    feed
        Path, folder, glob or URL.
    fixed
        The folder that names are relative to, where that is above the feed.

    Raises
    ------
    FeedMissingError
        If nothing is there.
    FeedError
        If nothing there is an image or a table.
    NotApartError
        If a file of the feed lies inside the store.
    """
    with masked_errors():
        filesystem, path = filesystem_of(feed)
        base, pattern = spot(filesystem, path)
        if not is_there(filesystem, base, pattern):
            raise FeedMissingError(
                f"{feed} is not there; give a file, a folder, a glob or a URL that exists"
            )
        is_single = pattern is None and is_file(filesystem, base)
        _, above = filesystem_of(fixed)
        start = above if base.startswith(f"{above}/") else base
        names = {
            item: PurePosixPath(item).name if start == item else relative(item, start)
            for item in sorted([base] if is_single else files_below(filesystem, base, pattern))
        }
        _say_passed_over([name for name in names.values() if not _is_read(name)])
        if is_local(filesystem):
            for item in names:
                require_outside(item, feed, store.root)
        images = [
            FoundImage(label, _folder(relative(item, base), inner), str(file), digest, size)
            for item, name in names.items()
            for label, inner, file, digest, size in _images(store, filesystem, item, name)
        ]
        tables = [name for name in names.values() if format_of(name)]
        if not images and not tables:
            endings = ", ".join(ENDINGS)
            raise FeedError(
                f"{feed} holds no image ({endings}), no {ENDING} with images, and no table that"
                f" leads to some ({known_endings()}); give another folder or glob"
            )
        here = Path(base) if is_local(filesystem) and not is_single else None
        return Listing(sorted(images, key=lambda it: it.name), tables, here)


def _is_read(name: str) -> bool:
    return is_image(name) or is_archive(name) or format_of(name) is not None


def _say_passed_over(names: list[str]) -> None:
    """Say which files are neither images nor tables: once, for there may be one beside each."""
    if names:
        shown = ", ".join(inert(name) for name in names[:_SHOWN])
        more = "" if len(names) <= _SHOWN else f" and {len(names) - _SHOWN:,} more"
        logger.warning(
            "passed over %s that is no image and no table: %s%s",
            *(counted(len(names), "file"), shown, more),
        )


def _folder(below: str, inner: str) -> str | None:
    """Return the folder that a file is in, below the feed or in an archive."""
    folder = str(PurePosixPath(inner or below).parent)
    return None if folder == "." else label_of(folder)


def _images(
    store: Store, filesystem: fsspec.AbstractFileSystem, item: str, name: str
) -> Iterator[tuple[str, str, Path, str, int]]:
    """Yield label, name in an archive, file, digest and size of an image, or of those in one."""
    is_packed = is_archive(name)
    if not is_packed and not is_image(name):
        return
    file = Path(item)
    if not is_local(filesystem):
        file = land(store, lambda target: filesystem.get_file(item, str(target)))
    label = label_of(name)
    if is_packed:
        wanted = Wanted(is_image, ", ".join(ENDINGS), _MOST_MEMBERS)
        for inner, landed in landed_members(store, file, label, wanted):
            within = inner.removeprefix(f"{label}/")
            yield inner, within, landed, landed.name, landed.stat().st_size
        return
    yield label, "", file, *_digest_and_size(file)


def _digest_and_size(file: Path) -> tuple[str, int]:
    """Return the digest of a file; of one that may not be read, `!rule!problem` in its place."""
    try:
        return sha256_of(file), file.stat().st_size
    except OSError as error:
        if is_transient_error(error):
            raise
        return f"!{FOUND}!it cannot be read: {error.strerror}", 0
