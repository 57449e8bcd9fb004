"""The pool of candidate partitions, and the choice among them without labels.

Many runs of k-means, Ward, average linkage over micro-clusters, and the consensus of the runs of
k-means; the silhouette on the un-smoothed space decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from models.core.arrays import Floats, Integers
from models.core.linkage import agglomerate
from models.core.lloyd import (
    MAX_ITERATIONS,
    cluster_means,
    first_centers,
    indicator,
    kmeans_runs,
    lloyd,
    spread,
)
from models.core.silhouette import SampledSilhouette

MANY_CLUSTERS: Final = 60
RUNS: Final = 40
"""Runs of k-means: with a dozen, the consensus still depends on the seed."""

RUNS_OF_MANY: Final = 8
SEEDING_SAMPLES: Final = 6_000
LINKAGE_MARGIN: Final = 0.015
"""Share of the other's silhouette. Linkage beats the best of the others by 2.4 to 4.4 % on
googlenews_ts (four seeds), where it agrees better with labels by 2 points of NMI; on templated
requests it did by 0.8 %, and agreed worse by 11 points of ACC."""

CONSENSUS_DIM: Final = 150

_STEPS_TO_AVERAGE: Final = 5
"""Of Lloyd's, to the ten micro-clusters a cluster that average linkage merges, which take longest.
Ward's, three a cluster, settle: ended so early they cost banking77 .7 NMI, mean of five seeds."""


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
    ward = _ward(X, n_clusters, rng)
    pool = [("kmeans", labels) for labels in runs]
    pool.append(("ward", ward))
    pool += [("average", labels) for labels in _average(X, n_clusters, rng)]
    pool.append(("consensus", _consensus(runs, ward, n_clusters, rng)))
    return [Start(kind, labels, judge.score(labels)) for kind, labels in pool]


def consensus_labels(X: Floats, n_clusters: int, rng: np.random.Generator) -> Integers:
    """Make the consensus alone; see `candidate_starts`."""
    return _consensus(_kmeans_runs(X, n_clusters, rng), _ward(X, n_clusters, rng), n_clusters, rng)


def choose_start(pool: list[Start], draw_again: Callable[[], SampledSilhouette]) -> Start:
    """Choose among candidates: the consensus, unless clusters are many and uneven.

    Average linkage is taken where its silhouette beats every run of k-means, Ward's and the
    consensus by `LINKAGE_MARGIN`, the mark of many uneven clusters, on other documents, too.

    Parameters
    ----------
    pool
        The candidates.
    draw_again
        Gives the second witness: silhouettes of documents that the pool was not scored on.
    """
    best = {kind: _best(pool, kind) for kind in {start.kind for start in pool}}
    linked, consensus = best.pop("average", None), best["consensus"]
    others = [start.score for start in best.values()]
    if linked is None or not _beats(linked.score, others):
        return consensus
    witness = draw_again()
    others = [witness.score(start.labels) for start in best.values()]
    return linked if _beats(witness.score(linked.labels), others) else consensus


def _beats(score: float, others: list[float]) -> bool:
    return all(score - other >= LINKAGE_MARGIN * abs(other) for other in others)


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
    count = RUNS if few else RUNS_OF_MANY
    return kmeans_runs(X, n_clusters, rng, count, seeding)


def _micro_clusters(
    X: Floats, count: int, rng: np.random.Generator, max_iterations: int = MAX_ITERATIONS
) -> Integers:
    """Cut X into many small clusters, numbered without gaps."""
    centers = first_centers(X, count, rng, max(SEEDING_SAMPLES, 4 * count))
    labels = lloyd(X, centers, max_iterations)
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
        count = max(min(factor * n_clusters, len(X) // 10), n_clusters)
        micro = _micro_clusters(X, count, rng, _STEPS_TO_AVERAGE)
        partitions.append(agglomerate(X, micro, n_clusters, "average"))
    return partitions


def _consensus(
    runs: list[Integers], ward: Integers, n_clusters: int, rng: np.random.Generator
) -> Integers:
    """Cluster the rows by which clusters of all the runs they fall into.

    Of several k-means in that space, one of them from Ward's clusters, the tightest.
    """
    space = _run_space([*runs, ward], n_clusters)
    tries = 8 if n_clusters < MANY_CLUSTERS else 3
    tried = kmeans_runs(space, n_clusters, rng, tries, SEEDING_SAMPLES)
    tried.append(lloyd(space, cluster_means(space, ward, n_clusters)))
    return min(tried, key=lambda labels: spread(space, labels, n_clusters))


def _run_space(runs: list[Integers], n_clusters: int) -> Floats:
    """Compute the principal components of all runs' memberships; small clusters weigh more."""
    n_samples = len(runs[0])
    blocks = []
    for labels in runs:
        sizes = np.bincount(labels, minlength=n_clusters)
        scale = np.sqrt(n_samples / n_clusters) / np.sqrt(sizes + 1.0)
        blocks.append((indicator(labels, n_clusters).T * scale).astype(np.float32))
    side_by_side = sparse.hstack(blocks).tocsr()
    return sparse_components(side_by_side, max(1, min(n_clusters - 1, CONSENSUS_DIM)))


def sparse_components(X: sparse.csr_array, n_components: int) -> Floats:
    """Project the rows of a sparse matrix on its principal components, never making it dense."""
    mean = np.asarray(X.mean(axis=0), dtype=np.float64).ravel()
    covariance = (X.T @ X).toarray().astype(np.float64) / X.shape[0] - np.outer(mean, mean)
    components = np.linalg.eigh(covariance)[1][:, ::-1][:, :n_components].astype(np.float32)
    return np.asarray(X @ components - mean.astype(np.float32) @ components, dtype=np.float32)
