"""Which objects below a prefix are a store's: all others are left alone, whatever they are."""

import re
from pathlib import Path
from typing import Final

from tasks.boundary.naming import is_feed_name, night_of

CURATION_FILES: Final = ("curation.toml", "curation.toml.before")
"""What a person has decided, and what that was before the last command."""

SINGLES: Final = ("state/retired.json", *CURATION_FILES)
"""Files at a place of their own whose content changes."""

_MODELS: Final = "models"
_TABLE: Final = re.compile(r"[a-z][a-z_]*")
_FILE: Final = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@._-]*")
_VECTORS: Final = re.compile(r"encoder=[A-Za-z0-9._-]+")
_PART: Final = re.compile(r"part-[0-9a-f]{16}\.parquet")
_NIGHTLY: Final = 4
"""How many names a file of a night has at least: table, feed, night, file."""


def is_vectors(name: str) -> bool:
    """Return whether a name is that of a file of embeddings."""
    match name.split("/"):
        case ["embeddings", shelf, part]:
            return bool(_VECTORS.fullmatch(shelf) and _PART.fullmatch(part))
    return False


def is_manifest(name: str) -> bool:
    """Return whether a name is that of a night's manifest."""
    return _is_nightly(name) and name.startswith("runs/") and name.endswith("/manifest.json")


def is_pruned_list(name: str) -> bool:
    """Return whether a name is that of the list of a feed's pruned nights."""
    match name.split("/"):
        case ["runs", feed, "pruned.json"]:
            return _is_feed(feed)
    return False


def is_report(name: str) -> bool:
    """Return whether a name is that of what is told of a night."""
    return name.startswith("reports/") and _is_nightly(name)


def is_changing(name: str) -> bool:
    """Return whether a name is one whose content may change: no digest of it is in the name."""
    return name in SINGLES or is_report(name) or is_manifest(name) or is_pruned_list(name)


def is_content(name: str) -> bool:
    """Return whether a name is that of a table or a model of a night, named by its digest."""
    return _is_nightly(name) and name.split("/", 1)[0] not in {"runs", "reports"}


def is_of_store(name: str) -> bool:
    """Return whether a name, below the prefix, is one that a store gives."""
    return is_changing(name) or is_vectors(name) or is_content(name)


def feed_of(name: str) -> str:
    """Return the feed that a name of `runs/` is of."""
    return name.split("/")[1].removeprefix("feed=")


def night_folder(name: str) -> str:
    """Return feed and night of a name, as folders."""
    return "/".join(name.split("/")[1:3])


def changing_files(root: Path) -> list[str]:
    """List the files of a working copy whose content may change."""
    found = [
        *(root / it for it in SINGLES),
        *root.glob("runs/feed=*/pruned.json"),
        *root.glob("runs/feed=*/night=*/manifest.json"),
        *root.glob("reports/feed=*/night=*/*"),
    ]
    return [name for it in found if it.is_file() and is_changing(name := _name(root, it))]


def vector_files(root: Path) -> list[str]:
    """List the files of embeddings of a working copy."""
    found = root.glob("embeddings/encoder=*/part-*.parquet")
    return [name for it in found if it.is_file() and is_vectors(name := _name(root, it))]


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _is_nightly(name: str) -> bool:
    """Return whether a name is that of a file in the folder of a night."""
    parts = name.split("/")
    if len(parts) < _NIGHTLY or not all(map(_FILE.fullmatch, parts[3:])):
        return False
    is_table = bool(_TABLE.fullmatch(parts[0])) and parts[0] not in {"state", "embeddings", "trash"}
    is_deep = len(parts) == _NIGHTLY or parts[0] == _MODELS
    is_night = night_of(Path(parts[2])) is not None
    return is_table and is_deep and _is_feed(parts[1]) and is_night


def _is_feed(folder: str) -> bool:
    return folder.startswith("feed=") and is_feed_name(folder.removeprefix("feed="))
