"""Carry cluster identity from the last night to tonight, and on to tomorrow.

Reads  the last night's assignments and identity model
Writes the identity model: centroids of all clusters that can still be recognised, their story, and
       the members of those that are not there tonight
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.identity.clusters import KnownCluster, TonightCluster
from models.identity.match import Match
from models.identity.rules import MatchRules
from tasks.store.history import PastNight
from tasks.store.storage import Store, load_model, read_table
from validation.tables.columns import CLUSTER_ID, DOC_ID

IdentityRules = MatchRules
"""When two clusters of two nights are the same; part of the configuration."""

State: TypeAlias = tuple[dict[str, NDArray[np.float32]], dict[str, Any]]

_STORY: Final = (
    "cluster_id", "name", "first_seen", "last_seen", "size", "nights_absent", "parted_from",
)  # fmt: skip


@dataclass(frozen=True)
class Identified:
    """Tonight's clusters with their ids.

    Parameters
    ----------
    ids
        Label → cluster_id.
    kept_names
        Label → name, of the clusters that keep theirs.
    matches
        How the clusters that go on were recognised.
    known
        cluster_id → the cluster before tonight.
    """

    ids: dict[int, str]
    kept_names: dict[int, str]
    matches: list[Match]
    known: dict[str, KnownCluster]


def load_known(
    store: Store, last: PastNight | None, window_ids: frozenset[str], encoder_digest: str
) -> list[KnownCluster]:
    """Load the clusters of the nights before; see `known_clusters`."""
    if last is None:
        return []
    from models.core.persistence import load_state

    tensors, story = load_model(store, last.identity, load_state)
    assigned = read_table(store, last.assignments, [DOC_ID, CLUSTER_ID])
    return known_clusters(tensors, story, assigned, window_ids, encoder_digest)


def known_clusters(
    tensors: Mapping[str, NDArray[Any]],
    story: Mapping[str, Any],
    assigned: pa.Table,
    window_ids: frozenset[str],
    encoder_digest: str,
) -> list[KnownCluster]:
    """Put the clusters of the nights before together, with their documents of the window.

    The members of the last night's clusters stand in its assignments; those of clusters that were
    away that night stand in the identity model. Centroids of another encoder are left out: spaces
    of two encoders cannot be compared.

    Parameters
    ----------
    tensors, story
        As `identity_state` returned them on the last night.
    assigned
        Its documents and their clusters.
    window_ids
        Documents that are in tonight's window.
    encoder_digest
        Of tonight's encoder.
    """
    members = _members(assigned)
    is_comparable = story["encoder_digest"] == encoder_digest
    known = []
    for centroid, founding, told in zip(
        tensors["centroids"], tensors["founding_centroids"], story["clusters"], strict=True
    ):
        # A store from before members were saved has none of clusters that were away.
        saved = told.get("member_ids", members.get(told["cluster_id"], ()))
        known.append(
            KnownCluster(
                centroid=centroid if is_comparable else None,
                founding_centroid=founding if is_comparable else None,
                **told | {"member_ids": window_ids.intersection(saved)},
            )
        )
    return known


def identify(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    night: str,
    rules: IdentityRules,
    taken: Collection[str] = (),
) -> Identified:
    """Match tonight's clusters to the known ones, and find the id of every one.

    Parameters
    ----------
    tonight, known
        The clusters.
    night
        Of the birth of new ones.
    rules
        When two clusters are the same.
    taken
        Ids that no new cluster may have, besides those of the known ones.
    """
    from models.identity.events import kept_names
    from models.identity.match import assign_ids, match_clusters

    never = {*taken, *(cluster.cluster_id for cluster in known)}
    matches = match_clusters(tonight, known, rules)
    ids = assign_ids(tonight, matches, night, never)
    return Identified(
        ids=ids,
        kept_names=kept_names(tonight, known, ids, rules),
        matches=matches,
        known={cluster.cluster_id: cluster for cluster in known},
    )


def event_rows(
    tonight: Sequence[TonightCluster],
    found: Identified,
    names: Mapping[int, str],
    rules: IdentityRules,
) -> list[dict[str, Any]]:
    """List what happened to the clusters since the last night, as rows of the events table."""
    from models.identity.events import cluster_events

    known = list(found.known.values())
    events = cluster_events(tonight, known, found.matches, found.ids, names, rules)
    return [asdict(event) for event in events]


def identity_state(
    tonight: Sequence[TonightCluster],
    found: Identified,
    names: Mapping[int, str],
    parted_from: Mapping[int, str],
    night: str,
    encoder_digest: str,
) -> State:
    """Lay out what recognises the clusters tomorrow.

    Parameters
    ----------
    tonight
        With all their members, those that are new tonight too.
    found, names, parted_from
        Of tonight's clusters.
    night
        Tonight.
    encoder_digest
        Whose space the centroids lie in.

    Returns
    -------
    Arrays and story, for `models.core.persistence.save_state`.
    """
    from models.identity.events import remember

    known = remember(
        tonight, list(found.known.values()), found.ids, names, night, parted_from=parted_from
    )
    # A cluster that was last seen with another encoder has no centroid here and cannot return.
    known = [cluster for cluster in known if cluster.centroid is not None]
    tensors = {
        "centroids": _stacked([cluster.centroid for cluster in known]),
        "founding_centroids": _stacked([cluster.founding_centroid for cluster in known]),
    }
    stories = [_story(cluster) for cluster in known]
    return tensors, {"encoder_digest": encoder_digest, "clusters": stories}


def _story(cluster: KnownCluster) -> dict[str, Any]:
    """Return what is saved of a cluster beside its centroids."""
    story = {name: getattr(cluster, name) for name in _STORY}
    # Those of tonight's clusters stand in the assignments already.
    return story | ({"member_ids": sorted(cluster.member_ids)} if cluster.nights_absent else {})


def _members(assigned: pa.Table) -> dict[str, set[str]]:
    """Collect the documents of each cluster."""
    members: dict[str, set[str]] = {}
    columns = (assigned[name].to_pylist() for name in (DOC_ID, CLUSTER_ID))
    for doc_id, cluster_id in zip(*columns, strict=True):
        members.setdefault(cluster_id, set()).add(doc_id)
    return members


def _stacked(vectors: Sequence[NDArray[np.floating] | None]) -> NDArray[np.float32]:
    return np.array(vectors, dtype=np.float32)
