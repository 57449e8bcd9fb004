"""How many clusters there are, by three kinds of evidence that vote: for items that are no texts.

Each kind errs in its own way. Halves agree best on the coarsest cut of what has levels, neighbours
stay together best in clusters as wide as their graph, and a silhouette is drawn to a few rows that
lie far off. Where rows have several views the halves see different ones: they agree on less by
chance, and another draw of them is more often of the same mind. The middle of the three is near the
number that people see more often than any alone: see docs/images-and-series.md.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.core.arrays import Floats, Integers
from models.core.devices import draw_seed
from models.core.lloyd import kmeans_runs, spread
from models.core.silhouette import SampledSilhouette
from models.counting.density import density
from models.counting.halves import cut_in_halves
from models.counting.n_clusters import (
    NClustersChoice,
    Numbers,
    candidates_on,
    most_agreed,
    range_around,
)

LADDER: Final = (
    *range(2, 10), *range(10, 20, 2), *range(20, 40, 5),
    *(40, 50, 60, 80, 100, 125, 150, 180, 220, 270, 330, 400),
)  # fmt: skip
"""Every small number: of those that items have, most are."""

ROWS_OF_A_CLUSTER: Final = 4
"""Candidates leave so many rows to a cluster: half as many as for texts, as sets may be small."""

COARSE: Final = 0.5
FINE: Final = 1.0
"""Below the one granularity the lowest vote counts, from the other on the highest."""

_RESOLUTION: Final = 0.5
"""γ of the density: with more, clusters of a hundred items are as small as the graph lets them."""

_RUNS: Final = 4
_SEEDING_ROWS: Final = 6_000

_BEYOND: Final = 3
"""The ladder ends at so many times the highest vote so far."""


class Votes(NamedTuple):
    """What each kind of evidence is for; see `count_by_votes`."""

    agreement: int
    silhouette: int
    density: int


class Seen(NamedTuple):
    """Rows that are counted, as they are seen.

    Attributes
    ----------
    rows
        All views together, rows of length one, shape (n_samples, n_features).
    latent
        The smoothed rows, in which clusters are sought, shape (n_samples, latent_dim).
    walk
        Random walk on the neighbour graph of the rows, (n_samples, n_samples).
    views
        Each view alone where there are several, rows of length one, shape (n_samples, view_dim).
    """

    rows: Floats
    latent: Floats
    walk: sparse.csr_array
    views: Sequence[Floats] = ()


class Tried(NamedTuple):
    """A candidate and its figures, the agreement for every cut."""

    n_clusters: int
    agreement: NDArray[np.float64]
    silhouette: float
    density: float


def count_by_votes(
    seen: Seen,
    random_state: int | np.random.RandomState | None,
    granularity: float,
    near: Numbers | None = None,
) -> NClustersChoice:
    r"""Choose the number of clusters by the middle of three votes.

    For each number on a ladder from 2 on:

    - how well two halves agree, the adjusted Rand index of two k-means on random halves of the
      rows; of two views, or of one and of all, where there are several (`cut_in_halves`);
    - the silhouette, among the rows, of k-means in the latent space;
    - the density of its clusters, the share of neighbours in the own cluster less γ times what is
      due to chance, see `models.counting.density`.

    Each votes for the number at which it is highest, the first two from 3 on: almost any feed can
    be cut in two.

    Parameters
    ----------
    seen
        The rows.
    random_state
        Seeds the halves and the k-means starts.
    granularity
        Which vote counts: higher finds finer clusters; see `FINE`.
    near
        What an earlier fit of the same feed chose. It stays where it is among the votes, and halves
        agree on it as well as on the middle one.

    Returns
    -------
    See `NClustersChoice`. There is one level, and the range of themes is that of the votes. The
    ladder ends at n_samples / 4, and below the number of distinct rows.

    References
    ----------
    Lange, Roth, Braun, Buhmann (2004), Stability-Based Validation of Clustering Solutions.
    Rousseeuw (1987), Silhouettes. Reichardt, Bornholdt (2006), eq. 11.
    """
    tried = tried_numbers(seen, random_state)
    return _chosen(tried, granularity, near) if tried else NClustersChoice(1)


def tried_numbers(seen: Seen, random_state: int | np.random.RandomState | None) -> list[Tried]:
    """Measure what speaks for each number; see `count_by_votes`. None where there is no choice."""
    # As in `choose_n_clusters`.
    X, latent, *views = (it - it.mean(axis=0) for it in (seen.rows, seen.latent, *seen.views))
    rng = np.random.default_rng(draw_seed(random_state))
    judge = SampledSilhouette(X, rng)
    tried: list[Tried] = []
    for n_clusters in candidates_on(LADDER, latent, ROWS_OF_A_CLUSTER):
        labels = _tightest(latent, n_clusters, rng)
        tried.append(
            Tried(
                n_clusters,
                cut_in_halves(X, n_clusters, rng, views).agreement,
                judge.score(labels),
                density(seen.walk, labels, _RESOLUTION),
            )
        )
        if n_clusters > _BEYOND * max(votes_of(tried)):
            break
    return tried


def votes_of(tried: Sequence[Tried]) -> Votes:
    """Return what each kind of evidence is for."""
    candidates = [it.n_clusters for it in tried]
    return Votes(
        agreement=most_agreed(candidates, [float(it.agreement.mean()) for it in tried]),
        silhouette=most_agreed(candidates, [it.silhouette for it in tried]),
        density=max(tried, key=lambda it: it.density).n_clusters,
    )


def _chosen(tried: Sequence[Tried], granularity: float, near: Numbers | None) -> NClustersChoice:
    """Choose the number from what was measured."""
    votes = sorted(votes_of(tried))
    n_clusters = votes[(granularity >= COARSE) + (granularity >= FINE)]
    candidates = tuple(it.n_clusters for it in tried)
    if near is not None:
        first, last = range_around(candidates, [it.agreement for it in tried], n_clusters)
        is_as_good = max(first, votes[0]) <= near.n_clusters <= min(last, votes[-1])
        n_clusters = near.n_clusters if is_as_good else n_clusters
    return NClustersChoice(
        n_clusters=n_clusters,
        candidates=candidates,
        agreements=tuple(float(it.agreement.mean()) for it in tried),
        densities=tuple(it.density for it in tried),
        limit=candidates[-1],
        n_themes=n_clusters,
        range_of_themes=(votes[0], votes[-1]),
    )


def _tightest(X: Floats, n_clusters: int, rng: np.random.Generator) -> Integers:
    """Run k-means several times, and return the labels with the least spread."""
    runs = kmeans_runs(X, n_clusters, rng, _RUNS, _SEEDING_ROWS)
    return min(runs, key=lambda labels: spread(X, labels, n_clusters))
