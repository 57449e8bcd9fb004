"""What a working copy knows of its bucket: which content it has sent or fetched, and as what ETag.

Only what both sides are compared with: a record that is lost costs a look at the content of both.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tasks.store.bucket.place import bucket_folder
from tasks.store.files import sha256_of, write_atomically

logger = logging.getLogger(__name__)

_RECORD: Final = "record.json"


@dataclass(frozen=True)
class Known:
    """An object as it was when both sides were the same."""

    etag: str
    sha256: str
    size: int = -1
    mtime_ns: int = -1
    """Of the file: where neither has changed, its digest is not taken again."""


Record = dict[str, Known]
"""Name of the object → what is known of it."""


def read_record(root: Path) -> Record:
    """Read what is known; nothing, where the file is not there or cannot be read."""
    path = bucket_folder(root) / _RECORD
    if not path.is_file():
        return {}
    try:
        return {name: Known(**known) for name, known in json.loads(path.read_bytes()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        logger.warning("%s is passed over, both sides are compared: %s", path, error)
        return {}


def write_record(root: Path, record: Mapping[str, Known]) -> None:
    """Replace what is known."""
    told = {name: asdict(known) for name, known in sorted(record.items())}
    write_atomically(bucket_folder(root) / _RECORD, json.dumps(told).encode())


def known_file(path: Path, etag: str, sha256: str) -> Known:
    """Return what is to be known of a file that is the same on both sides."""
    stat = path.stat()
    return Known(etag, sha256, stat.st_size, stat.st_mtime_ns)


def digests_of(root: Path, names: Iterable[str], record: Record) -> dict[str, str]:
    """Return digests of files of a working copy; those that are as they were are not read."""
    return {name: _digest_of(root / name, record.get(name)) for name in names}


def _digest_of(path: Path, known: Known | None) -> str:
    stat = path.stat()
    is_same = known is not None and (known.size, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    return known.sha256 if known is not None and is_same else sha256_of(path)
