"""Examine a whole store, and repair what can be derived again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from tasks.operating.doctor.finding import Finding, repair
from tasks.operating.doctor.followed import examine_reports
from tasks.operating.doctor.known import examine_known
from tasks.operating.doctor.lost import (
    examine_lost,
    examine_unlisted,
    find_lost_manifests,
    find_unlisted,
    read_listed,
    relisting,
)
from tasks.operating.doctor.night import Earlier, examine_night
from tasks.operating.doctor.places import examine_places
from tasks.operating.doctor.state import examine_state
from tasks.operating.doctor.vectors import find_lost_vectors
from tasks.store.listing import RETIRED_REMEDY, feeds_of, read_retired, retired_path
from tasks.store.manifests import ManifestError, NewerStoreError, require_known_format
from tasks.store.storage import FeedStore
from validation.errors import NightfoldError

_ROUNDS: Final = 7
"""A folder in the way, the file that belongs there, the list that names it, the files that it does
not name, the vectors that they hold, the report that shows them: each is found, or can be repaired,
once the one before it is."""


def examine(root: Path) -> list[Finding]:
    """Examine every feed's nights and all that lies beside them; for the holder of the lock.

    Raises
    ------
    NewerStoreError
        If a newer nightfold has written to the store.
    """
    require_known_format(root)
    feeds = [FeedStore(root=root, feed=feed) for feed in feeds_of(root)]
    nights = [it.on(night) for it in feeds for night in it.published_nights()]
    parts = (
        ("", examine_places(root)),
        *((f"runs/feed={feed.feed}", examine_feed(feed)) for feed in feeds),
        ("runs", examine_lists(root, feeds)),
        ("state", examine_state(root)),
        # Vectors come last: they are brought back when files that are damaged have been removed.
        ("embeddings", find_lost_vectors(nights)),
    )
    return [finding for place, found in parts for finding in _guarded(place, found)]


def repair_all(root: Path) -> tuple[list[Finding], list[Finding]]:
    """Repair until nothing is left that can be.

    Returns
    -------
    What was repaired, and what is left.
    """
    repaired: list[Finding] = []
    failed: dict[tuple[str, str], str] = {}
    left = examine(root)
    for _ in range(_ROUNDS):
        # A record that goes leaves its files without a name, which only the next look finds.
        mendable = [it for it in left if it.is_repairable and (it.file, it.rule) not in failed]
        if not mendable:
            break
        done: list[Finding] = []
        for finding in mendable:
            if finding.is_movable and _is_touched(finding.file, done):
                continue  # what stood there has gone: the next look tells what stands there now
            problem = _repair_problem(root, finding)
            if problem:
                failed[finding.file, finding.rule] = problem
            else:
                done.append(finding)
        repaired += done
        left = examine(root)
    return repaired, [_unrepaired(it, failed) for it in left]


def examine_feed(store: FeedStore) -> Iterator[Finding]:
    """Examine what is left of a feed's nights, and then the reports that show them."""
    is_whole = True
    for finding in _examine_nights(store):
        is_whole = False
        yield finding
    yield from examine_reports(store, is_whole)


def _examine_nights(store: FeedStore) -> Iterator[Finding]:
    """Examine the nights of a feed, oldest first, and what stays of those that were pruned."""
    earlier = Earlier()
    yield from examine_known(store, earlier)
    for night in store.published_nights():
        tonight = store.on(night)
        place = tonight.manifest_path().parent.relative_to(store.root).as_posix()
        yield from _guarded(place, examine_night(tonight, earlier))
    yield from find_lost_manifests(store)


def examine_lists(root: Path, feeds: Iterable[FeedStore]) -> Iterator[Finding]:
    """Find files that no manifest and no list names, in all feeds, and a list that is damaged."""
    retired, problem = _retired(root)
    waiting: list[str] = []
    for feed in feeds:
        listed = read_listed(feed, retired)
        if not listed:
            continue
        found = find_unlisted(listed)
        for night, files in sorted(found.lost.items()):
            yield from examine_lost(listed, night, files)
        if problem:
            waiting += [*found.published, *found.pruned]
        else:
            yield from examine_unlisted(listed, found)
    if problem:
        yield relisting(root, waiting, problem)


def _retired(root: Path) -> tuple[set[str], str | None]:
    """Return the files that wait for the next prune, and what is wrong with their list."""
    try:
        return read_retired(root), None
    except ManifestError as error:
        said = str(error).removeprefix(f"{retired_path(root)} ")
        return set(), said.removesuffix(f"; {RETIRED_REMEDY}")


def _guarded(place: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Pass findings on, and make one of an error that ends the search for them."""
    try:
        yield from findings
    except NewerStoreError:
        raise
    except (OSError, NightfoldError, pa.ArrowException, RecursionError) as error:
        said = f"it cannot be examined: {type(error).__name__}: {error}"
        yield Finding(place, "examined", said, "see that it can be read, and examine it again")


def _is_touched(file: str, done: Iterable[Finding]) -> bool:
    return any(it.file == file or it.file.startswith(f"{file}/") for it in done)


def _repair_problem(root: Path, finding: Finding) -> str | None:
    """Repair a finding; return why it failed, if it did."""
    try:
        repair(root, finding)
    except (OSError, NightfoldError, pa.ArrowException) as error:
        return str(error)
    return None


def _unrepaired(finding: Finding, failed: dict[tuple[str, str], str]) -> Finding:
    """Return a finding as one for a person, if its repair has failed."""
    problem = failed.get((finding.file, finding.rule))
    if problem is None:
        return finding
    remedy = f"its repair failed: {problem}"
    return replace(
        finding, remedy=remedy, source=None, is_removable=False, is_movable=False, mend=None
    )
