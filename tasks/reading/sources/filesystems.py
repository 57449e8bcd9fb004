"""On what file system a feed lies, and what its path means there: a name, or a glob below one."""

import glob
from pathlib import PurePosixPath
from typing import Final

import fsspec
from fsspec.core import url_to_fs

from tasks.boundary.transient import is_transient_error
from tasks.reading.sources.errors import FeedError

EXTRAS: Final = {
    "http": "http",
    "https": "http",
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
    "sftp": "sftp",
    "ssh": "sftp",
}
"""Scheme → the extra of nightfold that brings the library for it."""


def filesystem_of(feed: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a path or a URL, and the path there.

    Raises
    ------
    FeedError
        If it is no such thing, or the library for it is not installed.
    """
    scheme, mark, _ = feed.partition("://")
    if not mark:  # a path, whatever marks are in it
        filesystem = fsspec.filesystem("file")
        return filesystem, filesystem._strip_protocol(feed)
    if "::" in feed:
        raise FeedError(f"{feed} must be one path or URL, not a chain of them")
    try:
        return url_to_fs(feed)  # type: ignore[no-any-return]
    except (ValueError, ImportError) as error:
        # What fsspec does not know by itself, adlfs says where it is installed.
        is_absent = isinstance(error, ImportError) or scheme not in fsspec.available_protocols()
        extra = EXTRAS.get(scheme) if is_absent else None
        if extra is None:
            raise FeedError(
                f"{feed} must be a path or a URL that fsspec knows, but {error}"
            ) from error
        raise FeedError(
            f"{feed} needs what reads {scheme}:// and is not installed;"
            f' pip install "nightfold[{extra}]"'
        ) from error


def is_local(filesystem: fsspec.AbstractFileSystem) -> bool:
    """Return whether files are on a disk of this machine."""
    return "file" in filesystem.protocol


def spot(filesystem: fsspec.AbstractFileSystem, path: str) -> tuple[str, str | None]:
    """Cut a path into what is there under its very name, and a glob where more is wanted.

    A folder may have the marks of a glob in its name: it is meant where it exists.
    """
    base = path
    while is_glob(base) and not exists(filesystem, base):
        base = base.rpartition("/")[0]
    return base, None if base == path else f"{glob.escape(base)}{path[len(base) :]}"


def is_there(filesystem: fsspec.AbstractFileSystem, base: str, pattern: str | None) -> bool:
    """Return whether what `spot` has found is there, under its name or as any match."""
    return exists(filesystem, base) if pattern is None else bool(filesystem.glob(pattern))


def exists(filesystem: fsspec.AbstractFileSystem, path: str) -> bool:
    """Return whether a path is there; fsspec's own `exists` takes every error for a no."""
    if is_local(filesystem):
        return bool(filesystem.exists(path))
    try:
        filesystem.info(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        if is_transient_error(error):
            raise
        return False
    return True


def relative(item: str, base: str) -> str:
    """Name a file below the folder, or below the part of a glob that has no wildcard."""
    return item.removeprefix(base).lstrip("/")


def is_glob(path: str) -> bool:
    """Return whether a path has a wildcard."""
    return any(mark in path for mark in "*?[")


def is_file(filesystem: fsspec.AbstractFileSystem, path: str) -> bool:
    """Return whether a path is that of a file.

    Over HTTP fsspec's own `isfile` begins to fetch it.
    """
    if is_local(filesystem):
        return bool(filesystem.isfile(path))
    return bool(filesystem.info(path)["type"] == "file")


def files_below(filesystem: fsspec.AbstractFileSystem, base: str, pattern: str | None) -> list[str]:
    """List the files of a folder, or those that a glob matches, without the hidden ones."""
    found = filesystem.find(base) if pattern is None else filesystem.glob(pattern)
    return [
        item for item in found if is_file(filesystem, item) and not is_hidden(relative(item, base))
    ]


def is_hidden(name: str) -> bool:
    """Return whether a name is one that writers use for what is not data: .part, _SUCCESS."""
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)
