"""Files that never change, carried between a working copy and its bucket: tables, models, vectors.

Their names have the beginning of the digest of their content, which is checked on both ways.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from tasks.store.bucket.layout import feed_of, is_changing, is_content, is_manifest
from tasks.store.bucket.objects import Objects
from tasks.store.files import sha256_of, write_checked
from tasks.store.listing import feeds_of, named_refs, read_retired
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.pruned import read_pruned
from tasks.store.storage import DamagedFileError, FeedStore, Ref, Store

T = TypeVar("T")

_AT_ONCE: Final = 8
"""Requests; each of them mostly waits, and holds one file in memory."""

Contents = Mapping[str, str]
"""Name of an object → the SHA-256 of its content, or what it begins with."""


def at_once(call: Callable[[T], str | None], items: Iterable[T]) -> list[str]:
    """Make calls in several threads, and return what they have to say."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [said for said in pool.map(call, items) if said]


def night_named(root: Path, name: str) -> Store:
    """Return the night that a name in `runs/` is of."""
    night = name.split("/")[2].removeprefix("night=")
    return Store(root=root, feed=feed_of(name), night=night)


def contents_of(night: Store, manifest: Manifest) -> dict[str, str]:
    """Return the files that a manifest names and that never change; see `named_refs` for errors."""
    refs = named_refs(night, manifest).values()
    odd = [it.path for it in refs if not is_content(it.path) and not is_changing(it.path)]
    if odd:
        raise ManifestError(f"{night.manifest_path()} names {odd[0]}, which no night has")
    return {it.path: it.sha256 for it in refs if is_content(it.path)}


def contents_listed(root: Path) -> dict[str, str]:
    """Return what the manifests and the lists of pruned nights of a working copy name.

    What is damaged names nothing: it is for the doctor.
    """
    found: dict[str, str] = {}
    for read in _lists(root):
        with suppress(ManifestError):
            found |= read()
    return found


def contents_named(root: Path) -> dict[str, str]:
    """Return the same, or fail: nothing is deleted for want of a list that can be read.

    Raises
    ------
    ManifestError
        If a manifest or a list is damaged.
    """
    return {name: digest for read in _lists(root) for name, digest in read().items()}


def retired_of(root: Path) -> set[str]:
    """Return the files that the next prune removes; none where their list is damaged."""
    with suppress(ManifestError):
        return read_retired(root)
    return set()


def fetch_contents(root: Path, objects: Objects, wanted: Contents) -> list[str]:
    """Fetch files; return what is wrong with those that could not be had, and are as they were."""

    def fetch(name: str) -> str | None:
        was_there = False

        def fill(path: Path) -> None:
            nonlocal was_there
            was_there = objects.get_file(name, path)

        if write_checked(root / name, fill, wanted[name]):
            return None
        why = "its content is not what its name and its manifest say" if was_there else "it is gone"
        return f"{objects.url}/{name} is damaged: {why}"

    return at_once(fetch, wanted)


def missing(root: Path, wanted: Contents) -> dict[str, str]:
    """Return those of some files that are not there."""
    return {name: digest for name, digest in wanted.items() if not (root / name).is_file()}


def is_as_named(path: Path, digest: str) -> bool:
    """Return whether a file is there with the content that it should have."""
    return path.is_file() and sha256_of(path).startswith(digest)


def send_contents(root: Path, objects: Objects, wanted: Contents) -> None:
    """Send files.

    Raises
    ------
    DamagedFileError
        If one is not what its name says; nothing that names it is sent then.
    """

    def send(name: str) -> str | None:
        path = root / name
        if not is_as_named(path, wanted[name]):
            return str(path)
        objects.put_file(name, path)
        return None

    if damaged := at_once(send, wanted):
        raise DamagedFileError(
            f"{damaged[0]} is gone, or is not what its manifest says, and was not sent to"
            f" {objects.url}; run `nightfold doctor --store {objects.url} --repair`"
        )


def vector_digest(name: str) -> str:
    """Return what the digest of a file of embeddings begins with."""
    return Path(name).stem.removeprefix("part-")


def _known(store: FeedStore) -> dict[str, str]:
    refs: list[Ref] = [ref for night in read_pruned(store) for ref in night.refs()]
    return {it.path: it.sha256 for it in refs if is_content(it.path)}


def _lists(root: Path) -> Iterator[Callable[[], dict[str, str]]]:
    """Yield what reads each manifest, and each list of pruned nights."""
    for store in (FeedStore(root=root, feed=feed) for feed in feeds_of(root)):
        for night in map(store.on, store.published_nights()):
            yield partial(_of_night, night)
        yield partial(_known, store)


def _of_night(night: Store) -> dict[str, str]:
    return contents_of(night, night.read_manifest())


def manifests_in(names: Iterable[str]) -> list[str]:
    """Return the manifests among some names, the earliest night first."""
    return sorted(filter(is_manifest, names), key=lambda name: name.split("/")[2])
