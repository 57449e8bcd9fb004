"""The pool of candidate partitions, and the choice among them without labels.

Twelve (five where k is large) runs of k-means, Ward, average linkage over micro-clusters, and the
consensus of the k-means runs; the silhouette on the un-smoothed space decides.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.graph import Floats, Integers
from models.linkage import agglomerate
from models.lloyd import cluster_means, indicator, kmeans, lloyd
from models.silhouette import SampledSilhouette
from models.views import Projection

MANY_CLUSTERS: Final = 60
SEEDING_SAMPLES: Final = 6_000
LINKAGE_MARGIN: Final = 1.02
CONSENSUS_MARGIN: Final = 0.98
CONSENSUS_DIM: Final = 150


@dataclass(frozen=True)
class Start:
    """A candidate partition: how it was made, its labels, its silhouette."""

    kind: str
    labels: Integers
    score: float


def candidate_starts(
    X: Floats, n_clusters: int, judge: SampledSilhouette, rng: np.random.Generator
) -> list[Start]:
    """Make the pool.

    Parameters
    ----------
    X
        The smoothed space, shape (n_samples, n_features).
    n_clusters
        Clusters of every candidate.
    judge
        Scores a partition on the un-smoothed space.
    rng
        Source of every draw.

    Returns
    -------
    All k-means runs, then Ward, average linkage (where there are rows enough) and the consensus.
    """
    runs = _kmeans_runs(X, n_clusters, rng)
    pool = [("kmeans", labels) for labels in runs]
    pool.append(("ward", _ward(X, n_clusters, rng)))
    pool += [("average", labels) for labels in _average(X, n_clusters, rng)]
    pool += [("consensus", labels) for labels in _consensus(runs, n_clusters, rng)]
    return [Start(kind, labels, judge.score(labels)) for kind, labels in pool]


def choose_start(pool: list[Start]) -> Start:
    """Choose among candidates by their silhouette.

    Average linkage is taken where it beats every run of k-means and, by 2 %, the consensus: the
    mark of many uneven clusters. Else the consensus, unless it lies 2 % under the best.
    """
    best = {kind: _best(pool, kind) for kind in {start.kind for start in pool}}
    consensus = best["consensus"]
    compact = max(best["kmeans"], best["ward"], key=_score)
    linked = best.get("average")
    if (
        linked is not None
        and linked.score > compact.score
        and linked.score >= LINKAGE_MARGIN * consensus.score
    ):
        return linked
    top = max(start.score for start in pool)
    return consensus if consensus.score >= CONSENSUS_MARGIN * top else compact


def _score(start: Start) -> float:
    """Sort key."""
    return start.score


def _best(pool: list[Start], kind: str) -> Start:
    """Best candidate of a kind; the first of equals."""
    return max((start for start in pool if start.kind == kind), key=_score)


def _kmeans_runs(X: Floats, n_clusters: int, rng: np.random.Generator) -> list[Integers]:
    """Run k-means from several seedings; fewer where each takes long."""
    few = n_clusters < MANY_CLUSTERS
    seeding = SEEDING_SAMPLES if few else None
    return [kmeans(X, n_clusters, rng, seeding) for _ in range(12 if few else 5)]


def _micro_clusters(X: Floats, count: int, rng: np.random.Generator) -> Integers:
    """Cut X into many small clusters, numbered without gaps."""
    labels = kmeans(X, count, rng, max(SEEDING_SAMPLES, 4 * count))
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _ward(X: Floats, n_clusters: int, rng: np.random.Generator) -> Integers:
    """Merge micro-clusters by Ward's rule, then let Lloyd settle."""
    micro = _micro_clusters(X, max(min(3 * n_clusters, len(X) // 10), n_clusters), rng)
    merged = agglomerate(X, micro, n_clusters, "ward")
    return lloyd(X, cluster_means(X, merged, n_clusters))


def _average(X: Floats, n_clusters: int, rng: np.random.Generator) -> list[Integers]:
    """Merge micro-clusters by average linkage, where they would hold five rows or more."""
    partitions = []
    for factor in (5, 10):
        if factor * n_clusters >= len(X) / 5:
            continue
        micro = _micro_clusters(X, max(min(factor * n_clusters, len(X) // 10), n_clusters), rng)
        partitions.append(agglomerate(X, micro, n_clusters, "average"))
    return partitions


def _consensus(runs: list[Integers], n_clusters: int, rng: np.random.Generator) -> list[Integers]:
    """Cluster the rows by which clusters of all the runs they fall into."""
    n_samples = len(runs[0])
    blocks = []
    for labels in runs:
        sizes = np.bincount(labels, minlength=n_clusters)
        scale = np.sqrt(n_samples / n_clusters) / np.sqrt(sizes + 1.0)
        blocks.append((indicator(labels, n_clusters).T * scale).astype(np.float32).toarray())
    side_by_side = np.hstack(blocks)
    dim = max(1, min(n_clusters - 1, CONSENSUS_DIM))
    space = Projection.fit(side_by_side, dim).transform(side_by_side)
    tries = 8 if n_clusters < MANY_CLUSTERS else 3
    return [kmeans(space, n_clusters, rng, SEEDING_SAMPLES) for _ in range(tries)]
