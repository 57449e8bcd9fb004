"""What happened to the clusters over night, and what is remembered of them for the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.identity.clusters import KnownCluster, Overlap, TonightCluster, by_size, member_overlap
from models.identity.match import Match
from models.identity.rules import DEFAULT_RULES, MatchRules

EventName: TypeAlias = Literal[
    "born", "survived", "returned", "grown", "shrunk", "renamed", "split", "merged", "vanished"
]


@dataclass(frozen=True)
class ClusterEvent:
    """One thing that happened to one cluster.

    Attributes
    ----------
    event
        Every cluster of tonight is ``born``, has ``survived`` or ``returned``. One that went on may
        also have ``grown`` or ``shrunk``, and be ``renamed``. Every cluster of last night that did
        not go on has ``merged`` into another or ``vanished``. Any cluster of last night may have
        ``split``.
    cluster_id
        The affected cluster; for ``merged``, the one that absorbed the others.
    from_ids
        Clusters of earlier nights that it came from, sorted.
    to_ids
        Clusters of tonight that it went to, those with the most of its members first.
    overlap
        For clusters that went on, the Jaccard index of the members; for ``split`` and
        ``vanished``, the share of the old members that ``to_ids`` hold; for ``merged`` and
        ``born``, the share of tonight's members that ``from_ids`` held. None where members do not
        tell.
    """

    event: EventName
    cluster_id: str
    from_ids: tuple[str, ...]
    to_ids: tuple[str, ...]
    overlap: float | None


class _Flow(NamedTuple):
    """Members on their way from last night's clusters (columns) to tonight's (rows)."""

    overlap: Overlap
    told: NDArray[np.bool_]  # enough members are shared to tell something
    new_ids: list[str]
    old_ids: list[str]


def cluster_events(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    matches: Sequence[Match],
    ids: Mapping[int, str],
    names: Mapping[int, str],
    rules: MatchRules = DEFAULT_RULES,
) -> list[ClusterEvent]:
    """List what happened to every cluster of tonight and of last night.

    Parameters
    ----------
    tonight, known, rules
        As they were matched.
    matches
        From `models.identity.match.match_clusters`.
    ids, names
        Of tonight's clusters, by label.

    Returns
    -------
    The events by cluster_id.
    """
    before = {cluster.cluster_id: cluster for cluster in known}
    match_of = {match.label: match for match in matches}
    rows = by_size(tonight)
    flow = _flow(rows, known, ids, rules)
    events = _splits(flow, rules)
    events += _endings(flow, {match.cluster_id for match in matches}, rules)
    for row, cluster in enumerate(rows):
        match = match_of.get(cluster.label)
        if match is None:
            events.append(_birth(row, flow, rules))
        else:
            old, name = before[match.cluster_id], names[cluster.label]
            events += _continuation(cluster, old, match, name, rules)
    return sorted(events, key=lambda event: (event.cluster_id, event.event))


def kept_names(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    ids: Mapping[int, str],
    rules: MatchRules = DEFAULT_RULES,
) -> dict[int, str]:
    """Return the names that stay: those of clusters still close to what they were named for.

    Parameters
    ----------
    tonight, known, rules
        As they were matched.
    ids
        Of tonight's clusters, by label.

    Returns
    -------
    Label to name. Every other cluster of tonight, born or drifted, needs a new name.
    """
    before = {cluster.cluster_id: cluster for cluster in known}
    kept = {}
    for cluster in tonight:
        old = before.get(ids[cluster.label])
        if old is not None and _drift(cluster, old) <= rules.max_name_drift:
            kept[cluster.label] = old.name
    return kept


def remember(  # noqa: PLR0913, PLR0917 - all that is known of a cluster
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    ids: Mapping[int, str],
    names: Mapping[int, str],
    night: str,
    max_nights_absent: int = 14,
    parted_from: Mapping[int, str] = MappingProxyType({}),
) -> list[KnownCluster]:
    """List the known clusters for the next night.

    Parameters
    ----------
    tonight
        Tonight's clusters, here with *all* their members.
    known
        As they were matched.
    ids, names
        Of tonight's clusters, by label. A cluster with a new name is founded anew.
    night
        Tonight.
    max_nights_absent
        Nights after which a cluster that vanished is forgotten and cannot return.
    parted_from
        Of the clusters that were parted from a known one tonight, by label.

    Returns
    -------
    Tonight's clusters, and those that may still return, by cluster_id.
    """
    before = {cluster.cluster_id: cluster for cluster in known}
    after = {}
    for cluster in tonight:
        cluster_id, name = ids[cluster.label], names[cluster.label]
        seen = _seen(cluster, before.get(cluster_id), cluster_id, name, night)
        parent = parted_from.get(cluster.label)
        after[cluster_id] = seen if parent is None else replace(seen, parted_from=parent)
    for old in known:
        if old.cluster_id not in after and old.nights_absent < max_nights_absent:
            after[old.cluster_id] = replace(old, nights_absent=old.nights_absent + 1)
    return [after[cluster_id] for cluster_id in sorted(after)]


def _flow(
    rows: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    ids: Mapping[int, str],
    rules: MatchRules,
) -> _Flow:
    """Compare tonight's clusters with those of last night."""
    columns = sorted((c for c in known if c.nights_absent == 0), key=lambda c: c.cluster_id)
    overlap = member_overlap(rows, columns)
    return _Flow(
        overlap,
        overlap.shared >= rules.min_shared,
        [ids[cluster.label] for cluster in rows],
        [cluster.cluster_id for cluster in columns],
    )


