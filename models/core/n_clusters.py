"""How many clusters there are, when nobody knows: the number that halves of the feed agree on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.devices import draw_seed
from models.core.graph import nearest_neighbours, neighbour_graph
from models.core.lloyd import cluster_means, indicator, kmeans_plus_plus, lloyd, nearest_center
from validation.errors import SettingError

LADDER: Final = (
    *(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 80),
    *(100, 125, 150, 180, 220, 270, 330, 400),
)
"""The numbers of clusters that are tried, about a quarter apart."""

SMALLEST: Final = 3
"""Two halves of almost any feed agree on how to cut it in two."""

HEADROOM: Final = 1.25
"""Numbers up to so many times the densest one are considered: one rung of the ladder."""

_N_NEIGHBORS = 20
_REPEATS = 12
_REPEATS_OF_MANY = 8
_MANY_CLUSTERS = 60
_MAX_ROWS = 20_000
_SEEDING_ROWS = 3_000
_LLOYD_STEPS = 12


@dataclass(frozen=True)
class NClustersChoice:
    """A number of clusters, and what speaks for it.

    Attributes
    ----------
    n_clusters
        The choice.
    candidates
        The numbers tried, rising; empty where there is nothing to choose from.
    agreements
        For each candidate how well two halves agree on the clusters (adjusted Rand index).
    densities
        For each candidate the share of neighbours in one's own cluster, less what is due to chance.
    limit
        The largest number that was considered: not far beyond the densest one.
    """

    n_clusters: int
    candidates: tuple[int, ...] = ()
    agreements: tuple[float, ...] = ()
    densities: tuple[float, ...] = ()
    limit: int = 1

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Undo `dataclasses.asdict` and a passage through JSON, which knows no tuples."""
        curves = {name: tuple(value[name]) for name in ("candidates", "agreements", "densities")}
        return cls(n_clusters=value["n_clusters"], limit=value["limit"], **curves)


def choose_n_clusters(
    X: Floats,
    random_state: int | np.random.RandomState | None = None,
    latent: Floats | None = None,
    walk: sparse.csr_array | None = None,
    granularity: float = 2.0,
) -> NClustersChoice:
    r"""Choose the number of clusters.

    For each number on a ladder from 2 to 400 the rows are cut into random halves, k-means runs on
    each half, and both place all rows: the adjusted Rand index says how well the halves agree
    (mean over several cuts). The number of at least 3 with the best agreement is chosen. As tiny
    clusters of near-duplicates agree again, numbers are considered only up to the densest one,

    .. math::
        \arg\max_k \; \frac{1}{n} \sum_i \sum_j P_{ij} [c_i = c_j] - \gamma \sum_c s_c^2

    and one rung beyond, with P the random walk on the neighbour graph, :math:`s_c` the share of
    cluster c and γ the granularity: modularity with a resolution.

    Parameters
    ----------
    X
        The space of the neighbours, shape (n_samples, n_features).
    random_state
        Seeds the halves and the k-means starts.
    latent
        The space in which k-means runs, shape (n_samples, latent_dim); None: X.
    walk
        Random walk on the neighbour graph of X, (n_samples, n_samples); None: it is built.
    granularity
        γ: higher considers finer clusters.

    Returns
    -------
    See `NClustersChoice`. The ladder ends at n_samples / 12 (with fewer than 60 rows: at 5, and
    n_samples / 3), and below the number of distinct rows. 1 where that leaves nothing to try.

    References
    ----------
    Lange, Roth, Braun, Buhmann (2004), Stability-Based Validation of Clustering Solutions.
    Reichardt, Bornholdt (2006), Statistical mechanics of community detection, eq. 11.
    """
    X = X - X.mean(axis=0)  # distances are computed from squares: far from 0 they lose digits
    latent = X if latent is None else latent - latent.mean(axis=0)
    candidates = _candidates(latent)
    if not candidates:
        return NClustersChoice(1)
    if walk is None:
        walk = neighbour_graph(nearest_neighbours(normalise_rows(X), _N_NEIGHBORS), _N_NEIGHBORS)
    rng = np.random.default_rng(draw_seed(random_state))
    agreements: list[float] = []
    densities: list[float] = []
    for n_clusters in candidates:
        agreement, labels = _agreement(latent, n_clusters, rng)
        agreements.append(agreement)
        densities.append(density(walk, labels, granularity))
        if n_clusters > 3 * _densest(candidates, densities):
            break
    tried = candidates[: len(agreements)]
    limit = max(int(HEADROOM * _densest(tried, densities)), min(SMALLEST, tried[-1]))
    return NClustersChoice(
        most_agreed(tried, agreements, limit), tried, tuple(agreements), tuple(densities), limit
    )


