"""Examine what stays of a feed's pruned nights, and rebuild their list from known/."""

import os
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.boundary.naming import night_of
from tasks.operating.doctor.finding import Finding, file_problem
from tasks.operating.doctor.night import Earlier
from tasks.store.aside.trash import move_to_trash
from tasks.store.files import sha256_of
from tasks.store.manifests import ManifestError
from tasks.store.pruned import (
    LIST_REMEDY,
    PrunedNight,
    known_files,
    pruned_path,
    read_pruned,
    write_pruned,
)
from tasks.store.storage import FeedStore, Ref, read_table
from validation.tables.columns import DOC_ID, TEXT_DIGEST

_BACKUP: Final = "bring it back from a backup"
_DEED: Final = "rebuilds the list from known/"


def examine_known(store: FeedStore, earlier: Earlier) -> Iterator[Finding]:
    """Examine the list of a feed's pruned nights and their tables, and note their documents."""
    try:
        nights = read_pruned(store)
    except ManifestError as error:
        earlier.is_complete = False
        path = pruned_path(store)
        said = str(error).removeprefix(f"{path} ").removesuffix(f"; {LIST_REMEDY}")
        yield _lost_list(store, said)
        return
    for pruned in nights:
        yield from _examine_pruned(store, pruned, earlier)


def _examine_pruned(store: FeedStore, pruned: PrunedNight, earlier: Earlier) -> Iterator[Finding]:
    broken = [ref for ref in pruned.refs() if file_problem(store, ref)]
    for ref in broken:
        said = "it is gone or changed: documents would count as new, or as known, again"
        yield Finding(ref.path, "known", said, _BACKUP)
    if broken:
        earlier.is_complete = False
        return
    withdrawn, known = (
        read_table(store, ref, [DOC_ID])[DOC_ID].to_pylist() if ref else []
        for ref in (pruned.withdrawn, pruned.known)
    )
    earlier.withdraw(withdrawn)
    earlier.night_of |= dict.fromkeys(known, str(pruned.night))


def _lost_list(store: FeedStore, said: str) -> Finding:
    """Return the finding of a list that cannot be read, with the way to rebuild it, if any."""
    file = pruned_path(store).relative_to(store.root).as_posix()
    nights, damaged = rebuilt(store)
    if damaged:
        both = f"bring it and {', '.join(damaged)}, which cannot be read either, back from a backup"
        return Finding(file, "known", said, both)
    if not nights:
        return Finding(file, "known", said, _BACKUP)
    return Finding(file, "known", said, mend=partial(_rewrite, store, file, nights), deed=_DEED)


def _rewrite(store: FeedStore, file: str, nights: list[PrunedNight]) -> None:
    if os.path.lexists(store.root / file):
        move_to_trash(store.root, file)
    write_pruned(store, nights)


def rebuilt(store: FeedStore) -> tuple[list[PrunedNight], list[str]]:
    """Make the list of pruned nights out of their tables.

    Returns
    -------
    The nights, and the files that cannot be read.
    """
    damaged: list[str] = []
    found: dict[date, dict[str, Ref]] = {}
    published = set(store.published_nights())
    # Where a prune was cut short there may be an older table of the same night.
    for path in sorted(known_files(store), key=lambda it: it.lstat().st_mtime_ns):
        night = night_of(path.parent)
        if night is None or night in published:
            continue
        columns = _columns(path)
        if columns is None:
            damaged.append(path.relative_to(store.root).as_posix())
            continue
        kind = "known" if TEXT_DIGEST in columns else "withdrawn"
        found.setdefault(night, {})[kind] = _reference(store, path)
    return [
        PrunedNight(night=night, **refs) for night, refs in sorted(found.items()) if "known" in refs
    ], damaged


def _columns(path: Path) -> list[str] | None:
    """Return the columns of a table that is what its name says."""
    try:
        if not sha256_of(path).startswith(path.stem.removeprefix("part-")):
            return None
        columns: list[str] = pq.read_schema(path).names
    except (OSError, pa.ArrowException):
        return None
    return columns if DOC_ID in columns else None


def _reference(store: FeedStore, path: Path) -> Ref:
    file = path.relative_to(store.root).as_posix()
    return Ref(path=file, sha256=sha256_of(path), rows=pq.read_metadata(path).num_rows)
