"""Clusters of few documents in a plane, to be matched."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.identity.clusters import KnownCluster, TonightCluster

EAST: Final = (1.0, 0.0)


def documents(*numbers: Sequence[int]) -> frozenset[str]:
    return frozenset(f"doc-{number}" for part in numbers for number in part)


def tonight_cluster(
    label: int, members: frozenset[str], centroid: Sequence[float] = EAST
) -> TonightCluster:
    return TonightCluster(label, np.array(centroid, dtype=np.float32), members, len(members))


def known_cluster(
    cluster_id: str, members: frozenset[str], centroid: Sequence[float] = EAST, absent: int = 0
) -> KnownCluster:
    vector = np.array(centroid, dtype=np.float32)
    return KnownCluster(
        cluster_id, vector, vector, members, cluster_id, "n1", "n1", len(members), absent
    )
