"""Examine a whole store, and put right what can be derived again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from tasks.doctor_night import Earlier, examine_night, refs_of
from tasks.doctor_state import examine_state
from tasks.files import WRITING
from tasks.finding import Finding, repair
from tasks.manifests import ManifestError, require_known_format
from tasks.storage import Store
from validation.schemas import PUBLISHED

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
    for feed in feeds_of(root):
        store, earlier = Store(root=root, feed=feed, night=date.min), Earlier()
        for night in store.published_nights():
            found += examine_night(store.model_copy(update={"night": night}), earlier)
        found += find_unlisted(store)
    return [*found, *examine_state(root)]


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


def feeds_of(root: Path) -> list[str]:
    """List the feeds of a store, those without a published night too."""
    folders = root.glob("*/feed=*")
    return sorted({path.name.removeprefix("feed=") for path in folders if path.is_dir()})


def find_unlisted(store: Store) -> Iterator[Finding]:
    """Find published files of a feed that no manifest names: what a killed run had begun."""
    named = set(_listed(store))
    if None in named:
        return  # a manifest that cannot be read may name any of them
    for table in (*PUBLISHED, "models"):
        for path in sorted((store.root / table / f"feed={store.feed}").rglob("*")):
            file = path.relative_to(store.root).as_posix()
            if path.is_file() and file not in named and not path.name.startswith(WRITING):
                yield Finding(file, "unlisted", "no manifest names it", is_removable=True)


def _listed(store: Store) -> Iterator[str | None]:
    """Give every file that the feed's manifests name, and None for a manifest that says nothing."""
    for night in store.published_nights():
        try:
            yield from (ref.path for ref in refs_of(store.read_manifest(night)).values())
        except (ManifestError, ValidationError):
            yield None
