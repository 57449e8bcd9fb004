"""Cluster ids that last: tonight's clusters are matched to the ones that are known.

Labels mean nothing from one night to the next. What lasts is found by the documents that two
clusters share, and, where they have too few in common to tell, by their centroids.
"""

from collections.abc import Collection, Sequence
from itertools import count, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.identity.clusters import KnownCluster, TonightCluster, by_size, member_overlap
from models.identity.rules import DEFAULT_RULES, MatchRules

Doubles = NDArray[np.float64]


class Match(NamedTuple):
    """One of tonight's clusters and the known one that it continues."""

    label: int
    cluster_id: str
    overlap: float | None  # Jaccard index of the members; None: the centroids decided
    cosine: float  # of the centroids
    is_return: bool  # the known one was not there last night


def match_clusters(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    rules: MatchRules = DEFAULT_RULES,
) -> list[Match]:
    """Match tonight's clusters to the known ones, one to one.

    The clusters of the last night come first; what they leave may be the return of an older one.
    Within each group, shared members decide before centroids do. The squares of the shared counts
    are maximised: the larger piece of a split keeps the id, and so does the larger of two parents.
    Centroids decide where members cannot: never for a known cluster whose members stand in another
    cluster of tonight, nor for one of tonight's that is a piece of another known one.

    Parameters
    ----------
    tonight, known
        Tonight's clusters, and those of earlier nights, the vanished ones included.
    rules
        Thresholds.

    Returns
    -------
    The matches by label. Neither the order of the clusters nor their labels change them.

    Raises
    ------
    ValueError
        If labels, ids or the members of tonight's clusters repeat.
    """
    _check(tonight, known)
    matches: list[Match] = []
    for is_return in (False, True):
        done = {match.label for match in matches}
        rest = [cluster for cluster in by_size(tonight) if cluster.label not in done]
        group = [cluster for cluster in known if (cluster.nights_absent > 0) is is_return]
        group.sort(key=lambda cluster: cluster.cluster_id)
        matches += _match_group(rest, group, rules, tonight)
    return sorted(matches)


def new_cluster_ids(n: int, night: str, taken: Collection[str]) -> list[str]:
    """Make ids for clusters that are born: ``c-20261123-001`` and on.

    Parameters
    ----------
    n
        How many.
    night
        The night of birth.
    taken
        Ids given on *other* nights; with tonight's own left out, a night that runs again gives the
        same ids again.
    """
    digits = "".join(character for character in night if character.isalnum())
    used = frozenset(taken)
    ids = (f"c-{digits}-{number:03d}" for number in count(1))
    return list(islice((cluster_id for cluster_id in ids if cluster_id not in used), n))


def assign_ids(
    tonight: Sequence[TonightCluster], matches: Sequence[Match], night: str, taken: Collection[str]
) -> dict[int, str]:
    """Assign every cluster of tonight its id: that of its match, or a new one by rank of size."""
    ids = {match.label: match.cluster_id for match in matches}
    born = [cluster.label for cluster in by_size(tonight) if cluster.label not in ids]
    new_ids = new_cluster_ids(len(born), night, {*taken, *ids.values()})
    return ids | dict(zip(born, new_ids, strict=True))


def _check(tonight: Sequence[TonightCluster], known: Sequence[KnownCluster]) -> None:
    """Reject ambiguous input."""
    for name, values in (
        ("label", [cluster.label for cluster in tonight]),
        ("cluster_id", [cluster.cluster_id for cluster in known]),
        ("member of tonight", [doc for cluster in tonight for doc in cluster.member_ids]),
    ):
        if len(set(values)) < len(values):
            raise ValueError(f"every {name} must be in one cluster only, got one in two")


def _match_group(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster],
    rules: MatchRules,
    everyone: Sequence[TonightCluster],
) -> list[Match]:
    """Match by members, then what is left by centroids; both sequences are in a fixed order.

    Members that stand in any cluster of tonight, matched before or not, keep centroids from
    deciding.
    """
    if not tonight or not known:
        return []
    overlap = member_overlap(tonight, known)
    cosines = _cosines(tonight, known)
    enough = overlap.shared >= rules.min_shared
    alike = (overlap.jaccard >= rules.min_jaccard) | (overlap.of_known >= rules.min_containment)
    by_members = _assign(np.where(enough & alike, overlap.shared**2, 0))

    anywhere = member_overlap(everyone, known)
    absorbed = (
        (anywhere.shared >= rules.min_shared) & (anywhere.of_known >= rules.min_containment)
    ).any(axis=0)
    pieces = (enough & (overlap.of_tonight >= rules.min_containment)).any(axis=1, keepdims=True)
    free = ~enough & ~absorbed & ~pieces & (cosines >= rules.min_cosine)
    for i, j in by_members:
        free[i, :] = free[:, j] = False
    # Few shared members still tell twins apart.
    by_centroids = _assign(np.where(free, cosines + overlap.jaccard, 0))
    return [
        Match(
            tonight[i].label,
            known[j].cluster_id,
            float(overlap.jaccard[i, j]) if enough[i, j] else None,
            float(cosines[i, j]),
            known[j].nights_absent > 0,
        )
        for i, j in by_members + by_centroids
    ]


def _assign(weights: Doubles) -> list[tuple[int, int]]:
    """Choose pairs of row and column, each used once, of largest total weight; zeros never."""
    # Takes most of a second to load, and a night whose results are cached has no use for it.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(weights, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(i, j) for i, j in pairs if weights[i, j] > 0]


def _cosines(tonight: Sequence[TonightCluster], known: Sequence[KnownCluster]) -> Doubles:
    """Compare centroids, shape (n_tonight, n_known); one that is missing is like none."""
    rows = np.stack([cluster.centroid for cluster in tonight])
    missing = np.zeros(rows.shape[1])
    columns = np.stack([missing if c.centroid is None else c.centroid for c in known])
    return np.asarray(_directions(rows) @ _directions(columns).T)


def _directions(centroids: NDArray[np.floating]) -> Doubles:
    """Scale rows to length one; a row of zeros stays."""
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    return np.asarray(centroids / np.maximum(norms, np.finfo(np.float64).tiny), dtype=np.float64)
