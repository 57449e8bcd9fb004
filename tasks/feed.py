"""Find the files of a feed: a file, a folder, a glob, or any fsspec URL of these."""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Final

import fsspec
import pyarrow as pa
from fsspec.core import url_to_fs
from fsspec.utils import stringify_path
from pydantic import BaseModel, ConfigDict

from errors import BAD_USAGE, NightfoldError
from tasks.stage import stage
from tasks.storage import Store

logger = logging.getLogger(__name__)

FORMATS: Final = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}
_READ_BYTES = 1 << 20
# A port is digits up to a slash; what else stands between a colon and an @ is a password.
_PASSWORD: Final = re.compile(r"://[^/@:]*:(?!\d*/)[^@]*@")


class FeedError(NightfoldError, ValueError):
    """A feed that cannot be read; the message names the file and what to do."""


class FeedMissingError(FeedError):
    """A feed that is not there at all: most likely a slip of the pen."""

    exit_code = BAD_USAGE


class FeedFile(BaseModel):
    """One file of the feed as it was found."""

    model_config = ConfigDict(frozen=True)

    url: str
    name: str
    """Relative to the feed, used in messages and tables."""
    format: str
    compression: str | None
    size: int
    sha256: str


class Feed(BaseModel):
    """The feed's files in the order in which they are read."""

    model_config = ConfigDict(frozen=True)

    files: list[FeedFile]


@stage("find feed", version=1, retries=3, cached=False)
def find_feed(store: Store, feed: str) -> Feed:
    """List the feed's files with the digests of their bytes.

    Parameters
    ----------
    store
        Tonight's place in the store.
    feed
        Path, folder, glob or fsspec URL.

    Raises
    ------
    FeedMissingError
        If nothing is there.
    FeedError
        If nothing is there in a format that nightfold reads.
    """
    require_feed(feed)
    files = [_described(url, name) for url, name in _readable(feed)]
    if not files:
        raise FeedError(
            f"{feed} holds no file that ends in {_known_endings()}; give another folder or glob"
        )
    logger.info(
        "found %d feed %s, %s bytes, in %s",
        len(files),
        "file" if len(files) == 1 else "files",
        f"{sum(file.size for file in files):,}",
        without_query(feed),
    )
    return Feed(files=files)


def require_feed(feed: str) -> None:
    """Fail early, before anything is started, where a feed is not there at all.

    Raises
    ------
    FeedMissingError
        If the path or URL does not exist, or a glob matches nothing.
    FeedError
        As `require_no_secret`.
    """
    require_no_secret(feed)
    filesystem, path = _filesystem(feed)
    if not (filesystem.exists(path) or (_is_glob(path) and filesystem.glob(path))):
        raise FeedMissingError(
            f"{feed} is not there; give a file, a folder, a glob or a URL that exists"
        )


def require_no_secret(feed: str) -> None:
    """Fail on a URL with a password: it would end up in logs, manifests and the UI.

    Raises
    ------
    FeedError
        If there is one; the message does not repeat it.
    """
    if _PASSWORD.search(feed):
        raise FeedError(
            "feed must be a URL without a password; hand the password to fsspec, for sftp:// for"
            " instance in the environment variable FSSPEC_SFTP_PASSWORD"
        )


def without_query(feed: str) -> str:
    """Return a feed as it may be logged: a URL's query may hold the signature that opens it."""
    return feed.partition("?")[0] if "://" in feed else feed


def require_unchanged(file: FeedFile) -> None:
    """Fail where a file's bytes are no longer those that were found; to be called after reading.

    Raises
    ------
    FeedError
        If they are not, or the file is gone.
    """
    try:
        found = _described(file.url, file.name)
    except FileNotFoundError:
        found = None
    if found != file:
        raise FeedError(f"{file.name} changed while it was read; run again")


@contextmanager
def opened(file: FeedFile) -> Iterator[IO[bytes]]:
    """Open a feed file as a stream of its uncompressed bytes."""
    with fsspec.open(file.url, "rb") as raw:
        if file.compression is None:
            yield raw
        else:
            with pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), file.compression) as stream:
                yield stream


def feed_format(name: str) -> tuple[str, str | None] | None:
    """Read format and compression off a file's name; None where it is not one of ours."""
    path = PurePosixPath(name.lower())
    compression = COMPRESSIONS.get(path.suffix)
    found = FORMATS.get(PurePosixPath(path.stem).suffix if compression else path.suffix)
    return (found, compression) if found else None


def _readable(feed: str) -> Iterator[tuple[str, str]]:
    """Give URL and name of every readable file of the feed; say which are passed over."""
    filesystem, path = _filesystem(feed)
    is_single = filesystem.isfile(path)
    for found in sorted([path] if is_single else _walk(filesystem, path)):
        name = _relative(found, path) if not is_single else PurePosixPath(found).name
        if feed_format(name):
            yield filesystem.unstrip_protocol(found), name
        elif is_single:
            raise FeedError(f"{feed} must end in {_known_endings()}; rename it or convert it")
        else:
            logger.warning("passed over %s: it ends in none of %s", name, _known_endings())


def _walk(filesystem: fsspec.AbstractFileSystem, path: str) -> list[str]:
    found = filesystem.glob(path) if _is_glob(path) else filesystem.find(path)
    return [
        item for item in found if filesystem.isfile(item) and not _is_hidden(_relative(item, path))
    ]


def _described(url: str, name: str) -> FeedFile:
    found = feed_format(name)
    if found is None:
        raise FeedError(f"{name} must end in {_known_endings()}")
    digest, size = hashlib.sha256(), 0
    with fsspec.open(url, "rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
            size += len(block)
    return FeedFile(
        url=url,
        name=name,
        format=found[0],
        compression=found[1],
        size=size,
        sha256=digest.hexdigest(),
    )


def _filesystem(feed: str) -> tuple[fsspec.AbstractFileSystem, str]:
    if "::" in feed:
        raise FeedError(f"{feed} must be one path or URL, not a chain of them")
    try:
        filesystem, path = url_to_fs(stringify_path(feed))
    except (ValueError, ImportError) as error:
        raise FeedError(f"{feed} must be a path or a URL that fsspec knows, but {error}") from error
    return filesystem, path


def _relative(item: str, path: str) -> str:
    """Name a file below the folder, or below the part of a glob that has no wildcard."""
    base = PurePosixPath(path)
    while _is_glob(str(base)):
        base = base.parent
    return PurePosixPath(item).relative_to(base).as_posix() if str(base) != "." else item


def _is_glob(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def _is_hidden(name: str) -> bool:
    """Say whether a name is one that writers use for what is not data: .part, _SUCCESS."""
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)


def _known_endings() -> str:
    return ", ".join(FORMATS) + " (each also with .gz or .zst)"
