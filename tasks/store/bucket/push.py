"""Bring a bucket up to its working copy: what is new of published nights, each manifest last.

Cut short at any point, it leaves a bucket in which every night is as it was, or as it is now.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasks.store.bucket.contents import (
    at_once,
    contents_listed,
    contents_named,
    contents_of,
    manifests_in,
    night_named,
    send_contents,
    vector_digest,
)
from tasks.store.bucket.layout import (
    changing_files,
    is_manifest,
    is_pruned_list,
    is_report,
    is_vectors,
    vector_files,
)
from tasks.store.bucket.merge import is_unsent
from tasks.store.bucket.objects import (
    BucketError,
    ConditionFailedError,
    Listed,
    Objects,
    put_once,
)
from tasks.store.bucket.place import bucket_folder
from tasks.store.bucket.record import (
    Known,
    digests_of,
    known_file,
    read_record,
    write_record,
)
from tasks.store.listing import read_retired
from tasks.store.lock import folder_lock
from tasks.store.manifests import ManifestError
from validation.errors import NightfoldError

logger = logging.getLogger(__name__)

_RETIRED: Final = "state/retired.json"


class BucketConflictError(NightfoldError, RuntimeError):
    """An object that another machine has changed since it was read."""


@dataclass
class Push:
    """What a push sends, step by step.

    Parameters
    ----------
    root
        Of the working copy.
    objects
        Of the store.
    there
        What the bucket holds of it; kept up to date.
    require_lease
        Fails where another machine has taken the store over.
    """

    root: Path
    objects: Objects
    there: dict[str, Listed]
    require_lease: Callable[[], None]
    n_sent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.record = read_record(self.root)

    def run(self) -> None:
        """Send what is new, and delete what was deleted here.

        Raises
        ------
        LeaseLostError
            If another machine has taken the store over; no manifest is sent from then on.
        BucketConflictError
            If an object is not what it was when this machine read it.
        DamagedFileError
            If a file is not what the manifest that names it says.
        """
        here = digests_of(self.root, changing_files(self.root), self.record)
        unsent = {name for name, digest in here.items() if is_unsent(name, digest, self.record)}
        unsent -= {name for name in manifests_in(unsent) if self._is_damaged(name)}
        gone = {name for name in self.record.keys() & self.there.keys() if name not in here}
        gone = {name for name in gone if not is_vectors(name)}
        self._send_contents(manifests_in(unsent))
        for names in _in_order(unsent, self._named_reports(unsent)):
            if names:
                self.require_lease()
            for name in names:
                self._put(name)
        if gone:
            self.require_lease()
        for name in sorted(gone, key=lambda it: (not is_manifest(it), it)):
            self._delete(name)

    def send(self, names: Iterable[str]) -> None:
        """Send some files whose content changes, where it has; see `run` for errors."""
        here = [it for it in names if (self.root / it).is_file()]
        for name, digest in digests_of(self.root, here, self.record).items():
            if is_unsent(name, digest, self.record):
                self._put(name)

    def sweep(self) -> None:
        """Delete what no manifest and no list names any more, and embeddings that are not here.

        Raises
        ------
        LeaseLostError
            As `run`.
        ManifestError
            If a list is damaged: it may name what would be deleted.
        BucketError
            If that of the bucket is.
        """
        kept = contents_named(self.root).keys() | read_retired(self.root)
        kept |= {*changing_files(self.root), *vector_files(self.root)}
        left = sorted(self.there.keys() - kept)
        lists = [it for it in left if is_manifest(it) or is_pruned_list(it)]
        if lists:
            raise BucketError(
                f"nothing was deleted: {self.objects.url}/{lists[0]} is damaged, and may name what"
                f" would be; run `nightfold doctor --store {self.objects.url} --repair`"
            )
        if left:
            self.require_lease()
        at_once(self._delete, left)

    def _is_damaged(self, name: str) -> bool:
        """Return whether a manifest cannot be read: it is for a run of its night, or the doctor."""
        try:
            night = night_named(self.root, name)
            contents_of(night, night.read_manifest())
        except ManifestError as error:
            logger.warning("it is not sent: %s", error)
            return True
        return False

    def _send_contents(self, manifests: Iterable[str]) -> None:
        """Send what nights name that are not in the bucket as they are here, and embeddings."""
        named: dict[str, str] = {}
        for name in manifests:
            night = night_named(self.root, name)
            named |= contents_of(night, night.read_manifest())
        known = {
            it: sha for it, sha in contents_listed(self.root).items() if it.startswith("known/")
        }
        vectors = {name: vector_digest(name) for name in vector_files(self.root)}
        wanted = {**named, **known, **vectors}
        new = {name: digest for name, digest in wanted.items() if name not in self.there}
        send_contents(self.root, self.objects, new)
        for name in new:
            self.there[name] = Listed("", (self.root / name).stat().st_size)
            if name in vectors:
                self.record[name] = Known("", vectors[name])
        self.n_sent += len(new)

    def _named_reports(self, names: Iterable[str]) -> set[str]:
        """Return the summaries that manifests name among their files."""
        nights = [night_named(self.root, name) for name in names if is_manifest(name)]
        return {ref.path for it in nights for ref in it.read_manifest().reports.values()}

    def _put(self, name: str) -> None:
        """Put a file whose content changes in the place of the object that this machine knows."""
        content = (self.root / name).read_bytes()
        try:
            etag = put_once(self.objects, name, content, self._replaced(name))
        except ConditionFailedError as error:
            raise BucketConflictError(
                f"{self.objects.url}/{name} was changed by another run meanwhile, and stays as that"
                " has left it; nothing is lost: run the same command again"
            ) from error
        digest = hashlib.sha256(content).hexdigest()
        self.record[name] = known_file(self.root / name, etag, digest)
        self.there[name] = Listed(etag, len(content))
        self.n_sent += 1
        if is_manifest(name):
            write_record(self.root, self.record)
            logger.info("published on the bucket: %s/%s", self.objects.url, name)

    def _replaced(self, name: str) -> str | None:
        """Return the ETag that an object has to have; a report, which is made anew, may be any."""
        if is_report(name):
            there = self.objects.read(name)
            return there.etag if there else None
        known = self.record.get(name)
        return known.etag if known else None

    def _delete(self, name: str) -> None:
        self.objects.delete(name)
        self.there.pop(name, None)
        self.record.pop(name, None)


def push(work: Push, sweeps: bool) -> None:
    """Bring a bucket up to its working copy; for the holder of the lease.

    Parameters
    ----------
    work
        What is sent, and where to.
    sweeps
        Whether files that nothing names any more are deleted, as a prune does.
    """
    with folder_lock(bucket_folder(work.root)):
        try:
            work.run()
            if sweeps:
                work.sweep()
        finally:
            write_record(work.root, work.record)


def send_changed(root: Path, objects: Objects, names: Iterable[str]) -> None:
    """Send some files whose content changes, without a lease: each put has its condition."""
    with folder_lock(bucket_folder(root)):
        work = Push(root, objects, {}, require_lease=lambda: None)
        try:
            work.send(names)
        finally:
            write_record(root, work.record)


def _in_order(names: set[str], summaries: set[str]) -> list[list[str]]:
    """Return names in the order in which they are sent, that of the disk.

    What waits for the next prune comes before the manifest that names it no more, the summary that
    a manifest names before it, and what was made of a night after its manifest.
    """
    first = [it for it in names if it == _RETIRED or it in summaries or is_pruned_list(it)]
    manifests = manifests_in(names)
    rest = names - set(first) - set(manifests)
    return [sorted(first), manifests, sorted(rest)]
