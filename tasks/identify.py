"""Carry cluster identity from the last night to tonight: load it, match, name, keep it for tomorrow.

Reads  the last night's assignments and identity model
Writes the identity model: centroids of all clusters that can still be recognised, and their story
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.identity import KnownCluster, MatchRules, TonightCluster
from tasks.history import PastNight
from tasks.storage import ModelRef, Store, keep_folder, model_folder, read_table, scratch_folder
from validation.schemas import CLUSTER_ID, DOC_ID

IdentityRules = MatchRules
"""When two clusters of two nights are the same; part of the configuration."""


@dataclass(frozen=True)
class Identified:
    """Tonight's clusters with their ids.

    Parameters
    ----------
    ids
        Label → cluster_id.
    kept_names
        Label → name, of the clusters that keep theirs.
    known
        cluster_id → the cluster before tonight.
    events
        Rows of the events table.
    """

    ids: dict[int, str]
    kept_names: dict[int, str]
    known: dict[str, KnownCluster]
    events: list[dict[str, Any]]


def load_known(
    store: Store, last: PastNight | None, window_ids: frozenset[str]
) -> list[KnownCluster]:
    """Load the clusters of the nights before, with those of their documents that are still in the window."""
    if last is None:
        return []
    from models.persistence import load_state

    with model_folder(store, last.identity) as folder:
        tensors, story = load_state(folder)
    members = _members(store, last, window_ids)
    stories: Any = story["clusters"]
    return [
        KnownCluster(
            centroid=centroid,
            founding_centroid=founding,
            member_ids=members.get(told["cluster_id"], frozenset()),
            **told,
        )
        for centroid, founding, told in zip(
            tensors["centroids"], tensors["founding_centroids"], stories, strict=True
        )
    ]


def identify(
    store: Store,
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    rules: IdentityRules,
) -> Identified:
    """Match tonight's clusters to the known ones and give every one its id."""
    from models.events import cluster_events
    from models.identity import assign_ids, kept_names, match_clusters

    taken = {cluster.cluster_id for cluster in known}
    matches = match_clusters(tonight, known, rules)
    ids = assign_ids(tonight, matches, str(store.night), taken)
    names = kept_names(tonight, known, ids, rules)
    events = cluster_events(tonight, known, matches, ids, rules)
    return Identified(
        ids=ids,
        kept_names=names,
        known={cluster.cluster_id: cluster for cluster in known},
        events=[event._asdict() for event in events],
    )


def remembered(
    store: Store,
    tonight: Sequence[TonightCluster],
    found: Identified,
    names: Mapping[int, str],
    rules: IdentityRules,
) -> list[KnownCluster]:
    """Give the clusters that tomorrow can recognise: tonight's, and those that vanished not long ago."""
    living = [_as_known(store, cluster, found, names[cluster.label]) for cluster in tonight]
    living_ids = {cluster.cluster_id for cluster in living}
    absent = [
        replace(cluster, nights_absent=cluster.nights_absent + 1)
        for cluster in found.known.values()
        if cluster.cluster_id not in living_ids and cluster.nights_absent < rules.max_nights_absent
    ]
    return sorted([*living, *absent], key=lambda cluster: cluster.cluster_id)


def keep_identity(store: Store, known: Sequence[KnownCluster], embedding_dim: int) -> ModelRef:
    """Save what tomorrow needs to recognise the clusters; their members stand in the assignments."""
    from models.persistence import save_state

    told = ("cluster_id", "name", "first_seen", "last_seen", "size", "nights_absent")
    stories = [{name: getattr(cluster, name) for name in told} for cluster in known]
    with scratch_folder(store) as folder:
        tensors = {
            "centroids": _stacked([cluster.centroid for cluster in known], embedding_dim),
            "founding_centroids": _stacked(
                [cluster.founding_centroid for cluster in known], embedding_dim
            ),
        }
        save_state(folder, tensors, {"clusters": stories})
        return keep_folder(store, "identity", folder)


def _members(
    store: Store, last: PastNight, window_ids: frozenset[str]
) -> dict[str, frozenset[str]]:
    table = read_table(store, last.assignments, [DOC_ID, CLUSTER_ID])
    members: dict[str, set[str]] = {}
    for doc_id, cluster_id in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if doc_id in window_ids:
            members.setdefault(cluster_id, set()).add(doc_id)
    return {cluster_id: frozenset(ids) for cluster_id, ids in members.items()}


def _as_known(store: Store, cluster: TonightCluster, found: Identified, name: str) -> KnownCluster:
    """Carry a cluster's story on; a new name starts a new founding centroid."""
    before = found.known.get(found.ids[cluster.label])
    keeps_name = before is not None and cluster.label in found.kept_names
    return KnownCluster(
        cluster_id=found.ids[cluster.label],
        centroid=cluster.centroid,
        founding_centroid=before.founding_centroid if before and keeps_name else cluster.centroid,
        member_ids=frozenset(),
        name=name,
        first_seen=before.first_seen if before else str(store.night),
        last_seen=str(store.night),
        size=cluster.size,
    )


def _stacked(vectors: Sequence[NDArray[np.floating]], dim: int) -> NDArray[np.float32]:
    return np.array(vectors, dtype=np.float32).reshape(len(vectors), dim)
