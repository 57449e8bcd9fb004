"""Deep refinement: heads on several views learn from the sharpened clusters of all.

Every round trains fresh heads towards the target distribution of the whole data set, each document
mixed with a neighbour, and then averages what they say over the neighbour graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from scipy import sparse
from torch import Tensor

from models.core.arrays import Integers
from models.core.devices import place_rows, seeded_rng
from models.core.records import History, Progress
from models.networks.adam import Adam
from models.networks.functional import sharpened, target_distribution
from models.networks.heads import ClusterHeads
from models.networks.training import Schedule, fit_epochs, round_weights

STEPS: Final = 200
"""Steps of a round: the same for a small feed, in more epochs, and for a large one, in fewer."""

MAX_EPOCHS: Final = 100
BATCH_SIZE: Final = 512
DROPOUT: Final = 0.3
WEIGHT_DECAY: Final = 1e-3


@dataclass(frozen=True)
class Recipe:
    """How heads are trained and what they are trained towards.

    Attributes
    ----------
    rounds
        Times that fresh heads are trained.
    hidden_dim
        Width of a head's hidden layer.
    learning_rate
        Of the heads.
    target
        From soft assignments to the target distribution.
    needed_silhouette
        The result is kept if its silhouette is at least this multiple of the start's.
    """

    rounds: int
    hidden_dim: int
    learning_rate: float
    target: Callable[[Tensor], Tensor]
    needed_silhouette: float


FEW: Final = Recipe(6, 128, 1e-3, target_distribution, needed_silhouette=0.9)
"""For few clusters. A good refinement may lose some silhouette where all silhouettes are low."""

FEW_OF_ITEMS: Final = replace(FEW, rounds=2)
"""Items have no second view that would hold the heads back: scikit-learn's digits are clustered
worse in six rounds than in two (docs/images-and-series.md)."""

MANY: Final = Recipe(1, 256, 5e-3, sharpened, needed_silhouette=1.0)
"""For many or uneven clusters: the target of DEC would pull small ones up to the mean size. More
rounds lower the silhouette that the first has reached, so that they were refused more often; where
they were kept, they agreed no better with labels (docs/benchmarks.md)."""


@dataclass(frozen=True)
class Neighbourhood:
    """Who stands near whom, for mixing and for averaging."""

    indices: Integers  # (n_samples, n_neighbors), to mix with
    walk: sparse.csr_array  # (n_samples, n_samples), row-stochastic, to average over


@dataclass(frozen=True)
class Run:
    """Where heads are trained, from which seed, and who is told after each epoch."""

    step: str
    seed: int
    device: torch.device
    progress: Progress | None = None


def fit_heads(
    views: Sequence[Tensor], target: Tensor, neighbours: Integers, recipe: Recipe, run: Run
) -> tuple[ClusterHeads, History]:
    """Train fresh heads to tell the clusters apart.

    Parameters
    ----------
    views
        Rows of each view, shape (n_samples, view_dim).
    target
        Target distribution, shape (n_samples, n_clusters).
    neighbours
        See `train_heads`.
    recipe
        See `Recipe`.
    run
        See `Run`.

    Returns
    -------
    The heads and the record of their training.
    """
    with seeded_rng(run.seed, torch.device("cpu")):
        dims = [view.shape[1] for view in views]
        heads = ClusterHeads(dims, target.shape[1], recipe.hidden_dim, DROPOUT).to(run.device)
    return heads, train_heads(heads, views, target, neighbours, recipe.learning_rate, run)


def train_heads(
    heads: ClusterHeads,
    views: Sequence[Tensor],
    target: Tensor,
    neighbours: Integers,
    learning_rate: float,
    run: Run,
) -> History:
    r"""Train heads, in place, to tell the clusters apart.

    The loss of a view is the cross-entropy with the target, both mixed with those of a random
    neighbour, weighted by how sure the target is; the views' losses are added.

    .. math::
        L = -\frac{1}{n} \sum_i w_i \sum_c \tilde{t}_{ic} \log h_c(\tilde{x}_i), \quad
        \tilde{x}_i = \lambda x_i + (1 - \lambda) x_{j(i)}, \quad w_i = \max_c t_{ic}

    Parameters
    ----------
    heads
        On the device of the run.
    views
        Rows of each view, shape (n_samples, view_dim).
    target
        Target distribution, shape (n_samples, n_clusters).
    neighbours
        Shape (n_samples, n_neighbors); with no neighbours nothing is mixed.
    learning_rate
        Of AdamW.
    run
        See `Run`.

    Returns
    -------
    See `models.core.records.History`.

    References
    ----------
    Zhang, Cisse, Dauphin, Lopez-Paz (2018), mixup: Beyond Empirical Risk Minimization, eq. 1.
    """
    optimizer = Adam(heads.parameters(), learning_rate, WEIGHT_DECAY)
    placed = place_rows(torch.cat(list(views), dim=1), run.device)
    near = torch.from_numpy(neighbours.copy())
    sureness = target.max(dim=1).values

    def batch_losses(rows: Tensor) -> dict[str, Tensor]:
        others, share = _partners(rows, near)
        mixed_rows = _mix(placed, rows, others, share).to(run.device)
        mixed_target = _mix(target, rows, others, share).to(run.device)
        weights = sureness[rows].to(run.device)
        likelihoods = (mixed_target * heads(mixed_rows)).sum(dim=2)  # (n_views, n_rows)
        return {"loss": -(weights * likelihoods).mean(dim=1).sum()}

    heads.train()
    schedule = Schedule(run.step, n_epochs(len(target)), BATCH_SIZE, run.seed)
    history = fit_epochs(optimizer, batch_losses, len(target), schedule, progress=run.progress)
    round_weights(heads)
    heads.eval()
    return history


def cotrain(
    views: Sequence[Tensor],
    soft_assignments: Tensor,
    neighbourhood: Neighbourhood,
    recipe: Recipe,
    run: Run,
) -> tuple[Tensor, History]:
    """Refine soft assignments by heads that teach each other.

    Parameters
    ----------
    views
        Rows of each view, shape (n_samples, view_dim).
    soft_assignments
        Where to start, shape (n_samples, n_clusters).
    neighbourhood
        Neighbours to mix with and the graph to average over.
    recipe
        See `Recipe`.
    run
        See `Run`; the rounds are named and seeded from it.

    Returns
    -------
    Refined soft assignments, same shape, and the record of the training.
    """
    history: History = []
    for number in range(recipe.rounds):
        target = recipe.target(soft_assignments)
        turn = replace(run, step=f"{run.step} {number + 1}", seed=run.seed + number)
        heads, records = fit_heads(views, target, neighbourhood.indices, recipe, turn)
        history += records
        soft_assignments = average_over(neighbourhood.walk, heads.predict_proba(views))
    return soft_assignments, history


def n_epochs(n_samples: int) -> int:
    """Compute the passes over the documents that make about `STEPS` steps; 1 to `MAX_EPOCHS`."""
    return min(MAX_EPOCHS, max(1, round(STEPS / -(-n_samples // BATCH_SIZE))))


def average_over(walk: sparse.csr_array, probabilities: Tensor) -> Tensor:
    """Average each row with its neighbourhood, half and half; rows sum to 1."""
    averaged = probabilities + torch.from_numpy(walk @ probabilities.numpy())
    return averaged / averaged.sum(dim=1, keepdim=True)


def _partners(rows: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """Draw for each row a neighbour, and the share that the row itself keeps."""
    share = torch.rand(len(rows), 1)
    if neighbours.shape[1] == 0:
        return rows, share
    picks = torch.randint(neighbours.shape[1], (len(rows),))
    return neighbours[rows, picks], share


def _mix(values: Tensor, rows: Tensor, others: Tensor, share: Tensor) -> Tensor:
    """Mix rows with others."""
    # Not values[rows]: on a processor that takes five times as long.
    first, second = (values.index_select(0, it.to(values.device)) for it in (rows, others))
    return torch.lerp(second, first, share.to(values.device))
