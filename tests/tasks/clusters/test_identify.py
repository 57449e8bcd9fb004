"""Ids that go on from night to night, and what is saved to recognise the clusters tomorrow."""

from typing import Any

import numpy as np
import pyarrow as pa

from models.identity.clusters import TonightCluster
from tasks.clusters.identify import (
    IdentityRules,
    event_rows,
    identify,
    identity_state,
    known_clusters,
)

RULES = IdentityRules()
TEN = [f"d{n}" for n in range(10)]


def cluster(label: int, members: list[str], axis: int) -> TonightCluster:
    centroid = np.eye(3, dtype=np.float32)[axis]
    return TonightCluster(label, centroid, frozenset(members), len(members))


def first_night() -> tuple[Any, pa.Table]:
    """Two clusters of a first night: their saved state, and the assignments."""
    tonight = [cluster(0, TEN, 0), cluster(1, ["x", "y"], 1)]
    found = identify(tonight, [], "2026-03-01", RULES)
    names = {0: "coffee", 1: "parcels"}
    state = identity_state(tonight, found, names, {1: "c-parent"}, "2026-03-01", "e")
    rows = [{"doc_id": it, "cluster_id": found.ids[0]} for it in TEN]
    rows += [{"doc_id": it, "cluster_id": found.ids[1]} for it in ("x", "y")]
    return state, pa.Table.from_pylist(rows)


def test_new_clusters_get_ids_of_their_night_by_size() -> None:
    found = identify([cluster(0, ["x"], 1), cluster(1, TEN, 0)], [], "2026-03-01", RULES)
    assert found.ids == {1: "c-20260301-001", 0: "c-20260301-002"}
    assert found.matches == []


def test_a_cluster_is_known_by_its_documents_that_are_still_in_the_window() -> None:
    (tensors, story), assigned = first_night()
    known = known_clusters(tensors, story, assigned, frozenset([*TEN[4:], "x"]), "e")
    by_name = {it.name: it for it in known}
    assert by_name["coffee"].member_ids == set(TEN[4:])
    assert by_name["parcels"].member_ids == {"x"}
    assert by_name["parcels"].parted_from == "c-parent"
    assert by_name["coffee"].centroid is not None
    found = identify([cluster(5, TEN[4:], 2)], known, "2026-03-02", RULES)
    assert found.ids == {5: "c-20260301-001"}
    events = event_rows([cluster(5, TEN[4:], 2)], found, {5: "coffee"}, RULES)
    assert ("survived", "c-20260301-001") in {(it["event"], it["cluster_id"]) for it in events}


def test_centroids_of_another_encoder_are_left_out() -> None:
    (tensors, story), assigned = first_night()
    known = known_clusters(tensors, story, assigned, frozenset(TEN), "other")
    assert [(it.centroid, it.founding_centroid) for it in known] == [(None, None)] * 2
    state = identity_state([], identify([], known, "n", RULES), {}, {}, "2026-03-02", "other")
    assert state[1]["clusters"] == []


def test_members_are_saved_of_those_clusters_alone_that_are_away() -> None:
    (tensors, story), assigned = first_night()
    assert all("member_ids" not in told for told in story["clusters"])
    known = known_clusters(tensors, story, assigned, frozenset([*TEN, "x", "y"]), "e")
    tonight = [cluster(0, TEN, 0)]
    found = identify(tonight, known, "2026-03-02", RULES)
    _, later = identity_state(tonight, found, {0: "coffee"}, {}, "2026-03-02", "e")
    saved = {told["name"]: told.get("member_ids") for told in later["clusters"]}
    assert saved == {"coffee": None, "parcels": ["x", "y"]}
