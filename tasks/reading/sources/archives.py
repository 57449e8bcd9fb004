"""The files inside a zip: each is a piece of the feed, unpacked into the store under its digest."""

import errno
import logging
import shutil
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

from tasks.boundary.inert import first_of, label_of
from tasks.reading.formats.kinds import format_of, known_endings
from tasks.reading.formats.rows import UnfitFileError
from tasks.reading.formats.unpacking import require_bounded
from tasks.reading.sources.base import Piece, found_piece
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.filesystems import is_hidden
from tasks.store.fetched.landed import land
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

ENDING: Final = ".zip"

_MAX_BYTES: Final = 64 << 30
"""Of all files of an archive, unpacked into the store."""

_MAX_MEMBERS: Final = 10_000
"""Each is a file in the store, and a line of the manifest."""

_ENCRYPTED: Final = 0x1
_COPIED_BYTES: Final = 1 << 20

_DAMAGED: Final = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What zipfile raises on archives that are damaged, or packed in a way that it does not know."""


def is_archive(name: str) -> bool:
    """Return whether a file is a zip by its name."""
    return name.lower().endswith(ENDING)


class Wanted(NamedTuple):
    """Which files of an archive are read.

    Parameters
    ----------
    is_read
        By their names.
    endings
        Of the files that are, for messages.
    at_most
        Files in an archive.
    """

    is_read: Callable[[str], bool]
    endings: str
    at_most: int


def unpacked(store: Store, path: Path, name: str) -> list[Piece]:
    """Bring the files of an archive into the store, as pieces; see `landed_members` for errors."""
    wanted = Wanted(lambda it: format_of(it) is not None, known_endings(), _MAX_MEMBERS)
    found = landed_members(store, path, name, wanted)
    return [found_piece(inner, None, it.stat().st_size, it.name) for inner, it in found]


def landed_members(store: Store, path: Path, name: str, wanted: Wanted) -> list[tuple[str, Path]]:
    """Bring the files of an archive into the store; names in it lead nowhere but into messages.

    Parameters
    ----------
    store
        Tonight's place in the store.
    path
        Of the archive.
    name
        Of the archive, relative to the feed.
    wanted
        Which of its files.

    Returns
    -------
    Name and landed file of each, which is named by its digest.

    Raises
    ------
    FeedError
        If it is damaged, encrypted or suspiciously large, holds two files of one name, or none
        that can be read.
    """
    try:
        with ZipFile(path) as archive:
            members = list(_readable(archive, path.stat().st_size, name, wanted))
            return [_landed(store, archive, member, name) for member in members]
    except UnfitFileError as error:
        raise FeedError(f"{name} {error}") from error
    except _DAMAGED as error:
        # A damaged place in the file is an invalid argument of the system; other trouble passes.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise FeedError(f"{name} is no readable zip file ({error}); fetch it again") from error


def _readable(archive: ZipFile, n_bytes: int, name: str, wanted: Wanted) -> Iterator[ZipInfo]:
    """List the members that are read; say which are passed over."""
    members = [it for it in archive.infolist() if not it.is_dir() and not is_hidden(_inner(it))]
    _require_sound(members, n_bytes, wanted.at_most)
    read = [it for it in members if wanted.is_read(it.filename)]
    yield from read
    passed_over = [it.filename for it in members if not wanted.is_read(it.filename)]
    if passed_over:
        logger.warning(
            "passed over %s in %s: none ends in %s", first_of(passed_over), name, wanted.endings
        )
    if not read:
        raise UnfitFileError(f"holds no file that ends in {wanted.endings}")


def _require_sound(members: list[ZipInfo], n_bytes: int, at_most: int) -> None:
    if len(members) > at_most:
        raise UnfitFileError(
            f"holds {len(members):,} files; at most {at_most:,} are read, so split it"
        )
    require_bounded(members, n_bytes, _MAX_BYTES)
    for file, n_times in Counter(map(_inner, members)).items():
        if n_times > 1:
            raise UnfitFileError(f"holds {n_times} files named {file!r}; rename or remove one")
    locked = next((it.filename for it in members if it.flag_bits & _ENCRYPTED), None)
    if locked is not None:
        raise UnfitFileError(f"holds {locked!r}, which is encrypted; unpack it first")


def _landed(store: Store, archive: ZipFile, member: ZipInfo, name: str) -> tuple[str, Path]:
    def fill(target: Path) -> None:
        with archive.open(member) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _COPIED_BYTES)

    return f"{name}/{label_of(_inner(member))}", land(store, fill)


def _inner(member: ZipInfo) -> str:
    """Return a member's name as one below the archive, whatever it pretends."""
    parts = PurePosixPath("/", member.filename).parts[1:]
    return "/".join(part for part in parts if part != "..")
