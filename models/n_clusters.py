"""How many clusters there are, when nobody knows: the first local maximum of the silhouette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np

from models.devices import draw_seed
from models.graph import Floats, Integers
from models.lloyd import kmeans_plus_plus, lloyd
from models.silhouette import SampledSilhouette

LADDER: Final = (
    *(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 80),
    *(100, 125, 150, 180, 220, 270, 330, 400),
)
"""The numbers of clusters that are tried, about a quarter apart."""

_N_SEEDS = 3
_SCORED_ROWS = 3_000
_SEEDING_ROWS = 6_000
_LLOYD_STEPS = 12
_MANY_CLUSTERS = 60


@dataclass(frozen=True)
class NClustersChoice:
    """A number of clusters, and what speaks for it.

    Attributes
    ----------
    n_clusters
        The median of the votes.
    candidates
        The numbers tried, rising; empty where there is nothing to choose from.
    scores
        For each seed the silhouettes of the candidates; they end where that seed had decided.
    votes
        The number that each seed decided for.
    """

    n_clusters: int
    candidates: tuple[int, ...]
    scores: tuple[tuple[float, ...], ...]
    votes: tuple[int, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Undo `dataclasses.asdict` and a passage through JSON, which knows no tuples."""
        return cls(
            value["n_clusters"],
            tuple(value["candidates"]),
            tuple(tuple(curve) for curve in value["scores"]),
            tuple(value["votes"]),
        )


def choose_n_clusters(
    X: Floats,
    random_state: int | np.random.RandomState | None = None,
    latent: Floats | None = None,
) -> NClustersChoice:
    """Choose the number of clusters.

    k-means is run for each number on a ladder from 2 to 400. A seed votes for the first number of
    at least 3 whose silhouette is above that of the rung before and those of the two rungs after,
    or for the highest silhouette where there is none. The median of three seeds is chosen, as a
    single one is off by more than half too often. Expect a good guess, not the truth.

    Parameters
    ----------
    X
        The space in which the silhouette is computed, shape (n_samples, n_features).
    random_state
        Seeds the k-means starts and the rows that are scored.
    latent
        The space in which k-means runs, shape (n_samples, latent_dim); None: X.

    Returns
    -------
    See `NClustersChoice`. The ladder ends at n_samples / 12 (with fewer than 60 rows: at 5, and
    n_samples / 3), and below the number of distinct rows. 1 where that leaves nothing to try.
    """
    X = X - X.mean(axis=0)  # distances are computed from squares: far from 0 they lose digits
    latent = X if latent is None else latent - latent.mean(axis=0)
    candidates = _candidates(latent)
    if not candidates:
        return NClustersChoice(1, (), (), ())
    seeds = np.random.SeedSequence(draw_seed(random_state)).spawn(_N_SEEDS)
    scores = [_scores(X, latent, candidates, np.random.default_rng(seed)) for seed in seeds]
    votes = [candidates[_first_peak(curve)] for curve in scores]
    return NClustersChoice(sorted(votes)[_N_SEEDS // 2], candidates, tuple(scores), tuple(votes))


def count_distinct_rows(X: Floats, limit: int) -> int:
    """Count the distinct rows of X (n_samples, n_features), up to a limit."""
    distinct: set[bytes] = set()
    for row in X:
        distinct.add((row + 0.0).tobytes())  # + 0.0: -0.0 and 0.0 are one value in two bytes
        if len(distinct) >= limit:
            break
    return len(distinct)


def check_n_clusters(n_clusters: int | Literal["auto"], X: Floats) -> None:
    """Refuse to look for more clusters than X, (n_samples, n_features), has distinct rows.

    Raises
    ------
    ValueError
        With both numbers.
    """
    if n_clusters == "auto":
        return
    n_distinct = count_distinct_rows(X, limit=n_clusters)
    if n_distinct < n_clusters:
        raise ValueError(
            "n_clusters must be at most the number of distinct rows, "
            f"got n_clusters={n_clusters} for {n_distinct} distinct rows of n_samples={len(X)}"
        )


def _candidates(X: Floats) -> tuple[int, ...]:
    """Cut the ladder to what so many rows, and so many distinct ones, can support."""
    most = max(len(X) // 12, min(5, len(X) // 3))
    most = min(most, count_distinct_rows(X, limit=most + 1) - 1)
    return tuple(k for k in LADDER if k <= most)


def _scores(
    X: Floats,
    latent: Floats,
    candidates: tuple[int, ...],
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """Climb the ladder, one silhouette a rung, until two rungs after the first peak."""
    in_latent = SampledSilhouette(latent, rng, _SCORED_ROWS)
    in_X = SampledSilhouette(X, rng, _SCORED_ROWS)
    curve: list[float] = []
    for n_clusters in candidates:
        n_starts = 1 if n_clusters >= _MANY_CLUSTERS else 2
        partitions = [_partition(latent, n_clusters, rng) for _ in range(n_starts)]
        curve.append(in_X.score(max(partitions, key=in_latent.score)))
        if _is_peak(curve, len(curve) - 3):
            break
    return tuple(curve)


def _partition(X: Floats, n_clusters: int, rng: np.random.Generator) -> Integers:
    """Run one short k-means: its place on the curve is all that is asked."""
    rows = rng.choice(len(X), min(_SEEDING_ROWS, len(X)), replace=False)
    return lloyd(X, kmeans_plus_plus(X[rows], n_clusters, rng), _LLOYD_STEPS)


def _first_peak(curve: tuple[float, ...]) -> int:
    """Find the first peak that the climb has confirmed; the highest rung if there is none."""
    return next((i for i in range(len(curve)) if _is_peak(curve, i)), int(np.argmax(curve)))


def _is_peak(curve: list[float] | tuple[float, ...], i: int) -> bool:
    """Tell whether rung i (k >= 3: not the first) is above the one before and the two after."""
    return 0 < i < len(curve) - 2 and curve[i] > max(curve[i - 1], *curve[i + 1 : i + 3])
