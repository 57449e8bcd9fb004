"""Deep refinement: heads on two views learn from the sharpened clusters of both.

Every round trains fresh heads towards the target distribution of the whole data set, each document
mixed with a neighbour, and then averages what they say over the neighbour graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from scipy import sparse
from torch import Tensor

from models.devices import place_rows, seeded_rng
from models.functional import target_distribution
from models.graph import Integers
from models.heads import ClusterHeads
from models.training import History, Progress, Schedule, fit_epochs

ROUNDS: Final = 6
EPOCHS: Final = 5
MIN_STEPS: Final = 100
"""Steps of a round, at least: five epochs of a few batches would teach fresh heads nothing."""
BATCH_SIZE: Final = 512
HIDDEN_DIM: Final = 256
DROPOUT: Final = 0.3
LEARNING_RATE: Final = 1e-3
WEIGHT_DECAY: Final = 1e-3


@dataclass(frozen=True)
class Neighbourhood:
    """Who stands near whom, for mixing and for averaging."""

    indices: Integers  # (n_samples, n_neighbors), to mix with
    walk: sparse.csr_array  # (n_samples, n_samples), row-stochastic, to average over


def fit_heads(
    views: Sequence[Tensor],
    target: Tensor,
    neighbours: Integers,
    schedule: Schedule,
    device: torch.device,
    progress: Progress | None = None,
) -> tuple[ClusterHeads, History]:
    r"""Train fresh heads to tell the clusters apart.

    The loss of a view is the cross-entropy with the target, both mixed with those of a random
    neighbour, weighted by how sure the target is; the views' losses are added.

    .. math::
        L = -\frac{1}{n} \sum_i w_i \sum_c \tilde{t}_{ic} \log h_c(\tilde{x}_i), \quad
        \tilde{x}_i = \lambda x_i + (1 - \lambda) x_{j(i)}, \quad w_i = \max_c t_{ic}

    Parameters
    ----------
    views
        Rows of each view, shape (n_samples, view_dim).
    target
        Target distribution, shape (n_samples, n_clusters).
    neighbours
        Shape (n_samples, n_neighbors); with no neighbours nothing is mixed.
    schedule
        Epochs, batch size and seed.
    device
        Where to train.
    progress
        Told after each epoch.

    Returns
    -------
    The heads and the record of their training.

    References
    ----------
    Zhang, Cisse, Dauphin, Lopez-Paz (2018), mixup: Beyond Empirical Risk Minimization, eq. 1.
    """
    with seeded_rng(schedule.seed, torch.device("cpu")):
        dims = [view.shape[1] for view in views]
        heads = ClusterHeads(dims, target.shape[1], HIDDEN_DIM, DROPOUT).to(device)
    optimizer = torch.optim.AdamW(
        heads.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    placed = [place_rows(view, device) for view in views]
    near = torch.from_numpy(neighbours.copy())
    sureness = target.max(dim=1).values

    def batch_losses(rows: Tensor) -> dict[str, Tensor]:
        others, share = _partners(rows, near)
        mixed_views = [_mix(view, rows, others, share).to(device) for view in placed]
        mixed_target = _mix(target, rows, others, share).to(device)
        weights = sureness[rows].to(device)
        losses = [
            -(weights * (mixed_target * log_p).sum(dim=1)).mean() for log_p in heads(mixed_views)
        ]
        return {"loss": torch.stack(losses).sum()}

    heads.train()
    history = fit_epochs(optimizer, batch_losses, len(target), schedule, progress=progress)
    return heads.eval(), history


def cotrain(
    views: Sequence[Tensor],
    soft_assignments: Tensor,
    neighbourhood: Neighbourhood,
    seed: int,
    device: torch.device,
    progress: Progress | None = None,
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
    seed
        Seeds weights, order and mixing.
    device
        Where to train.
    progress
        Told after each epoch of each round.

    Returns
    -------
    Refined soft assignments, same shape, and the record of the training.
    """
    history: History = []
    for number in range(ROUNDS):
        target = target_distribution(soft_assignments)
        schedule = head_schedule(f"round {number + 1}", len(target), seed + number)
        heads, records = fit_heads(views, target, neighbourhood.indices, schedule, device, progress)
        history += records
        soft_assignments = average_over(neighbourhood.walk, heads.predict_proba(views))
    return soft_assignments, history


def head_schedule(step: str, n_samples: int, seed: int) -> Schedule:
    """Plan the training of heads: five epochs, more where they have few batches."""
    n_batches = -(-n_samples // BATCH_SIZE)
    n_epochs = max(EPOCHS, -(-MIN_STEPS // n_batches))
    return Schedule(step, n_epochs, BATCH_SIZE, seed)


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
    first, second = values[rows.to(values.device)], values[others.to(values.device)]
    return torch.lerp(second, first, share.to(values.device))