def _birth(row: int, flow: _Flow, rules: MatchRules) -> ClusterEvent:
    """Describe a cluster that continues none, and where its members came from."""
    shares = flow.overlap.of_tonight[row]
    parents = np.flatnonzero(flow.told[row] & (shares >= rules.min_split_share))
    own = flow.new_ids[row]
    from_ids = tuple(flow.old_ids[j] for j in parents)
    return ClusterEvent("born", own, from_ids, (own,), _total(shares[parents]))


def _continuation(
    cluster: TonightCluster, old: KnownCluster, match: Match, name: str, rules: MatchRules
) -> list[ClusterEvent]:
    """List the events of a cluster that continues: that it does, its size, its name."""
    happened: list[EventName] = ["returned" if match.is_return else "survived"]
    if cluster.size >= (1 + rules.min_resize) * old.size:
        happened.append("grown")
    elif cluster.size <= (1 - rules.min_resize) * old.size:
        happened.append("shrunk")
    if name != old.name:
        happened.append("renamed")
    own = (old.cluster_id,)
    return [ClusterEvent(event, old.cluster_id, own, own, match.overlap) for event in happened]


def _splits(flow: _Flow, rules: MatchRules) -> list[ClusterEvent]:
    """List the clusters whose members went to two or more of tonight's."""
    events = []
    for column, old_id in enumerate(flow.old_ids):
        heirs = _heirs(flow, column, rules.min_split_share)
        share = _total(flow.overlap.of_known[heirs, column])
        if len(heirs) > 1 and share is not None and share >= rules.min_split_total:
            to_ids = tuple(flow.new_ids[i] for i in heirs)
            events.append(ClusterEvent("split", old_id, (old_id,), to_ids, share))
    return events


def _endings(flow: _Flow, went_on: set[str], rules: MatchRules) -> list[ClusterEvent]:
    """List the clusters that did not continue: they are in another one, or nowhere."""
    events = []
    parents: dict[int, list[int]] = {}
    for column, old_id in enumerate(flow.old_ids):
        if old_id in went_on:
            continue
        heirs = _heirs(flow, column, rules.min_containment)
        if len(heirs) > 0:
            parents.setdefault(int(heirs[0]), []).append(column)
            continue
        heirs = _heirs(flow, column, rules.min_split_share)
        to_ids = tuple(flow.new_ids[i] for i in heirs)
        share = _total(flow.overlap.of_known[heirs, column])
        events.append(ClusterEvent("vanished", old_id, (old_id,), to_ids, share))
    return events + [_merger(row, columns, flow) for row, columns in parents.items()]


def _merger(row: int, columns: list[int], flow: _Flow) -> ClusterEvent:
    """Describe a cluster of tonight that absorbed others of last night."""
    own = flow.new_ids[row]
    columns = sorted({*columns, *(j for j, old_id in enumerate(flow.old_ids) if old_id == own)})
    from_ids = tuple(flow.old_ids[j] for j in columns)
    share = _total(flow.overlap.of_tonight[row, columns])
    return ClusterEvent("merged", own, from_ids, (own,), share)


def _heirs(flow: _Flow, column: int, min_share: float) -> NDArray[np.intp]:
    """Find tonight's clusters that hold a share of one of last night's, the largest share first."""
    shares = flow.overlap.of_known[:, column]
    heirs = np.flatnonzero(flow.told[:, column] & (shares >= min_share))
    return heirs[np.argsort(-shares[heirs], kind="stable")]


def _total(shares: NDArray[np.float64]) -> float | None:
    """Add shares of members; of none there is nothing to tell."""
    # Rounded, so that shares of .35 and .30 reach a threshold of .65.
    return round(float(shares.sum()), 9) if len(shares) > 0 else None


def _drift(cluster: TonightCluster, old: KnownCluster) -> float:
    """Measure the cosine distance from the founding centroid; 0 where it cannot be compared."""
    if old.founding_centroid is None:
        return 0.0
    norms = np.linalg.norm(cluster.centroid) * np.linalg.norm(old.founding_centroid)
    return 1 - float(cluster.centroid @ old.founding_centroid) / max(float(norms), 1e-300)


def _seen(
    cluster: TonightCluster, old: KnownCluster | None, cluster_id: str, name: str, night: str
) -> KnownCluster:
    """Bring what is known of a cluster up to tonight."""
    founding = None if old is None or old.name != name else old.founding_centroid
    return KnownCluster(
        cluster_id=cluster_id,
        centroid=cluster.centroid,
        founding_centroid=cluster.centroid if founding is None else founding,
        member_ids=cluster.member_ids,
        name=name,
        first_seen=night if old is None else old.first_seen,
        last_seen=night,
        size=cluster.size,
        parted_from=None if old is None else old.parted_from,
    )
