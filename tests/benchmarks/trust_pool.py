"""Partitions of a data set, from good to bad: what the figures of trust.py have to rank.

Uncorrupted ones are what clusterings of several spaces and starts give; the others are made from
one of them: labels drawn anew, border documents moved over, clusters merged and others split.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from models.core.arrays import normalise_rows
from models.core.graph import SMOOTHING_ROUNDS, nearest_neighbours, neighbour_graph, smooth
from models.core.kmeans import fit_kmeans
from models.core.lloyd import cluster_means, kmeans, lloyd
from models.core.projection import FusedView, Projection
from models.core.silhouette import SampledSilhouette
from models.nightfold.clustering import FUSED_DIM, NightfoldClustering
from models.nightfold.partition import SMOOTHED_DIM
from models.nightfold.starts import Start, candidate_starts

FACTORS: Final = (0.5, 0.75, 1.5, 2.0)
"""Wrong numbers of clusters, in shares of the true one."""

SIZES: Final = (8, 20, 40)
"""Numbers of themes that feeds of reviews end in, whatever people have labelled."""

N_NEIGHBORS: Final = 15

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Spaces:
    """A sample of a data set, as its documents are seen."""

    embeddings: Floats  # (n_samples, embedding_dim)
    lexical: Floats  # (n_samples, sum of lexical_dims)
    lexical_dims: tuple[int, ...]
    fused: Floats  # (n_samples, FUSED_DIM), rows of length one
    smoothed: Floats  # (n_samples, SMOOTHED_DIM)


@dataclass(frozen=True)
class Candidate:
    """One partition."""

    name: str
    labels: Labels
    is_true_k: bool
    is_corrupted: bool


def find_spaces(embeddings: Floats, lexical: Floats, lexical_dims: tuple[int, ...]) -> Spaces:
    """Make the spaces that a night clusters in."""
    rows = np.hstack([embeddings, lexical])
    dims = (embeddings.shape[1], *lexical_dims)
    fused = FusedView.fit(rows, dims, FUSED_DIM).transform(rows)
    walk = neighbour_graph(nearest_neighbours(fused, N_NEIGHBORS), N_NEIGHBORS)
    smoothed = smooth(fused, walk, SMOOTHING_ROUNDS)
    space = Projection.fit(smoothed, SMOOTHED_DIM).transform(smoothed)
    return Spaces(embeddings, lexical, lexical_dims, fused, space)


def make_pool(spaces: Spaces, n_clusters: int) -> list[Candidate]:
    """Make every candidate; `n_clusters` is the true number."""
    rng = np.random.default_rng(0)
    judge = SampledSilhouette(spaces.fused, rng)
    starts = candidate_starts(spaces.smoothed, n_clusters, judge, rng)
    pool = [
        Candidate(name, labels, True, False)
        for name, labels in [
            *_starts(starts, 3),
            *_plain(spaces, n_clusters, rng),
            *_poor(spaces, n_clusters, rng),
            ("nightfold", _nightfold(spaces, n_clusters)),
        ]
    ]
    base = max(starts, key=lambda start: start.score).labels
    pool += [
        Candidate(name, labels, True, True) for name, labels in _corrupted(spaces.fused, base, rng)
    ]
    for factor in FACTORS:
        wrong = max(2, round(factor * n_clusters))
        if wrong == n_clusters:
            continue
        starts = candidate_starts(spaces.smoothed, wrong, judge, rng)
        made = [*_starts(starts, 1), ("k-means, embeddings", _k_means(spaces.embeddings, wrong, 0))]
        pool += [Candidate(f"{name}, {factor:g} k", lbl, False, False) for name, lbl in made]
        recut = _recut(spaces.fused, base, wrong - n_clusters, rng)
        pool.append(Candidate(f"merged or split, {factor:g} k", recut, False, True))
    return pool


def make_small_pool(spaces: Spaces, n_clusters: int) -> list[Candidate]:
    """Make what takes seconds: k-means in two spaces and Ward, at numbers from wrong to right."""
    rng = np.random.default_rng(0)
    tree = linkage(spaces.smoothed, "ward")
    sizes = {n_clusters, *(round(factor * n_clusters) for factor in FACTORS), *SIZES}
    return [
        Candidate(f"{name}, {k}", labels, k == n_clusters, False)
        for k in sorted(it for it in sizes if 2 <= it <= len(spaces.embeddings) // 4)
        for name, labels in (
            ("k-means, embeddings", _k_means(spaces.embeddings, k, 0)),
            ("k-means, smoothed", kmeans(spaces.smoothed, k, rng)),
            ("ward, smoothed", fcluster(tree, k, "maxclust") - 1),
        )
    ]


def _starts(starts: list[Start], at_most: int) -> Iterator[tuple[str, Labels]]:
    """Take some of each kind, as they come."""
    for kind in ("kmeans", "ward", "average", "consensus"):
        found = [start for start in starts if start.kind == kind][:at_most]
        for number, start in enumerate(found):
            yield f"{kind} {number}, smoothed", start.labels


def _plain(spaces: Spaces, k: int, rng: np.random.Generator) -> Iterator[tuple[str, Labels]]:
    """K-means as anybody would run it."""
    for seed in range(3):
        yield f"k-means {seed}, embeddings", _k_means(spaces.embeddings, k, seed)
    for number in range(2):
        yield f"k-means {number}, fused", kmeans(spaces.fused, k, rng)


def _poor(spaces: Spaces, k: int, rng: np.random.Generator) -> Iterator[tuple[str, Labels]]:
    """What goes wrong without anybody corrupting it: few features, no iterations, one view."""
    for dim in (3, 10):
        few = Projection.fit(spaces.embeddings, dim).transform(spaces.embeddings)
        yield f"k-means, {dim} components", kmeans(few, k, rng)
    yield "k-means, lexical", kmeans(normalise_rows(spaces.lexical), k, rng)
    for number in range(2):
        centers = spaces.embeddings[rng.choice(len(spaces.embeddings), k, replace=False)]
        yield f"nearest of random documents {number}", lloyd(spaces.embeddings, centers, 0)


def _k_means(X: Floats, k: int, seed: int) -> Labels:
    return np.asarray(fit_kmeans(X, k, 1, seed)[0])


def _nightfold(spaces: Spaces, k: int) -> Labels:
    rows = np.hstack([spaces.embeddings, spaces.lexical])
    model = NightfoldClustering(
        k,
        view_dims=(spaces.embeddings.shape[1], *spaces.lexical_dims),
        pretrain_epochs=0,
        random_state=0,
    )
    return np.asarray(model.fit_predict(rows))


def _corrupted(X: Floats, base: Labels, rng: np.random.Generator) -> Iterator[tuple[str, Labels]]:
    """Damage one partition, its number of clusters kept."""
    k = int(base.max()) + 1
    for share in (0.1, 0.2, 0.4):
        labels = base.copy()
        moved = rng.random(len(base)) < share
        labels[moved] = rng.integers(k, size=int(moved.sum()))
        yield f"{share:.0%} at random", labels
    nearest = X @ normalise_rows(cluster_means(X, base, k)).T
    own = nearest[np.arange(len(X)), base].copy()
    nearest[np.arange(len(X)), base] = -np.inf
    border = np.argsort(own - nearest.max(axis=1), kind="stable")
    for share in (0.1, 0.2, 0.4):
        labels, moved = base.copy(), border[: int(share * len(X))]
        labels[moved] = nearest[moved].argmax(axis=1)
        yield f"{share:.0%} at the border", labels
    for count in sorted({1, max(1, k // 4), max(1, k // 2)}):
        yield f"{count} merged, {count} split", _recut(X, _recut(X, base, -count, rng), count, rng)


def _recut(X: Floats, labels: Labels, change: int, rng: np.random.Generator) -> Labels:
    """Merge nearest clusters, or split largest ones, until there are so many more."""
    cut = labels.copy()
    for _ in range(abs(change)):
        k = int(cut.max()) + 1
        if change < 0:
            if k <= 2:
                break
            means = normalise_rows(cluster_means(X, cut, k))
            cosines = means @ means.T
            np.fill_diagonal(cosines, -np.inf)
            one, other = np.unravel_index(int(cosines.argmax()), cosines.shape)
            cut[cut == one] = other
            cut = np.unique(cut, return_inverse=True)[1]
        else:
            largest = np.flatnonzero(cut == np.bincount(cut).argmax())
            halves = kmeans(X[largest], 2, rng)
            cut[largest[halves == 1]] = k
    return np.asarray(cut, dtype=np.int64)
