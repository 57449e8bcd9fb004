"""Second copies, in state/copies/, of what no stage file could bring back: manifests, summaries."""

import shutil
from datetime import date
from pathlib import Path

from tasks.boundary.naming import night_of
from tasks.store.files import write_atomically
from tasks.store.manifests import ManifestError, read_manifest
from tasks.store.storage import FeedStore, Ref, Store, is_intact

_TABLES = ("runs", "reports")
"""The folders of which there are copies."""


def copy_path(store: FeedStore, path: Path) -> Path:
    """Return where the copy of a published file lies."""
    return store.state / "copies" / path.relative_to(store.root)


def keep_copy(store: Store, path: Path) -> None:
    """Copy a published file, unless its copy is there; to be called after the file is."""
    content, copy = path.read_bytes(), copy_path(store, path)
    if not copy.is_file() or copy.read_bytes() != content:
        write_atomically(copy, content)


def forget_copies(night: Store) -> None:
    """Remove a night's copies: before its manifest goes, which would be put back from them."""
    for table in _TABLES:
        shutil.rmtree(copy_path(night, night.partition(table)), ignore_errors=True)


def lost_nights(store: FeedStore) -> list[date]:
    """List the nights of a feed whose manifest is gone while its copy is there, oldest first."""
    published = set(store.published_nights())
    folders = copy_path(store, store.runs).glob("night=*")
    nights = sorted(night for it in folders if (night := night_of(it)) and night not in published)
    return [it for it in nights if manifest_copy(store.on(it))]


def lost_manifest(store: FeedStore, night: date) -> ManifestError:
    """Return the error of a night that was published and has lost its manifest."""
    return ManifestError(
        f"{store.manifest_path(night)} is gone, and its night was published; run"
        f" `nightfold doctor --store {store.root} --repair`, which puts it back from its copy"
    )


def manifest_copy(store: Store) -> str | None:
    """Return the path of the copy of a night's manifest, if it is whole, relative to the root."""
    copy = copy_path(store, store.manifest_path())
    try:
        read_manifest(copy, store.feed, store.night)
    except ManifestError:
        return None
    return copy.relative_to(store.root).as_posix()


def report_copy(store: Store, ref: Ref) -> str | None:
    """Return the path of the copy of a report, if it is whole, relative to the root."""
    copy = copy_path(store, store.resolve(ref)).relative_to(store.root).as_posix()
    return copy if is_intact(store, ref.model_copy(update={"path": copy})) else None