def most_agreed(candidates: Sequence[int], agreements: Sequence[float], limit: int) -> int:
    """Find the candidate from `SMALLEST` to the limit on which halves agree best.

    The smallest of equals; the largest candidate where all are below `SMALLEST`.
    """
    considered = [
        (agreement, -k)
        for k, agreement in zip(candidates, agreements, strict=True)
        if SMALLEST <= k <= limit
    ]
    return -max(considered)[1] if considered else candidates[-1]


def density(walk: sparse.csr_array, labels: Integers, granularity: float) -> float:
    """Compute the share of neighbours in the own cluster, less γ times the share due to chance."""
    n_clusters = int(labels.max()) + 1
    members = indicator(labels, n_clusters)
    inside = float((members.multiply(members @ walk)).sum()) / len(labels)
    shares = np.bincount(labels, minlength=n_clusters) / len(labels)
    return inside - granularity * float((shares**2).sum())


def count_distinct_rows(X: Floats, limit: int) -> int:
    """Count the distinct rows of X (n_samples, n_features), up to a limit."""
    distinct: set[bytes] = set()
    for row in X:
        distinct.add((row + 0.0).tobytes())  # + 0.0: -0.0 and 0.0 are one value in two bytes
        if len(distinct) >= limit:
            break
    return len(distinct)


def check_n_clusters(n_clusters: int | Literal["auto"], X: Floats) -> None:
    """Reject more clusters than X, (n_samples, n_features), has distinct rows.

    Raises
    ------
    SettingError
        With both numbers.
    """
    if n_clusters == "auto":
        return
    n_distinct = count_distinct_rows(X, limit=n_clusters)
    if n_distinct < n_clusters:
        raise SettingError(
            "n_clusters must be at most the number of distinct rows, "
            f"got n_clusters={n_clusters} for {n_distinct} distinct rows of n_samples={len(X)}"
        )


def _candidates(X: Floats) -> tuple[int, ...]:
    """Cut the ladder to what so many rows, and so many distinct ones, can support."""
    most = max(len(X) // 12, min(5, len(X) // 3))
    most = min(most, count_distinct_rows(X, limit=most + 1) - 1)
    return tuple(k for k in LADDER if k <= most)


def _densest(candidates: Sequence[int], densities: Sequence[float]) -> int:
    """Return the candidate of the highest density so far."""
    return candidates[int(np.argmax(densities))]


def _agreement(X: Floats, n_clusters: int, rng: np.random.Generator) -> tuple[float, Integers]:
    """Cluster random halves apart: how well they agree on all rows, and how one places them."""
    repeats = _REPEATS if n_clusters < _MANY_CLUSTERS else _REPEATS_OF_MANY
    agreed = []
    for _ in range(repeats):
        rows = rng.permutation(len(X))[:_MAX_ROWS]
        placed = [
            nearest_center(X, _centers(X[half], n_clusters, rng))
            for half in np.array_split(rows, 2)
        ]
        agreed.append(adjusted_rand_score(*placed))
    return float(np.mean(agreed)), placed[0]


def _centers(X: Floats, n_clusters: int, rng: np.random.Generator) -> Floats:
    """Run one short k-means on rows in random order, and give the centres."""
    seeding = X[: max(_SEEDING_ROWS, 4 * n_clusters)]
    labels = lloyd(X, kmeans_plus_plus(seeding, n_clusters, rng), _LLOYD_STEPS)
    return cluster_means(X, labels, n_clusters)
