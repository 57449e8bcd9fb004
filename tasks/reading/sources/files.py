"""A feed of files: a file, a folder, a glob, or any fsspec URL of these."""

import logging
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Final

import fsspec

from tasks.boundary.inert import first_of, inert, label_of
from tasks.boundary.secret_urls import masked_errors
from tasks.boundary.transient import is_transient_error
from tasks.reading.formats.kinds import format_of, known_endings
from tasks.reading.sources.archives import ENDING, is_archive, unpacked
from tasks.reading.sources.base import Found, Piece, found_piece, landed_piece
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
from tasks.reading.sources.places import require_apart, require_outside
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.landed import land
from tasks.store.files import sha256_of
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


class FilesSource:
    """The files of a path or URL; those of this machine are read where they lie, others land.

    Parameters
    ----------
    feed
        Path, folder, glob or fsspec URL.
    """

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._feed = feed

    def lasting(self) -> str:
        """Return the URL, or the absolute path."""
        # A worker runs in another folder than the person who wrote a relative path.
        if "://" in self._feed:
            return self._feed
        return os.path.abspath(os.path.expanduser(self._feed))

    def require_apart(self, store: Path) -> None:
        """Fail where the store lies inside the feed, or the feed inside the store.

        Raises
        ------
        NotApartError
            Naming both.
        """
        require_apart(self._feed, store)

    def require_there(self) -> None:
        """Fail early, before anything is started, where the feed is not there at all.

        A server that does not answer is left to the run, which asks more than once.

        Raises
        ------
        FeedMissingError
            If the path or URL does not exist, or a glob matches nothing.
        FeedError
            If no file system reads it.
        """
        with masked_errors():
            filesystem, path = filesystem_of(self._feed)
            try:
                found = is_there(filesystem, *spot(filesystem, path))
            except Exception as error:
                if not is_transient_error(error):
                    raise
                return
            if not found:
                raise self._missing()

    def scope(self) -> str:
        """Return nothing: files are known by their digests, and documents by their ids."""
        return ""

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        """List the files with the digests of their bytes.

        Raises
        ------
        FeedMissingError
            If nothing is there.
        FeedError
            If nothing is there in a format that nightfold reads, or a file's name is no UTF-8.
        NotApartError
            If a file of the feed lies inside the store.
        """
        with masked_errors():
            filesystem, path = filesystem_of(self._feed)
            base, pattern = spot(filesystem, path)
            if not is_there(filesystem, base, pattern):
                raise self._missing()
            found = list(self._readable(filesystem, base, pattern))
            if is_local(filesystem):
                for item, _ in found:
                    require_outside(item, self._feed, store.root)
            pieces = (_pieces(filesystem, store, item, name) for item, name in found)
            return Found([*chain.from_iterable(pieces)])

    def _missing(self) -> FeedMissingError:
        return FeedMissingError(
            f"{self._feed} is not there; give a file, a folder, a glob or a URL that exists"
        )

    def _readable(
        self, filesystem: fsspec.AbstractFileSystem, base: str, pattern: str | None
    ) -> Iterator[tuple[str, str]]:
        """List path and name of every readable file; say which are passed over."""
        is_single = pattern is None and is_file(filesystem, base)
        n_readable, passed_over = 0, list[str]()
        for found in sorted([base] if is_single else files_below(filesystem, base, pattern)):
            name = PurePosixPath(found).name if is_single else relative(found, base)
            if format_of(name) or is_archive(name):
                n_readable += 1
                yield _in_utf8(found, name), label_of(name)
            elif is_single:
                raise FeedError(f"{self._feed} must end in {_endings()}; {_instead(self._feed)}")
            else:
                passed_over.append(name)
        if passed_over:
            logger.warning("passed over %s: none ends in %s", first_of(passed_over), _endings())
        if not n_readable:
            last = passed_over[-1] if passed_over else ""
            other = _found_instead(last) or "give another folder or glob"
            raise FeedError(f"{self._feed} holds no file that ends in {_endings()}; {other}")


def _instead(feed: str) -> str:
    """Return what to do about a file that is not read as it is."""
    return (_found_instead(feed) or "rename it or convert it").format(feed=feed)


def _found_instead(name: str) -> str | None:
    lower = name.lower()
    return next((it for endings, it in _INSTEAD.items() if lower.endswith(endings)), None)


_INSTEAD: Final = {
    (".db", ".db3", ".sqlite", ".sqlite3"): "a database is read as sqlite:///{feed}, with `table`"
    " or `query` under [sql]",
    (".xls", ".ods", ".numbers"): "save the sheet as .xlsx or .csv",
    (".tar", ".tar.gz", ".tgz", ".7z", ".rar"): "pack its files as .zip",
    (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"): "images are read with"
    " --modality images",
}
"""Endings of what people have → how it becomes a feed."""


def _endings() -> str:
    return f"{known_endings()}, {ENDING}"


def _in_utf8(path: str, name: str) -> str:
    """Return a path that can be written down; a file that is passed over would be lost."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise FeedError(f"{inert(name)} must have a name in UTF-8; rename it") from error
    return path


def _pieces(
    filesystem: fsspec.AbstractFileSystem, store: Store, path: str, name: str
) -> list[Piece]:
    """Return a file, or the files that it packs."""
    if is_archive(name):
        is_here = is_local(filesystem)
        archive = Path(path) if is_here else land(store, _getter(filesystem, path))
        return unpacked(store, archive, name)
    if is_local(filesystem):
        return [_lying(Path(path), name)]
    return [landed_piece(store, name, _getter(filesystem, path))]


def _lying(path: Path, name: str) -> Piece:
    return found_piece(name, str(path), path.stat().st_size, sha256_of(path))


def _getter(filesystem: fsspec.AbstractFileSystem, path: str) -> Callable[[Path], None]:
    # Whole, in one request where the file system can: what is opened there is read in parts.
    return lambda target: filesystem.get_file(path, str(target))
