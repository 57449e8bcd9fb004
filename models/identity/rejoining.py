"""Known clusters that stay whole: a run that cuts one apart has its pieces put together again.

From night to night the number of clusters swings, and with it how finely one and the same story is
cut. A cluster that was whole last night is cut only for what is new, or for what lies far apart.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.identity.clusters import KnownCluster, Overlap, TonightCluster, by_size, member_overlap
from models.identity.rules import DEFAULT_RULES, MatchRules


def rejoin(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    rules: MatchRules = DEFAULT_RULES,
) -> dict[int, int]:
    """Find tonight's clusters that are pieces of one cluster of last night.

    A cluster is a piece if most of its members were in a cluster of last night of which another of
    tonight's holds more, if enough of its documents are older than tonight, and if the two lie
    close in the encoder's space. It joins that other one, unless that is a piece itself.

    Parameters
    ----------
    tonight
        Their members without those that are new tonight.
    known
        The clusters of earlier nights; those of last night have a say.
    rules
        ``min_shared``, ``min_containment``, ``min_split_share`` and ``min_piece_cosine``.

    Returns
    -------
    Label to the label that it goes by: its own, or that of the cluster that it joins.
    """
    rows = by_size(tonight)
    living = sorted((c for c in known if c.nights_absent == 0), key=lambda c: c.cluster_id)
    taken = {cluster.label: cluster.label for cluster in rows}
    if not rows or not living:
        return taken
    overlap = member_overlap(rows, living)
    parents, heirs = overlap.shared.argmax(axis=1), overlap.shared.argmax(axis=0)
    for row in _pieces(rows, overlap, parents, rules):
        heir = heirs[parents[row]]
        is_whole = parents[heir] == parents[row] and heir != row
        if is_whole and _cosine(rows[row], rows[heir]) >= rules.min_piece_cosine:
            taken[rows[row].label] = rows[heir].label
    return taken


def _pieces(
    rows: Sequence[TonightCluster],
    overlap: Overlap,
    parents: NDArray[np.intp],
    rules: MatchRules,
) -> list[int]:
    """Find the clusters that come out of one of last night's rather than out of tonight's feed."""
    return [
        row
        for row, cluster in enumerate(rows)
        if overlap.shared[row, parents[row]] >= rules.min_shared
        and overlap.of_tonight[row, parents[row]] >= rules.min_containment
        and len(cluster.member_ids) >= rules.min_split_share * cluster.size
    ]


def _cosine(one: TonightCluster, other: TonightCluster) -> float:
    """Compare two centroids; one of zeros is like none."""
    norms = float(np.linalg.norm(one.centroid) * np.linalg.norm(other.centroid))
    return float(one.centroid @ other.centroid) / norms if norms > 0 else 0.0
