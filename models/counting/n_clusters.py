"""How many clusters there are, when nobody knows.

Two numbers: the one that halves of the feed agree on, and the finest at which they still tell each
other something new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.devices import draw_seed
from models.core.graph import nearest_neighbours, neighbour_graph
from models.core.lloyd import indicator
from models.counting.distinct_rows import count_distinct_rows
from models.counting.halves import cut_in_halves

LADDER: Final = (
    *(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 80),
    *(100, 125, 150, 180, 220, 270, 330, 400),
)
"""The numbers of clusters that are tried, about a quarter apart."""

SMALLEST: Final = 3
"""Two halves of almost any feed agree on how to cut it in two."""

ROWS_OF_A_CLUSTER: Final = 8
"""Candidates leave so many rows to a cluster: k-means on a half sees four of them."""

HEADROOM: Final = 1.25
"""Numbers up to so many times the densest one are considered: one rung of the ladder."""

PRICE_OF_DETAIL: Final = 0.6
"""Nats that halves must agree on for a nat of detail, at a granularity of 1: with .3 (2) labelled
reviews get 20 to 40 themes, with .5 some 25; at .7 halves of a feed of titles fall back to 3."""

WORTH_TWO_LEVELS: Final = 2
"""Themes must be so many times the number that halves agree on to be a level of their own."""

_PAST_THE_PEAK: Final = 3
"""Rungs without a new maximum after which the ladder ends: noise makes dents of one or two."""

_N_NEIGHBORS = 20


class Numbers(NamedTuple):
    """The numbers that a choice ends in; see `NClustersChoice`."""

    n_clusters: int
    n_themes: int


@dataclass(frozen=True)
class NClustersChoice:
    """Numbers of clusters, and what speaks for them.

    Attributes
    ----------
    n_clusters
        The number that halves agree on.
    candidates
        The numbers tried, rising; empty where there is nothing to choose from.
    agreements
        For each candidate how well two halves agree on the clusters (adjusted Rand index).
    shared
        For each candidate the information that two halves share beyond chance, less the price of
        what they ask for, in nats.
    densities
        For each candidate the share of neighbours in one's own cluster, less what is due to chance.
    limit
        The largest number considered for ``n_clusters``: not far beyond the densest one.
    n_themes
        The number with the highest ``shared``, where it is a level of its own, else ``n_clusters``.
    range_of_themes
        The candidates around it whose ``shared`` cannot be told from the highest one.
    """

    n_clusters: int
    candidates: tuple[int, ...] = ()
    agreements: tuple[float, ...] = ()
    shared: tuple[float, ...] = ()
    densities: tuple[float, ...] = ()
    limit: int = 1
    n_themes: int = 1
    range_of_themes: tuple[int, int] = (1, 1)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Undo `dataclasses.asdict` and a passage through JSON, which knows no tuples."""
        found: dict[str, Any] = {
            name: tuple(it) if isinstance(it, list) else it for name, it in value.items()
        }
        return cls(**found)


