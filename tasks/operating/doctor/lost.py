"""Find nights whose manifest is gone, and published files that no list names.

Nothing here is ever removed: it is put back, listed again, or moved to the trash.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from tasks.boundary.counted import counted
from tasks.boundary.naming import night_of
from tasks.operating.doctor.finding import Finding
from tasks.operating.doctor.night import remedy_of
from tasks.store.aside.copies import lost_nights, manifest_copy
from tasks.store.aside.trash import move_to_trash
from tasks.store.files import WRITING
from tasks.store.listing import named_refs, read_retired, retired_path, write_retired
from tasks.store.manifests import ManifestError
from tasks.store.pruned import KNOWN, read_pruned
from tasks.store.storage import FeedStore, Store
from validation.tables.schemas import PUBLISHED

MODELS: Final = frozenset({"clustering", "lexical", "identity"})
"""The models of a night."""

_WHOLE: Final = {name for name, table in PUBLISHED.items() if not table.is_later} | MODELS
"""What a night has that was wholly copied; one of an older nightfold lacks the later tables."""

_RELISTS: Final = "lists them again, and the next prune removes them"


@dataclass(frozen=True)
class Listed:
    """What the lists of a feed name.

    Parameters
    ----------
    store
        Any night of the feed.
    files
        That manifests and the list of pruned nights name, or that wait for the next prune.
    published, pruned
        The nights.
    """

    store: FeedStore
    files: frozenset[str]
    published: frozenset[date]
    pruned: frozenset[date]


def read_listed(store: FeedStore, retired: set[str]) -> Listed | None:
    """Read a feed's lists; None where one cannot be read: it may name any file."""
    published = store.published_nights()
    files = set(retired)
    try:
        pruned = read_pruned(store)
        for night in published:
            tonight = store.on(night)
            files |= {ref.path for ref in named_refs(tonight, tonight.read_manifest()).values()}
    except ManifestError:
        return None
    files |= {ref.path for it in pruned for ref in it.refs()}
    nights = frozenset(it.night for it in pruned)
    return Listed(store, frozenset(files), frozenset(published), nights)


def find_lost_manifests(store: FeedStore) -> Iterator[Finding]:
    """Find the nights whose manifest is gone while its copy is there."""
    for night in lost_nights(store):
        tonight = store.on(night)
        copy = manifest_copy(tonight)
        yield Finding(_manifest(tonight), "night", "its manifest is gone", source=copy)


@dataclass
class Unlisted:
    """The files of a feed that no list names.

    Parameters
    ----------
    published, pruned
        Beside published and of pruned nights.
    lost
        Night without a manifest → its files.
    """

    published: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    lost: dict[date, list[str]] = field(default_factory=dict)


def find_unlisted(listed: Listed) -> Unlisted:
    """Find the files of a feed that no list names."""
    found = Unlisted()
    for path in _unlisted(listed):
        file = path.relative_to(listed.store.root).as_posix()
        night = _night_above(path)
        if night in listed.pruned:
            found.pruned.append(file)
        elif night is None or night in listed.published or file.startswith(f"{KNOWN}/"):
            found.published.append(file)
        else:
            found.lost.setdefault(night, []).append(file)
    return found


def examine_unlisted(listed: Listed, found: Unlisted) -> Iterator[Finding]:
    """Judge the files that no list names, where the list of retired files can be read."""
    for file in found.published:
        yield Finding(file, "unlisted", "no manifest names it", is_movable=True)
    if found.pruned:
        said = f"on no list, and of pruned nights: {counted(len(found.pruned), 'file')}"
        yield relisting(listed.store.root, found.pruned, said)


def _unlisted(listed: Listed) -> Iterator[Path]:
    """Find the published files of a feed that no list names; reports, of pruned nights only."""
    root, feed = listed.store.root, f"feed={listed.store.feed}"
    for table in (*PUBLISHED, "models", KNOWN, "reports"):
        for path in sorted((root / table / feed).rglob("*")):
            is_file = path.is_symlink() or not path.is_dir()
            if not is_file or path.name.startswith(WRITING):
                continue
            is_listed = path.relative_to(root).as_posix() in listed.files
            if not is_listed and (table != "reports" or _night_above(path) in listed.pruned):
                yield path


def relisting(root: Path, files: Collection[str], problem: str) -> Finding:
    """Return the finding of files that wait for a prune and are on no list."""
    file = retired_path(root).relative_to(root).as_posix()
    return Finding(file, "retired", problem, mend=partial(_relist, root, set(files)), deed=_RELISTS)


def _relist(root: Path, files: set[str]) -> None:
    path = retired_path(root)
    try:
        before = read_retired(root)
    except ManifestError:
        before = set()
        move_to_trash(root, path.relative_to(root).as_posix())
    write_retired(root, before | files)


def examine_lost(listed: Listed, night: date, files: list[str]) -> Iterator[Finding]:
    """Judge a night without a manifest: a lost one stays, what a killed run began may go."""
    tonight = listed.store.on(night)
    if manifest_copy(tonight):
        return  # a finding of its own
    later = [it for it in listed.published if it > night]
    if later or parts_of(files) >= _WHOLE:
        said = f"its manifest is gone; left of the night: {counted(len(files), 'file')}"
        yield Finding(
            _manifest(tonight), "night", said, f"{remedy_of(tonight)}{_or_forget(tonight)}"
        )
        return
    for file in files:
        said = "no manifest names it: a run was killed while it published"
        yield Finding(file, "unlisted", said, is_movable=True)


def parts_of(files: list[str]) -> set[str]:
    """Return the tables and models that some files of a night belong to."""
    parts = (Path(file).parts for file in files)
    return {it[3] if it[0] == "models" else it[0] for it in parts if len(it) > 3}


def _or_forget(night: Store) -> str:
    return (
        "; where it should not be there, move it to the trash: nightfold doctor"
        f" --store {night.root} --repair --forget-night {night.feed}/{night.night}"
    )


def _night_above(path: Path) -> date | None:
    return next((night for it in path.parents if (night := night_of(it))), None)


def _manifest(night: Store) -> str:
    return night.manifest_path().relative_to(night.root).as_posix()
