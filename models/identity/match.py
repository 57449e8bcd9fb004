"""Cluster ids that last: tonight's clusters are matched to the ones that are known.

Labels mean nothing from one night to the next. What lasts is found by the documents that two
clusters share, and, where they have too few in common to tell, by their centroids.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Centroid = NDArray[np.floating]
Matrix = NDArray[np.float64]

_UNBOUNDED = frozenset(
    {"min_shared", "min_newcomers", "min_resize", "max_name_drift"}
)  # the other rules are shares


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
    centroid: Centroid
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
    centroid: Centroid | None
    founding_centroid: Centroid | None
    member_ids: frozenset[str]
    name: str
    first_seen: str
    last_seen: str
    size: int
    nights_absent: int = 0
    parted_from: str | None = None


@dataclass(frozen=True)
class MatchRules:
    """When two clusters of two nights are the same, and what else happened to them.

    Attributes
    ----------
    min_shared
        Documents that two clusters must share to be judged by them; below, centroids decide.
    min_jaccard, min_containment
        The same if the Jaccard index of the members, or the share of the known members that stand
        in tonight's cluster, is at least this.
    min_cosine
        The same if the centroids are at least this close, where members cannot tell.
    min_split_share, min_split_total
        A cluster has split if two or more of tonight's each hold at least the first share of its
        members, and together at least the second.
    min_piece_cosine
        A piece of a cluster of last night is put together with the larger one if their centroids
        are at least this close. See `models.identity.rejoining.rejoin`.
    min_newcomers
        Texts that are new tonight, and as many older ones, before the new ones can be parted.
    min_apart
        They are parted from the older texts of their cluster if at least this share of both sides
        lies nearer to its own mean than to the other's; some of them, if a cut has at least this
        share of new texts on one side and of old ones on the other. See `models.identity.parting`.
    min_resize
        Relative change of the size from which a cluster has grown or shrunk.
    max_name_drift
        Cosine distance from the founding centroid up to which the name is kept.

    Raises
    ------
    ValueError
        If a threshold is not above 0, or a share is above 1.
    """

    min_shared: int = 5
    min_jaccard: float = 0.3
    min_containment: float = 0.5
    min_cosine: float = 0.85
    min_split_share: float = 0.3
    min_split_total: float = 0.7
    min_piece_cosine: float = 0.65
    min_newcomers: int = 20
    min_apart: float = 0.9
    min_resize: float = 0.25
    max_name_drift: float = 0.25

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            upper = math.inf if name in _UNBOUNDED else 1.0
            if not 0 < value <= upper:
                raise ValueError(f"{name} must be above 0 and at most {upper}, got {value}")


DEFAULT_RULES = MatchRules()


class Match(NamedTuple):
    """One of tonight's clusters and the known one that it continues."""

    label: int
    cluster_id: str
    overlap: float | None  # Jaccard index of the members; None: the centroids decided
    cosine: float  # of the centroids
    is_return: bool  # the known one was not there last night


class Overlap(NamedTuple):
    """Members that tonight's clusters (rows) share with the known ones (columns)."""

    shared: Matrix  # counts
    jaccard: Matrix
    of_tonight: Matrix  # share of tonight's members
    of_known: Matrix  # share of the known members


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
    """Give every cluster of tonight its id: that of its match, or a new one by rank of size."""
    ids = {match.label: match.cluster_id for match in matches}
    born = [cluster.label for cluster in by_size(tonight) if cluster.label not in ids]
    new_ids = new_cluster_ids(len(born), night, {*taken, *ids.values()})
    return ids | dict(zip(born, new_ids, strict=True))


def by_size(tonight: Sequence[TonightCluster]) -> list[TonightCluster]:
    """Sort clusters by what they are, whatever their labels: the largest first."""
    return sorted(
        tonight, key=lambda c: (-c.size, min(c.member_ids, default=""), c.centroid.tolist())
    )


def _check(tonight: Sequence[TonightCluster], known: Sequence[KnownCluster]) -> None:
    """Refuse clusters that cannot be told apart."""
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


def _assign(weights: Matrix) -> list[tuple[int, int]]:
    """Choose pairs of row and column, each used once, of largest total weight; zeros never."""
    rows, columns = linear_sum_assignment(weights, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(i, j) for i, j in pairs if weights[i, j] > 0]


def _cosines(tonight: Sequence[TonightCluster], known: Sequence[KnownCluster]) -> Matrix:
    """Compare centroids, shape (n_tonight, n_known); one that is missing is like none."""
    rows = np.stack([cluster.centroid for cluster in tonight])
    missing = np.zeros(rows.shape[1])
    columns = np.stack([missing if c.centroid is None else c.centroid for c in known])
    return np.asarray(_directions(rows) @ _directions(columns).T)


def _directions(centroids: NDArray[np.floating]) -> Matrix:
    """Scale rows to length one; a row of zeros stays."""
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    return np.asarray(centroids / np.maximum(norms, np.finfo(np.float64).tiny), dtype=np.float64)
