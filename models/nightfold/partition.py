"""From fused rows to clusters: graph, starts, choice, refinement and guard, in this order.

Works on the documents at hand; `models.networks.heads` learns from the result where new ones
belong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.graph import SMOOTHING_ROUNDS, Neighbours, neighbour_graph, smooth
from models.core.lloyd import cluster_means
from models.core.memberships import memberships
from models.core.projection import Projection
from models.core.records import History, Progress
from models.core.silhouette import SampledSilhouette
from models.counting.n_clusters import NClustersChoice, Numbers, choose_n_clusters
from models.counting.votes import count_by_votes
from models.nightfold.cotraining import FEW, FEW_OF_ITEMS, MANY, Neighbourhood, Recipe, Run, cotrain
from models.nightfold.starts import (
    MANY_CLUSTERS,
    Start,
    candidate_starts,
    choose_start,
    consensus_labels,
)
from models.nightfold.topics import find_topics

SMOOTHED_DIM: Final = 100
FAR_ROUNDS: Final = 30
"""Rounds, over fewer neighbours, where many compact clusters are sought: those are smaller, and a
longer walk stays inside of them. Fewer and larger clusters would run into one another."""
FAR_DIM: Final = 50
MIXING_NEIGHBOURS: Final = 10


@dataclass(frozen=True)
class Settings:
    """What the operator turns."""

    n_clusters: int | Literal["auto"]
    granularity: float
    rows: Literal["texts", "items"]
    near: Numbers | None
    n_neighbors: int
    deep_refinement: bool
    seed: int
    device: torch.device


@dataclass(frozen=True)
class Evidence:
    """Why these labels: every silhouette is that of the un-smoothed fused rows.

    Attributes
    ----------
    start
        Kind of the start that was chosen: kmeans, ward, average or consensus.
    start_scores
        Best silhouette of each kind.
    score_before, score_after
        Silhouette of the start and of its refinement; None where there was none.
    is_refined
        Whether the refined labels were kept.
    is_continued
        Whether the start was what the heads of an earlier fit said; ``start`` is that of theirs.
    """

    start: str
    start_scores: dict[str, float]
    score_before: float
    score_after: float | None
    is_refined: bool
    is_continued: bool = False


@dataclass(frozen=True)
class Partition:
    """Clusters of the documents at hand."""

    soft_assignments: Tensor  # (n_samples, n_clusters), rows sum to 1
    topics: Integers  # (n_clusters,): the topic that each cluster is under
    mixing_neighbours: Integers  # (n_samples, at most MIXING_NEIGHBOURS)
    recipe: Recipe
    evidence: Evidence
    choice: NClustersChoice | None
    history: History


def find_partition(
    fused: Floats,
    views: Sequence[Tensor],
    neighbours: Neighbours,
    settings: Settings,
    progress: Progress | None = None,
) -> Partition:
    """Cluster the documents at hand.

    Parameters
    ----------
    fused
        Rows of length one, shape (n_samples, n_features).
    views
        What the heads see, each of shape (n_samples, view_dim).
    neighbours
        Of the fused rows: as many as the settings say, and at least `MIXING_NEIGHBOURS`.
    settings
        See `Settings`.
    progress
        See `models.core.records.Progress`.

    Returns
    -------
    See `Partition`; no cluster is empty.
    """
    rng = np.random.default_rng(settings.seed)
    walk = neighbour_graph(neighbours, settings.n_neighbors)
    smoothed = smooth(fused, walk, SMOOTHING_ROUNDS)
    space = Projection.fit(smoothed, SMOOTHED_DIM).transform(smoothed)
    choice = _choose(fused, space, walk, settings)
    n_clusters = int(settings.n_clusters if choice is None else choice.n_themes)
    judge = SampledSilhouette(fused, rng)
    pool = candidate_starts(space, n_clusters, judge, rng)
    again = np.random.default_rng([settings.seed, 1])
    start = choose_start(pool, lambda: SampledSilhouette(fused, again))
    if start.kind == "consensus" and n_clusters > MANY_CLUSTERS:
        far = smooth(fused, neighbour_graph(neighbours, MIXING_NEIGHBOURS), FAR_ROUNDS)
        far = Projection.fit(far, FAR_DIM).transform(far)
        labels = consensus_labels(far, n_clusters, rng)
        pool.append(Start("consensus", labels, judge.score(labels)))
        # Where clusters are neither compact nor dense, the long walk runs from one into the next.
        if pool[-1].score >= start.score:
            space, start = far, pool[-1]
    topics = find_topics(space, start.labels, choice, rng)
    soft = soft_start(space, start.labels)
    unrefined = anchored(soft, start.labels)
    near = neighbours.indices[:, :MIXING_NEIGHBOURS]
    recipe = recipe_for(start.kind, n_clusters, settings.rows)
    evidence = Evidence(start.kind, best_scores(pool), start.score, None, is_refined=False)
    if not settings.deep_refinement or len(unrefined[0]) == 1:
        return Partition(unrefined, topics, near, recipe, evidence, choice, [])
    hood = Neighbourhood(near, neighbour_graph(neighbours, MIXING_NEIGHBOURS))
    run = Run("round", settings.seed, settings.device, progress)
    refined, history = cotrain(views, soft, hood, recipe, run)
    refined = with_every_cluster(refined, unrefined)
    labels = refined.argmax(dim=1).numpy()
    after = judge.score(labels)
    is_kept = is_no_worse(labels, after, start, recipe.needed_silhouette)
    evidence = replace(evidence, score_after=after, is_refined=is_kept)
    kept = refined if is_kept else unrefined
    return Partition(kept, topics, near, recipe, evidence, choice, history)


def soft_start(space: Floats, labels: Integers) -> Tensor:
    """Soften labels by the closeness to each cluster's mean, shape (n_samples, n_clusters)."""
    centers = normalise_rows(cluster_means(space, labels, int(labels.max()) + 1))
    return torch.from_numpy(memberships(normalise_rows(space) @ centers.T))


