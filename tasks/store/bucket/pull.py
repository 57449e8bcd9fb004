"""Bring a working copy up to what its bucket holds: published nights, and what goes with them.

A night appears whole, as on the disk: its manifest is placed when all that it names is there.
"""

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tasks.store.aside.copies import forget_copies, keep_copy
from tasks.store.aside.trash import move_to_trash, remove_empty_folders
from tasks.store.bucket.contents import (
    contents_listed,
    contents_of,
    fetch_contents,
    manifests_in,
    missing,
    night_named,
    retired_of,
    vector_digest,
)
from tasks.store.bucket.layout import (
    changing_files,
    is_manifest,
    is_of_store,
    is_vectors,
    vector_files,
)
from tasks.store.bucket.merge import Merge, is_unsent, merge
from tasks.store.bucket.objects import Listed, Objects
from tasks.store.bucket.place import bucket_folder
from tasks.store.bucket.record import (
    Known,
    digests_of,
    known_file,
    read_record,
    write_record,
)
from tasks.store.files import write_atomically
from tasks.store.lock import folder_lock
from tasks.store.manifests import ManifestError, parse_manifest
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


@dataclass
class Pull:
    """A pull, step by step.

    Parameters
    ----------
    root
        Of the working copy.
    objects
        Of the store.
    there
        What the bucket holds of it.
    problems
        What is damaged there, a sentence each.
    """

    root: Path
    objects: Objects
    there: Mapping[str, Listed]
    problems: list[str] = field(default_factory=list)
    _aside: set[str] = field(default_factory=set)

    def run(self, with_vectors: bool) -> None:
        """Fetch what is new, remove what is gone; for the holder of the folder's lock."""
        self._record = read_record(self.root)
        here = digests_of(self.root, changing_files(self.root), self._record)
        merged = merge(here, self._record, self.there)
        for name, digest in here.items():
            if is_unsent(name, digest, self._record) and self._is_damaged_here(name):
                merged.contested.discard(name)
                merged.fetched.add(name)
        # Mostly there is nothing new, and a store has a manifest for every night.
        before = self._listed() if merged.is_anything() else set()
        try:
            self._settle(merged)
            self._fetch(merged)
            self._remove(merged)
            if with_vectors:
                self._pull_vectors()
        finally:
            write_record(self.root, self._record)
        for name in before - self._listed() if before else ():
            self._let_go(name)

    def _listed(self) -> set[str]:
        """Return what the working copy has to keep, or keeps for the next prune."""
        return contents_listed(self.root).keys() | retired_of(self.root)

    def _is_damaged_here(self, name: str) -> bool:
        """Return whether a manifest cannot be read here, and may well be there."""
        if not is_manifest(name) or name not in self.there:
            return False
        try:
            night_named(self.root, name).read_manifest()
        except ManifestError:
            return True
        return False

    def _settle(self, merged: Merge) -> None:
        """Put what is contested and differs into the trash, and let the bucket have its way."""
        for name in sorted(merged.contested):
            read = self.objects.read(name) if name in self.there else None
            if read is not None and read.content == (self.root / name).read_bytes():
                self._note(name, read.etag, read.content)
                continue
            logger.warning(
                "%s was changed here and on %s by another run: what was here is in trash/",
                name,
                self.objects.url,
            )
            self._record.pop(name, None)
            if is_manifest(name):
                self._put_aside(night_named(self.root, name))
            move_to_trash(self.root, name)
            if name in self.there:
                merged.fetched.add(name)

    def _put_aside(self, night: Store) -> None:
        """Let a night's tables and models follow its manifest into the trash."""
        with suppress(ManifestError):
            self._aside |= contents_of(night, night.read_manifest()).keys()
        forget_copies(night)

    def _fetch(self, merged: Merge) -> None:
        """Fetch what the manifests name, and then the manifests."""
        manifests = manifests_in(merged.fetched)
        for name in sorted(merged.fetched - set(manifests)):
            if read := self.objects.read(name):
                self._place(name, read.content, read.etag)
        wanted: dict[str, str] = {}
        found: dict[str, tuple[bytes, str]] = {}
        for name in manifests:
            read = self.objects.read(name)
            named = self._named_in(name, read.content) if read else None
            if read is not None and named is not None:
                wanted |= named
                found[name] = (read.content, read.etag)
        self._fetch_contents(contents_listed(self.root) | wanted)
        for name, (content, etag) in found.items():
            self._place(name, content, etag)
            keep_copy(night_named(self.root, name), self.root / name)

    def _named_in(self, name: str, content: bytes) -> dict[str, str] | None:
        """Return what a manifest names; None for one that is damaged, which is not placed."""
        night = night_named(self.root, name)
        named = {"feed": night.feed, "night": str(night.night)}
        try:
            return contents_of(night, parse_manifest(content, night.manifest_path(), named))
        except ManifestError as error:
            self._damaged(f"{self.objects.url}/{name} is damaged: {error}")
            return None

    def _remove(self, merged: Merge) -> None:
        """Remove what another machine has deleted, manifests first."""
        for name in sorted(merged.removed, key=lambda it: (not is_manifest(it), it)):
            if is_manifest(name):
                forget_copies(night_named(self.root, name))
            self._let_go(name)
        for name in [it for it in self._record if it not in self.there]:
            if not is_vectors(name):
                del self._record[name]

    def _pull_vectors(self) -> None:
        """Bring the embeddings up to those of the bucket, which a prune may have rewritten."""
        there = {name for name in self.there if is_vectors(name)}
        for name in [it for it in vector_files(self.root) if it in self._record]:
            if name not in there:
                self._let_go(name)
                del self._record[name]
        self._fetch_contents({name: vector_digest(name) for name in there})
        for name in there:
            self._record[name] = Known(self.there[name].etag, vector_digest(name))

    def _fetch_contents(self, wanted: Mapping[str, str]) -> None:
        for problem in fetch_contents(self.root, self.objects, missing(self.root, wanted)):
            self._damaged(problem)

    def _let_go(self, name: str) -> None:
        """Remove a file, or put it into the trash where nothing else has its content."""
        path = self.root / name
        if not path.is_file():
            return
        if name in self._aside:
            move_to_trash(self.root, name)
            return
        path.unlink()
        remove_empty_folders(self.root, path.parent)

    def _damaged(self, problem: str) -> None:
        logger.warning("%s", problem)
        self.problems.append(problem)

    def _place(self, name: str, content: bytes, etag: str) -> None:
        write_atomically(self.root / name, content)
        self._note(name, etag, content)

    def _note(self, name: str, etag: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._record[name] = known_file(self.root / name, etag, digest)


def pull(root: Path, objects: Objects, with_vectors: bool) -> Pull:
    """Bring a working copy up to its bucket, and return what was found there.

    Parameters
    ----------
    root, objects
        The working copy, and the objects of the store.
    with_vectors
        Whether embeddings are wanted, which only runs read.
    """
    with folder_lock(bucket_folder(root)):
        there = {name: it for name, it in objects.listed().items() if is_of_store(name)}
        done = Pull(root, objects, there)
        done.run(with_vectors)
        return done
