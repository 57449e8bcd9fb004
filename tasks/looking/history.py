"""What a cluster was on every night that can still be read: its name, its size, what happened.

Reads  the clusters and the events of published nights
Writes nothing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tasks.looking.texts import NotThereError, Row
from tasks.store.storage import Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    EVENT,
    FROM_IDS,
    MENTIONS,
    NAME,
    OVERLAP,
    SHARE,
    SIZE,
    TO_IDS,
    TOPIC_ID,
)


@dataclass(frozen=True)
class Named:
    """A cluster, and what it was called on the night in question."""

    cluster_id: str
    name: str


@dataclass(frozen=True)
class Happened:
    """An event that a cluster is part of: its own, or one of a cluster that came of it."""

    event: str
    cluster: Named
    before: list[Named]
    after: list[Named]
    overlap: float | None


@dataclass(frozen=True)
class NightOfCluster:
    """A cluster on one night; without a size where only an event speaks of it."""

    night: str
    name: str | None
    size: int | None
    share: float | None
    mentions: int | None
    topic_id: str | None
    events: list[Happened]


@dataclass(frozen=True)
class ClusterHistory:
    """A cluster over the nights, oldest first; nights on which it was away have no entry."""

    feed: str
    cluster_id: str
    nights: list[NightOfCluster]
    first_readable: str
    """Older nights were pruned, or there are none."""


def read_cluster_history(store: Store, cluster_id: str) -> ClusterHistory:
    """Read what a cluster was on the published nights up to one; see `Store.read_manifest`.

    Raises
    ------
    NotThereError
        If no night has it.
    """
    nights = [it for it in store.published_nights() if it <= store.night]
    found: list[NightOfCluster] = []
    names: dict[str, str] = {}
    for night in nights:
        tables = store.read_manifest(night).tables
        clusters, events = (
            read_table(store, tables[it]).to_pylist() for it in ("clusters", "cluster_events")
        )
        names |= {row[CLUSTER_ID]: row[NAME] for row in clusters}
        entry = night_of(str(night), cluster_id, clusters, events, names)
        found += [entry] if entry else []
    if not found:
        close = get_close_matches(cluster_id, names, n=1)
        raise NotThereError(
            f"no night of feed {store.feed!r} from {nights[0]} to {nights[-1]} has a cluster"
            f" {cluster_id!r}; "
            + (f"did you mean {close[0]}?" if close else "`nightfold clusters` lists the ids")
        )
    return ClusterHistory(store.feed, cluster_id, found, str(nights[0]))


def night_of(
    night: str,
    cluster_id: str,
    clusters: Sequence[Row],
    events: Sequence[Row],
    names: Mapping[str, str],
) -> NightOfCluster | None:
    """Return what a night says of a cluster; None if it says nothing.

    Parameters
    ----------
    night, cluster_id
        Which.
    clusters, events
        Rows of the night's tables.
    names
        Of all clusters of this night and of those before it, the latest.
    """
    own = next((row for row in clusters if row[CLUSTER_ID] == cluster_id), None)
    happened = [_happened(row, names) for row in events if cluster_id in _parties(row)]
    if own is None and not happened:
        return None
    row = own or {}
    return NightOfCluster(
        night=night,
        name=row.get(NAME),
        size=row.get(SIZE),
        share=row.get(SHARE),
        mentions=row.get(MENTIONS),
        topic_id=row.get(TOPIC_ID),
        events=happened,
    )


def _parties(event: Row) -> set[str]:
    return {event[CLUSTER_ID], *(event[FROM_IDS] or ()), *(event[TO_IDS] or ())}


def _happened(event: Row, names: Mapping[str, str]) -> Happened:
    def named(cluster_id: str) -> Named:
        return Named(cluster_id, names.get(cluster_id, ""))

    return Happened(
        event=event[EVENT],
        cluster=named(event[CLUSTER_ID]),
        before=[named(it) for it in event[FROM_IDS] or ()],
        after=[named(it) for it in event[TO_IDS] or ()],
        overlap=event[OVERLAP],
    )