def anchored(soft_assignments: Tensor, labels: Integers) -> Tensor:
    """Shift half of the membership to the label, so that it is where the membership is highest."""
    hard = torch.nn.functional.one_hot(torch.from_numpy(labels), soft_assignments.shape[1])
    return (soft_assignments + hard) / 2


def recipe_for(kind: str, n_clusters: int, rows: Literal["texts", "items"]) -> Recipe:
    """Choose how to refine: many clusters, and uneven ones, are handled with more care."""
    if n_clusters > MANY_CLUSTERS or kind == "average":
        return MANY
    return FEW_OF_ITEMS if rows == "items" else FEW


def with_every_cluster(refined: Tensor, unrefined: Tensor) -> Tensor:
    """Return its earlier documents to a cluster that refinement has left empty."""
    before = unrefined.argmax(dim=1)
    is_gone = torch.bincount(refined.argmax(dim=1), minlength=refined.shape[1]) == 0
    return torch.where(is_gone[before][:, None], unrefined, refined)


def is_no_worse(labels: Integers, score: float, start: Start, needed: float) -> bool:
    """Return whether refined labels have all clusters and the silhouette that is needed."""
    has_all = len(np.unique(labels)) == int(start.labels.max()) + 1
    return has_all and score >= least_score(start.score, needed)


def least_score(before: float, needed: float) -> float:
    """Compute the silhouette to reach: a multiple of the one before where that is above 0."""
    return needed * before if before > 0 else before


def best_scores(pool: Sequence[Start]) -> dict[str, float]:
    """Best silhouette of each kind of start."""
    scores: dict[str, float] = {}
    for start in pool:
        scores[start.kind] = max(start.score, scores.get(start.kind, -1.0))
    return scores


def _choose(
    fused: Floats, space: Floats, walk: sparse.csr_array, settings: Settings
) -> NClustersChoice | None:
    """Choose the number of clusters, if it was left open."""
    if settings.n_clusters != "auto":
        return None
    granularity, near = settings.granularity, settings.near
    if settings.rows == "items":
        return count_by_votes(fused, settings.seed, space, walk, granularity, near)
    return choose_n_clusters(space, settings.seed, granularity, near)
