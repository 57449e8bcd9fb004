"""What becomes of the files whose content changes: which side has the newer one.

Three states are compared: the file of the working copy, the object, and what both were when they
were last the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.store.bucket.layout import (
    feed_of,
    is_changing,
    is_manifest,
    is_pruned_list,
    is_report,
    night_folder,
)
from tasks.store.bucket.objects import Listed
from tasks.store.bucket.record import Known, Record


@dataclass
class Merge:
    """What a pull does, by the names of objects."""

    fetched: set[str] = field(default_factory=set)
    """The bucket has another content, or the working copy has none."""
    removed: set[str] = field(default_factory=set)
    """Another machine has deleted the object, and nothing was changed here."""
    contested: set[str] = field(default_factory=set)
    """Both sides have changed: what is here goes to the trash if the contents differ."""

    def is_anything(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self.fetched or self.removed or self.contested)


def merge(here: Mapping[str, str], record: Record, there: Mapping[str, Listed]) -> Merge:
    """Compare both sides with what they were.

    Parameters
    ----------
    here
        Name of every changing file of the working copy → digest of its content.
    record
        What both sides were.
    there
        The objects of the store.
    """
    merged = Merge()
    objects = {name for name in there if is_changing(name)}
    for name in here.keys() | objects:
        _compare(merged, name, here.get(name), record.get(name), there.get(name))
    merged.contested |= _stale_nights(here, record, there) - objects
    ours = {
        night_folder(name)
        for name, digest in here.items()
        if is_manifest(name) and is_unsent(name, digest, record) and name not in merged.contested
    }
    # What is told of a night that is about to be sent goes with it.
    merged.contested = {
        it for it in merged.contested if not (is_report(it) and night_folder(it) in ours)
    }
    return merged


def is_unsent(name: str, digest: str, record: Record) -> bool:
    """Return whether a file is newer than its object."""
    known = record.get(name)
    return known is None or known.sha256 != digest


def _compare(
    merged: Merge, name: str, digest: str | None, known: Known | None, there: Listed | None
) -> None:
    is_changed_here = known is None or digest != known.sha256
    if there is None:
        if known is not None and digest is not None:
            (merged.contested if is_changed_here else merged.removed).add(name)
        return
    if digest is None:
        merged.fetched.add(name)
    elif known is None or there.etag != known.etag:
        (merged.contested if is_changed_here else merged.fetched).add(name)


def _stale_nights(here: Mapping[str, str], record: Record, there: Mapping[str, Listed]) -> set[str]:
    """Return the manifests that were never sent, and were made on a history that has changed since.

    Their run has lost its lease, and another one has published, or pruned, in between.
    """
    is_told = {name for name in there if is_manifest(name) or is_pruned_list(name)}
    changed = {it for it in is_told if it not in record or record[it].etag != there[it].etag}
    gone = {it for it in record if (is_manifest(it) or is_pruned_list(it)) and it not in there}
    feeds = {feed_of(it) for it in changed | gone}
    return {
        name
        for name, digest in here.items()
        if is_manifest(name) and feed_of(name) in feeds and is_unsent(name, digest, record)
    }
