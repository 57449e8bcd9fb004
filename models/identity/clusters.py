"""A cluster as identity sees it: tonight's, and what is known of those of earlier nights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import AnyFloats


@dataclass(frozen=True, eq=False)
class TonightCluster:
    """A cluster of tonight's run.

    Attributes
    ----------
    label
        Its number in this run.
    centroid
        In the encoder's space, shape (embedding_dim,): latent spaces of two nights differ.
    member_ids
        doc_id of its documents; to be matched, without those that are new tonight.
    size
        All its documents.
    """

    label: int
    centroid: AnyFloats
    member_ids: frozenset[str]
    size: int


@dataclass(frozen=True, eq=False)
class KnownCluster:
    """A cluster of earlier nights.

    Attributes
    ----------
    cluster_id
        Never given to another cluster.
    centroid
        When it was last seen, shape (embedding_dim,); None if it was made by another encoder.
    founding_centroid
        When it was given its name; otherwise as ``centroid``.
    member_ids
        doc_id of its documents when it was last seen; to be matched, without those that have left
        the window. Documents that are outliers tonight stay.
    name
        What people read.
    first_seen, last_seen
        Nights.
    size
        Documents when it was last seen.
    nights_absent
        Nights since then; 0 for a cluster of the last night.
    parted_from
        The cluster that it began in, if it was parted from one. See
        `models.identity.parting.find_cuts`.
    """

    cluster_id: str
    centroid: AnyFloats | None
    founding_centroid: AnyFloats | None
    member_ids: frozenset[str]
    name: str
    first_seen: str
    last_seen: str
    size: int
    nights_absent: int = 0
    parted_from: str | None = None


class Overlap(NamedTuple):
    """Members that tonight's clusters (rows) share with the known ones (columns)."""

    shared: NDArray[np.float64]  # counts
    jaccard: NDArray[np.float64]
    of_tonight: NDArray[np.float64]  # share of tonight's members
    of_known: NDArray[np.float64]  # share of the known members


def member_overlap(tonight: Sequence[TonightCluster], known: Sequence[KnownCluster]) -> Overlap:
    """Count shared members, every matrix of shape (n_tonight, n_known)."""
    row_of = {doc_id: i for i, cluster in enumerate(tonight) for doc_id in cluster.member_ids}
    shared = np.zeros((len(tonight), len(known)))
    for j, cluster in enumerate(known):
        for doc_id in cluster.member_ids:
            if doc_id in row_of:
                shared[row_of[doc_id], j] += 1
    n_tonight = np.array([len(cluster.member_ids) for cluster in tonight])[:, None]
    n_known = np.array([len(cluster.member_ids) for cluster in known])
    return Overlap(
        shared,
        shared / np.maximum(n_tonight + n_known - shared, 1),
        shared / np.maximum(n_tonight, 1),
        shared / np.maximum(n_known, 1),
    )


def by_size(tonight: Sequence[TonightCluster]) -> list[TonightCluster]:
    """Sort clusters by what they are, whatever their labels: the largest first."""
    return sorted(
        tonight, key=lambda c: (-c.size, min(c.member_ids, default=""), c.centroid.tolist())
    )
