"""How well cluster ids last over the nights, against the true events of every document.

An event lives from the night of its first document. The cluster that holds most of its documents
is its home; the home is its own if most of the home's documents are of the event.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FIRST_DOCUMENTS: Final = 50
"""Documents with which an event is there: from then on, a cluster of its own is asked for."""


@dataclass(frozen=True, eq=False)
class Window:
    """The documents that a night has clustered: the true event and the cluster id of each."""

    events: NDArray[np.str_]
    cluster_ids: NDArray[np.str_]


class Home(NamedTuple):
    """The cluster that holds most of an event's documents."""

    cluster_id: str
    share: float  # of the event's documents that it holds
    purity: float  # share of its documents that are of the event
    n_documents: int  # of the event

    @property
    def is_own(self) -> bool:
        """Whether most of the cluster is of the event."""
        return self.purity > 0.5


class Step(NamedTuple):
    """An event over one night: its home before, its home after, and why they differ."""

    night: int  # the later one, counted from 0
    event: str
    before: Home
    after: Home
    cause: str | None  # None: the home kept its id


class Story(NamedTuple):
    """An event over all its nights."""

    n_nights: int
    n_ids: int
    main_id: str
    share: float  # of its nights on which its home is the main one
    purity: float  # mean over these nights

    @property
    def is_mostly_one(self) -> bool:
        """Whether it is, on most of its nights, one cluster, and that cluster mostly it."""
        return self.share > 0.5 and self.purity > 0.5


def homes(window: Window) -> dict[str, Home]:
    """Find every event's home; of two that hold as much, the purer one, then the first id."""
    sizes = Counter(window.cluster_ids.tolist())
    shared: dict[str, Counter[str]] = {}
    for event, cluster_id in zip(window.events.tolist(), window.cluster_ids.tolist(), strict=True):
        shared.setdefault(event, Counter())[cluster_id] += 1
    return {event: _home(counts, sizes) for event, counts in sorted(shared.items())}


def leading_events(window: Window) -> dict[str, str]:
    """Give each cluster's largest event; of two as large, the first name."""
    counts: dict[str, Counter[str]] = {}
    for event, cluster_id in zip(window.events.tolist(), window.cluster_ids.tolist(), strict=True):
        counts.setdefault(cluster_id, Counter())[event] += 1
    return {
        cluster_id: min(found, key=lambda event: (-found[event], event))
        for cluster_id, found in counts.items()
    }


def steps(nights: Sequence[Window]) -> list[Step]:
    """Follow every event from night to night."""
    found = [homes(window) for window in nights]
    living = [set(window.cluster_ids.tolist()) for window in nights]
    return [
        Step(night, event, before, after, _cause(before, after, living[night]))
        for night, event, before, after in _pairs(found)
    ]


def identity_continuity(taken: Sequence[Step], min_documents: int = 1) -> float | None:
    """Give the share of steps on which the home keeps its id; None where there are none.

    Parameters
    ----------
    taken
        From `steps`.
    min_documents
        Of the event before the step; steps of smaller events are left out.
    """
    kept = [step.cause is None for step in taken if step.before.n_documents >= min_documents]
    return float(np.mean(kept)) if kept else None


def stories(nights: Sequence[Window]) -> dict[str, Story]:
    """Sum up every event."""
    lived: dict[str, list[Home]] = {}
    for window in nights:
        for event, home in homes(window).items():
            lived.setdefault(event, []).append(home)
    return {event: _story(found) for event, found in sorted(lived.items())}


def spurious_births(before: Window, tonight: Window) -> list[str]:
    """List tonight's new ids whose event had a cluster of its own already, and that one lives."""
    last = homes(before)
    known, living = set(before.cluster_ids.tolist()), set(tonight.cluster_ids.tolist())
    events = leading_events(tonight)
    return [
        cluster_id
        for cluster_id in sorted(living - known)
        if (home := last.get(events[cluster_id])) and home.is_own and home.cluster_id in living
    ]


def spurious_endings(before: Window, tonight: Window) -> list[str]:
    """List the ids that are gone tonight though their event still has documents."""
    events = leading_events(before)
    gone = set(before.cluster_ids.tolist()) - set(tonight.cluster_ids.tolist())
    still = set(tonight.events.tolist())
    return sorted(cluster_id for cluster_id in gone if events[cluster_id] in still)


def birth_delays(
    nights: Sequence[Window], first_documents: int = FIRST_DOCUMENTS
) -> dict[str, int | None]:
    """Count the nights from an event's first documents to a home of its own.

    Returns
    -------
    Event to nights: 0 if it has one on the very night by which it has so many documents, None if
    it never gets one. Events that never have so many documents are left out.
    """
    there: dict[str, int] = {}
    delays: dict[str, int | None] = {}
    for night, window in enumerate(nights):
        for event, home in homes(window).items():
            if home.n_documents >= first_documents:
                there.setdefault(event, night)
                delays.setdefault(event, None)
                if home.is_own and delays[event] is None:
                    delays[event] = night - there[event]
    return delays


def _home(counts: Counter[str], sizes: Counter[str]) -> Home:
    cluster_id = min(counts, key=lambda it: (-counts[it], sizes[it], it))
    total, held = counts.total(), counts[cluster_id]
    return Home(cluster_id, held / total, held / sizes[cluster_id], total)


def _pairs(found: Sequence[Mapping[str, Home]]) -> Iterator[tuple[int, str, Home, Home]]:
    """Pair every event's homes of consecutive nights."""
    for night in range(1, len(found)):
        for event, after in found[night].items():
            before = found[night - 1].get(event)
            if before is not None:
                yield night, event, before, after


def _cause(before: Home, after: Home, living: set[str]) -> str | None:
    """Say why an event's home is another one."""
    if before.cluster_id == after.cluster_id:
        return None
    if not before.is_own:
        return "got a cluster of its own" if after.is_own else "moved, without one of its own"
    if not after.is_own:
        return "lost its own cluster to a larger event"
    lives_on = before.cluster_id in living
    return (
        "split, the other piece is larger" if lives_on else "the id ended, another took its place"
    )


def _story(found: Sequence[Home]) -> Story:
    ids = Counter(home.cluster_id for home in found)
    main_id = min(ids, key=lambda cluster_id: (-ids[cluster_id], cluster_id))
    purities = [home.purity for home in found if home.cluster_id == main_id]
    share = ids[main_id] / len(found)
    return Story(len(found), len(ids), main_id, share, float(np.mean(purities)))
