"""Examine a whole store, and put right what can be derived again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from tasks.doctor_night import Earlier, examine_night
from tasks.doctor_state import examine_state
from tasks.doctor_vectors import find_lost_vectors
from tasks.files import WRITING
from tasks.finding import Finding, repair
from tasks.listing import feeds_of, read_retired, refs_of
from tasks.manifests import ManifestError, require_known_format
from tasks.pruned import KNOWN, PrunedNight, pruned_path, read_pruned
from tasks.storage import Store, is_intact, read_table
from validation.schemas import DOC_ID, PUBLISHED

_ROUNDS: Final = 5


def examine(root: Path) -> list[Finding]:
    """Examine every feed's nights and all that lies beside them; for the holder of the lock.

    Raises
    ------
    NewerStoreError
        If a newer nightfold has written to the store.
    """
    require_known_format(root)
    found: list[Finding] = []
    nights: list[Store] = []
    for feed in feeds_of(root):
        store = Store(root=root, feed=feed, night=date.min)
        found += examine_feed(store)
        found += find_unlisted(store)
        nights += [store.model_copy(update={"night": it}) for it in store.published_nights()]
    # Vectors come last: they are brought back when files that are damaged have been removed.
    return [*found, *examine_state(root), *find_lost_vectors(nights)]


def repair_all(root: Path) -> tuple[list[Finding], list[Finding]]:
    """Repair until nothing is left that can be.

    Returns
    -------
    What was repaired, and what is left.
    """
    repaired: list[Finding] = []
    left = examine(root)
    for _ in range(_ROUNDS):
        # A record that goes leaves its files without a name, which only the next look finds.
        mendable = [finding for finding in left if finding.is_repairable]
        if not mendable:
            break
        for finding in mendable:
            repair(root, finding)
        repaired += mendable
        left = examine(root)
    return repaired, left


def examine_feed(store: Store) -> Iterator[Finding]:
    """Examine the nights of a feed, oldest first, and what stays of those that were pruned."""
    earlier = Earlier()
    try:
        for pruned in read_pruned(store):
            yield from _examine_pruned(store, pruned, earlier)
    except ManifestError as error:
        earlier.is_complete = False
        file = pruned_path(store).relative_to(store.root).as_posix()
        yield Finding(file, "known", str(error), "bring it back from a backup")
    for night in store.published_nights():
        yield from examine_night(store.model_copy(update={"night": night}), earlier)


def _examine_pruned(store: Store, pruned: PrunedNight, earlier: Earlier) -> Iterator[Finding]:
    """Examine what stays of a pruned night, and note its documents."""
    broken = [ref for ref in pruned.refs() if not is_intact(store, ref)]
    for ref in broken:
        said = "it is gone or changed: documents would count as new, or as known, again"
        yield Finding(ref.path, "known", said, "bring it back from a backup")
    if broken:
        earlier.is_complete = False
        return
    withdrawn, known = (
        read_table(store, ref, [DOC_ID])[DOC_ID].to_pylist() if ref else []
        for ref in (pruned.withdrawn, pruned.known)
    )
    earlier.withdraw(withdrawn)
    earlier.night_of |= dict.fromkeys(known, str(pruned.night))


def find_unlisted(store: Store) -> Iterator[Finding]:
    """Find published files of a feed that no manifest names: what a killed run had begun."""
    try:
        named = set(_listed(store))
    except (ManifestError, ValidationError):
        return  # what cannot be read may name any of them
    for table in (*PUBLISHED, "models", KNOWN):
        for path in sorted((store.root / table / f"feed={store.feed}").rglob("*")):
            file = path.relative_to(store.root).as_posix()
            if path.is_file() and file not in named and not path.name.startswith(WRITING):
                yield Finding(file, "unlisted", "no manifest names it", is_removable=True)


def _listed(store: Store) -> Iterator[str]:
    """Give every file that the feed's manifests name, or that waits for the next prune."""
    yield from read_retired(store.root)
    yield from (ref.path for pruned in read_pruned(store) for ref in pruned.refs())
    for night in store.published_nights():
        yield from (ref.path for ref in refs_of(store.read_manifest(night)).values())
