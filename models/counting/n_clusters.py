"""How many clusters there are, when nobody knows.

Two numbers: the one that halves of the feed agree on most clearly, and the finest at which they
still tell each other something new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats
from models.core.devices import draw_seed
from models.counting.distinct_rows import count_distinct_rows
from models.counting.halves import cut_in_halves
from models.counting.stability import MOST_CLUSTERS, stabilities

LADDER: Final = (
    *(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 80),
    *(100, 125, 150, 180, 220, 270, 330, 400),
)
"""The numbers of clusters that are tried, about a quarter apart."""

SMALLEST: Final = 3
"""Two halves of almost any feed agree on how to cut it in two."""

ROWS_OF_A_CLUSTER: Final = 8
"""Candidates leave so many rows to a cluster: k-means on a half sees four of them."""

PRICE_OF_DETAIL: Final = 0.6
"""Nats that halves must agree on for a nat of detail, at a granularity of 1: with .3 (2) labelled
reviews get 20 to 40 themes, with .5 some 25; at .7 halves of a feed of titles fall back to 3."""

WORTH_TWO_LEVELS: Final = 2
"""Themes must be so many times the topics for these to be a level of their own."""

_PAST_THE_PEAK: Final = 3
"""Rungs without a new maximum after which the ladder ends: noise makes dents of one or two."""

_ALWAYS_TRIED: Final = 40
"""Numbers up to this are tried in any case: of a few clusters, halves hold one cut dearer than the
next by more than noise."""


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
        The number that halves agree on: of topics.
    candidates
        The numbers tried, rising; empty where there is nothing to choose from.
    agreements
        How well two halves agree, for each candidate up to the limit: see
        `models.counting.stability`, of items `models.counting.votes`.
    shared
        For each candidate the information that two halves share beyond chance, less the price of
        what they ask for, in nats; none of items.
    densities
        Of items, for each candidate: see `models.counting.density`.
    limit
        The largest number considered for ``n_clusters``.
    n_themes
        The number with the highest ``shared``, at least `SMALLEST` where that was tried.
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
    granularity: float = 2.0,
    near: Numbers | None = None,
) -> NClustersChoice:
    r"""Choose the number of clusters.

    For each number on a ladder from 2 to 400 the rows are cut into random halves, k-means runs on
    each half, and both place all rows. The number of themes is the one at which halves A and B
    share most information, less a price for what is asked for:

    .. math::
        \arg\max_k \; I(A, B) - I(A, \pi B) - \tfrac{0.6}{\gamma} \tfrac{H(A) + H(B)}{2}

    with π a random order and γ the granularity. Unlike an agreement it has no peak at the coarsest
    cut, which halves of almost any feed agree on; and as chance takes its share, more with more
    clusters, it does not run away either.

    The number of topics is the most stable one of those from 3 up to the themes: at which halves
    agree most, beyond what the shape of the rows explains; see `models.counting.stability`.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    random_state
        Seeds the halves and the k-means starts.
    granularity
        γ: with a higher one detail is cheaper, and themes are more.
    near
        What an earlier fit of the same feed chose. It stays where the evidence for other numbers is
        no better than the spread of the cuts: people know the clusters by now.

    Returns
    -------
    See `NClustersChoice`. The ladder ends at n_samples / 8 (with fewer than 60 rows: at 5, and
    n_samples / 3), and below the number of distinct rows. 1 where that leaves nothing to try. Where
    themes are fewer than twice the topics, themes are the only level.

    References
    ----------
    Lange, Roth, Braun, Buhmann (2004), Stability-Based Validation of Clustering Solutions.
    """
    X = X - X.mean(axis=0)  # distances are computed from squares: far from 0 they lose digits
    candidates = candidates_on(LADDER, X, ROWS_OF_A_CLUSTER)
    if not candidates:
        return NClustersChoice(1)
    rng = np.random.default_rng(draw_seed(random_state))
    tried: list[_Tried] = []
    for n_clusters in candidates:
        halves = cut_in_halves(X, n_clusters, rng)
        price = PRICE_OF_DETAIL / granularity
        tried.append(_Tried(n_clusters, halves.information - price * halves.asked_for))
        if n_clusters >= _ALWAYS_TRIED and _is_past_the_peak(tried):
            break
    coarse = _up_to(min(_finest(tried), MOST_CLUSTERS), tried)
    return _chosen(tried, list(stabilities(X, coarse, rng)), near)


def most_agreed(candidates: Sequence[int], agreements: Sequence[float]) -> int:
    """Find the candidate from `SMALLEST` on at which halves agree best.

    The smallest of equals; the largest candidate where all are below `SMALLEST`.
    """
    considered = [
        (agreement, -k)
        for k, agreement in zip(candidates, agreements, strict=True)
        if k >= SMALLEST
    ]
    return -max(considered)[1] if considered else candidates[-1]


class _Tried(NamedTuple):
    """A candidate, and for every cut what halves share; see `NClustersChoice`."""

    n_clusters: int
    shared: NDArray[np.float64]


def candidates_on(ladder: Sequence[int], X: Floats, rows_of_a_cluster: int) -> tuple[int, ...]:
    """Cut a ladder to what so many rows, and so many distinct ones, can support."""
    most = max(len(X) // rows_of_a_cluster, min(5, len(X) // 3))
    most = min(most, count_distinct_rows(X, limit=most + 1) - 1)
    return tuple(k for k in ladder if k <= most)


def _finest(tried: Sequence[_Tried]) -> int:
    """Return the candidate on which halves share most."""
    return max(tried, key=lambda it: it.shared.mean()).n_clusters


def _is_past_the_peak(tried: Sequence[_Tried]) -> bool:
    """Return whether the last candidates all shared less than one before them."""
    best = int(np.argmax([it.shared.mean() for it in tried]))
    return len(tried) - best > _PAST_THE_PEAK


def _up_to(limit: int, tried: Sequence[_Tried]) -> tuple[int, ...]:
    """Return the candidates for topics: up to a limit, and at least to `SMALLEST`."""
    return tuple(it.n_clusters for it in tried if it.n_clusters <= max(limit, SMALLEST))


def _chosen(
    tried: Sequence[_Tried], stability: Sequence[NDArray[np.float64]], near: Numbers | None
) -> NClustersChoice:
    """Choose both numbers from what was measured, the stability of the first candidates."""
    candidates = tuple(it.n_clusters for it in tried)
    shared = [float(it.shared.mean()) for it in tried]
    finest = _finest(tried)
    coarse = candidates[: len(stability)]
    agreements = tuple(float(it.mean()) for it in stability)
    n_clusters = most_agreed(coarse, agreements)
    among = range_around(candidates, [it.shared for it in tried], finest)
    if near is not None:
        first, last = range_around(coarse, stability, n_clusters)
        agreed = max(first, min(SMALLEST, n_clusters)), last
        n_clusters = _nearest(near.n_clusters, agreed, n_clusters)
        finest = _nearest(near.n_themes, among, finest)
    n_themes = max(finest, n_clusters)  # halves may share most on two, which are too few
    return NClustersChoice(
        n_clusters=n_clusters if n_themes >= WORTH_TWO_LEVELS * n_clusters else n_themes,
        candidates=candidates,
        agreements=agreements,
        shared=tuple(shared),
        limit=coarse[-1],
        n_themes=n_themes,
        range_of_themes=(among[0], max(among[1], n_themes)),
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
