"""Find the files of a feed: a file, a folder, a glob, or any fsspec URL of these."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Final

import fsspec
import pyarrow as pa
from fsspec.core import url_to_fs
from pydantic import BaseModel, ConfigDict

from tasks.boundary.inert import inert, label_of
from tasks.boundary.secret_urls import has_secret, masked_errors
from tasks.boundary.transient import is_transient_error
from tasks.reading.feed_paths import is_local, is_there, relative, spot
from tasks.reading.places import require_outside
from tasks.store.storage import Store
from validation.errors import BAD_USAGE, NightfoldError

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


class FeedError(NightfoldError, ValueError):
    """A feed that cannot be read; the message names the file and what to do."""


class FeedMissingError(FeedError):
    """A feed that is not there at all: most likely a slip of the pen."""

    exit_code = BAD_USAGE


class FeedFile(BaseModel):
    """One file of the feed as it was found."""

    model_config = ConfigDict(frozen=True)

    feed: str
    """The feed in which it was found, which says on what file system it is."""
    path: str
    """On that file system; never read as a URL, for any mark may stand in it."""
    name: str
    """Relative to the feed, used in messages and tables; see `label_of`."""
    format: str
    compression: str | None
    size: int
    sha256: str


class Feed(BaseModel):
    """The feed's files in the order in which they are read."""

    model_config = ConfigDict(frozen=True)

    files: list[FeedFile]


def feed_files(store: Store, feed: str) -> list[FeedFile]:
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
        If nothing is there in a format that nightfold reads, or a file's name is no UTF-8.
    NotApartError
        If a file of the feed lies inside the store.
    """
    require_no_secret(feed)
    with masked_errors():
        filesystem, path = _filesystem(feed)
        base, pattern = spot(filesystem, path)
        if not is_there(filesystem, base, pattern):
            raise _missing(feed)
        found = list(_readable(filesystem, feed, base, pattern))
        if is_local(filesystem):
            for item, _ in found:
                require_outside(item, feed, store.root)
        files = [_described(filesystem, feed, item, name) for item, name in found]
    if not files:
        raise FeedError(
            f"{feed} holds no file that ends in {_known_endings()}; give another folder or glob"
        )
    return files


def require_feed(feed: str) -> None:
    """Fail early, before anything is started, where a feed is not there at all.

    A server that does not answer is left to the run, which asks more than once.

    Raises
    ------
    FeedMissingError
        If the path or URL does not exist, or a glob matches nothing.
    FeedError
        As `require_no_secret`.
    """
    require_no_secret(feed)
    with masked_errors():
        filesystem, path = _filesystem(feed)
        try:
            found = is_there(filesystem, *spot(filesystem, path))
        except Exception as error:
            if not is_transient_error(error):
                raise
            return
        if not found:
            raise _missing(feed)


def require_no_secret(text: str, key: str = "feed") -> None:
    """Fail on a URL with a secret: it would end up in logs, manifests and the Prefect database.

    Parameters
    ----------
    text
        A path or a URL.
    key
        What it is, for the message.

    Raises
    ------
    FeedError
        If there is one; the message does not repeat it.
    """
    if has_secret(text):
        raise FeedError(
            f"{key} must be a URL without a password, token, key or signature, for logs and the"
            " Prefect database keep it; hand the secret to fsspec in its environment variables, for"
            " sftp:// in FSSPEC_SFTP_PASSWORD, for https:// as a header in FSSPEC_HTTPS (see"
            " docs/deploying.md), or fetch what a signed URL names first"
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
        with masked_errors():
            filesystem, _ = _filesystem(file.feed)
            found = _described(filesystem, file.feed, file.path, file.name)
    except FileNotFoundError as error:
        if is_transient_error(error):
            raise
        found = None
    if found != file:
        raise FeedError(f"{file.name} changed while it was read; run again")


@contextmanager
def opened(file: FeedFile) -> Iterator[IO[bytes]]:
    """Open a feed file as a stream of its uncompressed bytes."""
    filesystem, _ = _filesystem(file.feed)
    with masked_errors(), filesystem.open(file.path, "rb") as raw:
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


def _missing(feed: str) -> FeedMissingError:
    return FeedMissingError(
        f"{feed} is not there; give a file, a folder, a glob or a URL that exists"
    )


def _readable(
    filesystem: fsspec.AbstractFileSystem, feed: str, base: str, pattern: str | None
) -> Iterator[tuple[str, str]]:
    """List path and name of every readable file of the feed; say which are passed over."""
    is_single = pattern is None and filesystem.isfile(base)
    for found in sorted([base] if is_single else _walk(filesystem, base, pattern)):
        name = PurePosixPath(found).name if is_single else relative(found, base)
        if feed_format(name):
            yield _in_utf8(found, name), label_of(name)
        elif is_single:
            raise FeedError(f"{feed} must end in {_known_endings()}; rename it or convert it")
        else:
            logger.warning("passed over %s: it ends in none of %s", inert(name), _known_endings())


def _in_utf8(path: str, name: str) -> str:
    """Return a path that can be written down; a file that is passed over would be lost."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise FeedError(f"{inert(name)} must have a name in UTF-8; rename it") from error
    return path


def _walk(filesystem: fsspec.AbstractFileSystem, base: str, pattern: str | None) -> list[str]:
    found = filesystem.find(base) if pattern is None else filesystem.glob(pattern)
    return [
        item for item in found if filesystem.isfile(item) and not _is_hidden(relative(item, base))
    ]


def _described(filesystem: fsspec.AbstractFileSystem, feed: str, path: str, name: str) -> FeedFile:
    found = feed_format(name)
    if found is None:
        raise FeedError(f"{name} must end in {_known_endings()}")
    digest, size = hashlib.sha256(), 0
    with filesystem.open(path, "rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
            size += len(block)
    return FeedFile(
        feed=feed,
        path=path,
        name=name,
        format=found[0],
        compression=found[1],
        size=size,
        sha256=digest.hexdigest(),
    )


def _filesystem(feed: str) -> tuple[fsspec.AbstractFileSystem, str]:
    if "://" not in feed:  # a path, whatever marks are in it
        filesystem = fsspec.filesystem("file")
        return filesystem, filesystem._strip_protocol(feed)
    if "::" in feed:
        raise FeedError(f"{feed} must be one path or URL, not a chain of them")
    try:
        return url_to_fs(feed)  # type: ignore[no-any-return]
    except (ValueError, ImportError) as error:
        raise FeedError(f"{feed} must be a path or a URL that fsspec knows, but {error}") from error


def _is_hidden(name: str) -> bool:
    """Say whether a name is one that writers use for what is not data: .part, _SUCCESS."""
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)


def _known_endings() -> str:
    return ", ".join(FORMATS) + " (each also with .gz or .zst)"
