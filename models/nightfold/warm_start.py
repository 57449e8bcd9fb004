"""Go on from the clusters of an earlier fit: the heads place the rows, and learn a little more."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.core.arrays import Floats, Integers
from models.core.graph import Neighbours, neighbour_graph
from models.core.records import Progress
from models.core.silhouette import SampledSilhouette
from models.networks.heads import ClusterHeads
from models.nightfold.cotraining import Run, average_over, train_heads
from models.nightfold.partition import (
    MIXING_NEIGHBOURS,
    Evidence,
    Partition,
    Settings,
    least_score,
    recipe_for,
)

LEARNING_SHARE: Final = 0.3
"""Of the learning rate of a fit from nothing: what was learned is to be kept."""

CONTINUED_EPOCHS: Final = 5
"""Of the autoencoder, over the new rows and those that are replayed."""


def with_replay(is_new: NDArray[np.bool_], seed: int) -> Integers:
    """Choose the rows to learn: the new ones and as many others; positions, rising."""
    new, others = np.flatnonzero(is_new), np.flatnonzero(~is_new)
    replayed = np.random.default_rng(seed).permutation(others)[: len(new)]
    return np.sort(np.concatenate([new, replayed]))


class Earlier(NamedTuple):
    """An earlier fit: the heads that know its clusters, their topics, and how they were found."""

    heads: ClusterHeads
    topics: Integers  # (n_clusters,)
    evidence: Evidence


def continue_partition(
    fused: Floats,
    views: Sequence[Tensor],
    neighbours: Neighbours,
    earlier: Earlier,
    settings: Settings,
    progress: Progress | None = None,
) -> tuple[Partition, ClusterHeads]:
    """Cluster rows by heads that have learned other rows of the same feed, and train them further.

    What the heads say is averaged over the neighbour graph, as in a round of
    `models.nightfold.cotraining`; the heads go on learning from that, at a lower rate, and speak
    again. What they say then is kept if the silhouette allows it, as after a refinement from
    nothing. A cluster without rows is gone.

    Parameters
    ----------
    fused
        Rows of length one, shape (n_samples, n_features).
    views
        What the heads see, each of shape (n_samples, view_dim).
    neighbours
        Of the fused rows; at least `MIXING_NEIGHBOURS` of each.
    earlier
        The earlier fit; left as it is.
    settings
        See `models.nightfold.partition.Settings`; the number of clusters is that of the heads.
    progress
        See `models.core.records.Progress`.

    Returns
    -------
    The partition, and the heads that go with it.
    """
    heads, topics, found = earlier
    near = neighbours.indices[:, :MIXING_NEIGHBOURS]
    walk = neighbour_graph(neighbours, MIXING_NEIGHBOURS)
    judge = SampledSilhouette(fused, np.random.default_rng(settings.seed))
    before = average_over(walk, heads.predict_proba(views))
    recipe = recipe_for(found.start, heads.n_clusters, settings.rows)
    target = recipe.target(before) if settings.deep_refinement else before
    learned = deepcopy(heads).to(settings.device)
    run = Run("heads, continued", settings.seed, settings.device, progress)
    rate = LEARNING_SHARE * recipe.learning_rate
    history = train_heads(learned, views, target, near, rate, run)
    after = average_over(walk, learned.predict_proba(views))
    scores = [judge.score(soft.argmax(dim=1).numpy()) for soft in (before, after)]
    is_kept = scores[1] >= least_score(scores[0], recipe.needed_silhouette)
    soft, kept_heads = (after, learned) if is_kept else (before, heads)
    present = torch.unique(soft.argmax(dim=1))
    soft = soft[:, present] / soft[:, present].sum(dim=1, keepdim=True)
    evidence = Evidence(
        found.start, {}, scores[0], scores[1], is_refined=is_kept, is_continued=True
    )
    kept_topics = topics[present.numpy()]
    partition = Partition(soft, kept_topics, near, recipe, evidence, None, history)
    return partition, kept_heads.restricted_to(present)
