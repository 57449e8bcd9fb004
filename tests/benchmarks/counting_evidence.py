"""Evidence on the number of clusters that nights do not use, to be held against what they use."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from items import Floats
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from models.core.arrays import Integers
from models.core.lloyd import indicator, kmeans_runs, spread
from models.counting.halves import cut_in_halves

PRICE: Final = 0.5
"""Nats of information that halves must share for a nat of detail: what is best on series here."""

LENGTHS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Steps of a walk."""


class Further(NamedTuple):
    """The numbers that further evidence is for.

    Attributes
    ----------
    agreement
        Where halves that see all views agree best.
    shared
        Where halves share most information beyond chance, less its price, as themes are counted.
    persistent
        The number that keeps walks of most lengths inside of its clusters (Delvenne, Yaliraki,
        Barahona, 2010: stability of graph communities across time scales).
    view
        Where the clusters of the first view alone are most like those of all; 0 of one view.
    """

    agreement: int
    shared: int
    persistent: int
    view: int


def further(
    rows: Floats,
    latent: Floats,
    view: Floats | None,
    walk: sparse.csr_array,
    candidates: Sequence[int],
) -> Further:
    """Return what further evidence is for.

    Parameters
    ----------
    rows
        All views together, rows of length one, shape (n_samples, n_features).
    latent
        The smoothed rows, shape (n_samples, latent_dim).
    view
        Those of the first view alone; None where there is one view.
    walk
        Random walk on the neighbour graph, (n_samples, n_samples).
    candidates
        Numbers of clusters to try.
    """
    rng = np.random.default_rng(0)
    agreements = [
        cut_in_halves(rows - rows.mean(axis=0), k, rng).agreement.mean() for k in candidates
    ]
    partitions = [_tightest(latent, k, rng) for k in candidates]
    halves = [cut_in_halves(latent, k, rng) for k in candidates]
    shared = [float((it.information - PRICE * it.asked_for).mean()) for it in halves]
    alike = [0.0] * len(candidates)
    if view is not None:
        pairs = zip(candidates, partitions, strict=True)
        alike = [adjusted_rand_score(_tightest(view, k, rng), labels) for k, labels in pairs]
    return Further(
        agreement=_best_from_three(candidates, agreements),
        shared=candidates[int(np.argmax(shared))],
        persistent=_persistent(walk, partitions, candidates),
        view=0 if view is None else _best_from_three(candidates, alike),
    )


def _persistent(
    walk: sparse.csr_array, partitions: Sequence[Integers], candidates: Sequence[int]
) -> int:
    """Return the candidate that is the best one for most lengths of a walk, by their logarithms."""
    inside = np.array([_inside(walk, labels) for labels in partitions])
    best = inside.argmax(axis=0)
    lasts = np.diff(np.log([*LENGTHS, 2 * LENGTHS[-1]]))
    weights = np.bincount(best, weights=lasts, minlength=len(candidates))
    return candidates[int(weights.argmax())]


def _inside(walk: sparse.csr_array, labels: Integers) -> list[float]:
    """Return for each length how many walks end where they began, less what is due to chance."""
    members = indicator(labels, int(labels.max()) + 1).toarray().T.astype(np.float64)
    chance = float((members.mean(axis=0) ** 2).sum())
    found, ends, gone = [], members, 0
    for length in LENGTHS:
        for _ in range(length - gone):
            ends = walk @ ends
        gone = length
        found.append(float((members * ends).sum() / len(labels)) - chance)
    return found


def _best_from_three(candidates: Sequence[int], figures: Sequence[float]) -> int:
    pairs = [(figure, -k) for k, figure in zip(candidates, figures, strict=True) if k > 2]
    return -max(pairs)[1] if pairs else candidates[-1]


def _tightest(X: Floats, n_clusters: int, rng: np.random.Generator) -> Integers:
    runs = kmeans_runs(X - X.mean(axis=0), n_clusters, rng, 4)
    return min(runs, key=lambda labels: spread(X, labels, n_clusters))