def choose_n_clusters(
    X: Floats,
    random_state: int | np.random.RandomState | None = None,
    latent: Floats | None = None,
    walk: sparse.csr_array | None = None,
    granularity: float = 2.0,
    near: Numbers | None = None,
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

    The number of themes is the one at which halves A and B share most information, less a price
    for what is asked for:

    .. math::
        \arg\max_k \; I(A, B) - I(A, \pi B) - \tfrac{0.6}{\gamma} \tfrac{H(A) + H(B)}{2}

    with π a random order. Unlike the Rand index it has no peak at the coarsest cut, which halves of
    almost any feed agree on; and as chance takes its share, more with more clusters, it does not
    run away either.

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
    near
        What an earlier fit of the same feed chose. It stays where the evidence for other numbers is
        no better than the spread of the cuts: people know the clusters by now.

    Returns
    -------
    See `NClustersChoice`. The ladder ends at n_samples / 8 (with fewer than 60 rows: at 5, and
    n_samples / 3), and below the number of distinct rows. 1 where that leaves nothing to try.

    References
    ----------
    Lange, Roth, Braun, Buhmann (2004), Stability-Based Validation of Clustering Solutions.
    Reichardt, Bornholdt (2006), Statistical mechanics of community detection, eq. 11.
    """
    X = X - X.mean(axis=0)  # distances are computed from squares: far from 0 they lose digits
    latent = X if latent is None else latent - latent.mean(axis=0)
    candidates = candidates_on(LADDER, latent, ROWS_OF_A_CLUSTER)
    if not candidates:
        return NClustersChoice(1)
    if walk is None:
        walk = neighbour_graph(nearest_neighbours(normalise_rows(X), _N_NEIGHBORS), _N_NEIGHBORS)
    rng = np.random.default_rng(draw_seed(random_state))
    tried: list[_Tried] = []
    for n_clusters in candidates:
        halves = cut_in_halves(latent, n_clusters, rng)
        shared = halves.information - PRICE_OF_DETAIL / granularity * halves.asked_for
        inside = density(walk, halves.labels, granularity)
        tried.append(_Tried(n_clusters, halves.agreement, shared, inside))
        if n_clusters > 3 * _densest(tried) and _is_past_the_peak(tried):
            break
    return _chosen(tried, near)


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


def _rises_beyond(candidates: Sequence[int], agreements: Sequence[float], chosen: int) -> bool:
    """Return whether halves agree better still on the next number.

    Then it is the limit that was chosen, and no number: repeated texts make tiny clusters on which
    any two halves agree, the better the smaller they are.
    """
    after = candidates.index(chosen) + 1
    return after < len(candidates) and agreements[after] > agreements[after - 1]


class _Tried(NamedTuple):
    """A candidate and its figures, those of halves for every cut; see `NClustersChoice`."""

    n_clusters: int
    agreement: NDArray[np.float64]
    shared: NDArray[np.float64]
    density: float


def candidates_on(ladder: Sequence[int], X: Floats, rows_of_a_cluster: int) -> tuple[int, ...]:
    """Cut a ladder to what so many rows, and so many distinct ones, can support."""
    most = max(len(X) // rows_of_a_cluster, min(5, len(X) // 3))
    most = min(most, count_distinct_rows(X, limit=most + 1) - 1)
    return tuple(k for k in ladder if k <= most)


def _densest(tried: Sequence[_Tried]) -> int:
    """Return the candidate of the highest density so far."""
    return max(tried, key=lambda it: it.density).n_clusters


def _is_past_the_peak(tried: Sequence[_Tried]) -> bool:
    """Return whether the last candidates all shared less than one before them."""
    best = int(np.argmax([it.shared.mean() for it in tried]))
    return len(tried) - best > _PAST_THE_PEAK


def _chosen(tried: Sequence[_Tried], near: Numbers | None) -> NClustersChoice:
    """Choose both numbers from what was measured."""
    candidates = tuple(it.n_clusters for it in tried)
    agreements = [float(it.agreement.mean()) for it in tried]
    shared = [float(it.shared.mean()) for it in tried]
    finest = candidates[int(np.argmax(shared))]
    fewest = min(SMALLEST, candidates[-1])
    limit = max(int(HEADROOM * _densest(tried)), fewest)
    n_clusters = most_agreed(candidates, agreements, limit)
    if _rises_beyond(candidates, agreements, n_clusters):
        limit = max(min(limit, finest), fewest)
        n_clusters = most_agreed(candidates, agreements, limit)
    among = range_around(candidates, [it.shared for it in tried], finest)
    if near is not None:
        first, last = range_around(candidates, [it.agreement for it in tried], n_clusters)
        agreed = max(first, min(SMALLEST, n_clusters)), min(last, limit)
        n_clusters = _nearest(near.n_clusters, agreed, n_clusters)
        finest = _nearest(near.n_themes, among, finest)
    is_level = finest >= WORTH_TWO_LEVELS * n_clusters
    return NClustersChoice(
        n_clusters=n_clusters,
        candidates=candidates,
        agreements=tuple(agreements),
        shared=tuple(shared),
        densities=tuple(it.density for it in tried),
        limit=limit,
        n_themes=finest if is_level else n_clusters,
        range_of_themes=among if is_level else (n_clusters, n_clusters),
    )


def range_around(
    candidates: Sequence[int], figures: Sequence[NDArray[np.float64]], best: int
) -> tuple[int, int]:
    """Return the first and the last of the candidates around the best that are as good as it.

    Parameters
    ----------
    candidates
        Rising.
    figures
        Of each, one for every cut.
    best
        One of them.

    Returns
    -------
    The ends of the row of neighbours of the best whose mean is within a standard error of its own.
    """
    at = candidates.index(best)
    least = figures[at].mean() - figures[at].std(ddof=1) / np.sqrt(len(figures[at]))
    is_as_good = [bool(it.mean() >= least) for it in figures]
    first = next((it + 1 for it in range(at - 1, -1, -1) if not is_as_good[it]), 0)
    last = next((it - 1 for it in range(at, len(candidates)) if not is_as_good[it]), -1)
    return candidates[first], candidates[last]


def _nearest(earlier: int, among: tuple[int, int], best: int) -> int:
    """Return the earlier number where it is among those that are as good as the best, or that."""
    return earlier if among[0] <= earlier <= among[1] else best
