"""The only loop over batches: every network of nightfold is trained here."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from typing import TypeAlias

import torch
from torch import Tensor, nn

from models.core.devices import autocast, seeded_rng
from models.core.records import History, Progress
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.functional import reconstruction_loss

BatchLosses: TypeAlias = Callable[[Tensor], Mapping[str, Tensor]]
"""From row numbers (int64, on the CPU) to scalars: ``loss``, which is minimised, and its parts."""

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Schedule:
    """How long to train, in what pieces, in what order.

    Attributes
    ----------
    step
        Name of the step, for progress and errors.
    n_epochs
        Passes over the data, at most.
    batch_size
        Rows in a batch; the last one of an epoch has what is left.
    seed
        Seeds the order of the rows, and everything random in the network.
    """

    step: str
    n_epochs: int
    batch_size: int
    seed: int


def fit_epochs(
    optimizer: Adam,
    batch_losses: BatchLosses,
    n_samples: int,
    schedule: Schedule,
    before_step: Callable[[int], bool] | None = None,
    progress: Progress | None = None,
) -> History:
    """Minimise a loss over shuffled batches.

    The same seed on the same machine gives the same weights, bit for bit, and torch's global
    random numbers stay as they were. On CUDA the losses are computed under bfloat16 autocast.

    Parameters
    ----------
    optimizer
        Holds the parameters to train, all on one device.
    batch_losses
        See `BatchLosses`.
    n_samples
        Rows in the data set; where there are none, nothing is trained.
    schedule
        Epochs, batch size and seed.
    before_step
        Called before each step with its number from 0; training stops where it says True.
    progress
        See `Progress`.

    Returns
    -------
    See `History`; an epoch that was cut short counts if it had at least one batch.

    Raises
    ------
    RuntimeError
        If the loss is not finite.
    """
    if n_samples == 0:
        return []  # the mean loss of no rows is NaN, and a step along its gradient ruins weights
    device = optimizer.device
    shuffle = torch.Generator().manual_seed(schedule.seed)
    steps = count()
    history: History = []

    def goes_on(_: Tensor) -> bool:
        return before_step is None or not before_step(next(steps))

    with seeded_rng(schedule.seed, device):
        for epoch in range(1, schedule.n_epochs + 1):
            order = torch.randperm(n_samples, generator=shuffle)
            sums, n_seen = _fit_batches(
                optimizer, batch_losses, takewhile(goes_on, torch.split(order, schedule.batch_size))
            )
            if n_seen > 0:
                means = {part: value / n_seen for part, value in sums.items()}
                _check_finite(means["loss"], epoch, schedule.step)
                history.append({"epoch": epoch, **means})
            if n_seen < n_samples:
                break
            if progress is not None:
                progress(schedule.step, epoch, schedule.n_epochs, means["loss"])
    return history


@torch.no_grad()
def round_weights(network: nn.Module) -> None:
    """Round the weights of a network that has learnt, in place, to numbers that 16 bits hold.

    What it says from now on is what it says when it was kept in 16 bits and is loaded again.
    """
    for weights in network.parameters():
        weights.copy_(weights.half())


def map_rows(function: Callable[[Tensor], Tensor], rows: Tensor, device: torch.device) -> Tensor:
    """Apply a function of rows to a whole data set, a part at a time and without gradients.

    Parameters
    ----------
    function
        From (n, n_features) on ``device`` to (n, any).
    rows
        Shape (n_samples, n_features), on any device.
    device
        Where to compute.

    Returns
    -------
    The results, shape (n_samples, any), on ``device``.
    """
    with torch.no_grad():
        parts = torch.split(rows, _ROWS_AT_ONCE)
        return torch.cat([function(part.to(device)) for part in parts])


def pretrain_autoencoder(
    autoencoder: Autoencoder,
    rows: Tensor,
    schedule: Schedule,
    learning_rate: float,
    progress: Progress | None = None,
    targets: Tensor | None = None,
) -> History:
    """Train an autoencoder, in place, to reconstruct its input, or what stands in its place.

    Parameters
    ----------
    autoencoder
        The network, on the device to train on.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    schedule
        Epochs, batch size and seed.
    learning_rate
        Of Adam.
    progress
        See `Progress`.
    targets
        What to decode from each row, in the units and the shape of the rows; None: the row.

    Returns
    -------
    See `History`.
    """
    targets = rows if targets is None else targets
    device = autoencoder.feature_mean.device

    def batch_losses(indices: Tensor) -> dict[str, Tensor]:
        x, target = (it.index_select(0, indices.to(it.device)).to(device) for it in (rows, targets))
        return {"loss": reconstruction_loss(target, autoencoder(x)[1])}

    optimizer = Adam(autoencoder.parameters(), learning_rate)
    return fit_epochs(optimizer, batch_losses, len(rows), schedule, progress=progress)


def _fit_batches(
    optimizer: Adam, batch_losses: BatchLosses, batches: Iterable[Tensor]
) -> tuple[dict[str, float], int]:
    """Take one step for each batch; give each part of the loss summed over the rows, and rows."""
    device = optimizer.device
    parts: dict[str, list[Tensor]] = {}
    n_seen = 0
    for indices in batches:
        with autocast(device):
            losses = batch_losses(indices)
        optimizer.zero_grad()
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        n_seen += len(indices)
        for part, value in losses.items():
            # Left on the device: asking for each number would wait for the accelerator.
            parts.setdefault(part, []).append(value.detach() * len(indices))
    sums = {part: torch.stack(values).cpu().double().sum() for part, values in parts.items()}
    return {part: total.item() for part, total in sums.items()}, n_seen


def _check_finite(loss: float, epoch: int, step: str) -> None:
    """Stop a training that has diverged: nothing it would give is of any use."""
    if not math.isfinite(loss):
        raise RuntimeError(
            f"{step}: the loss of epoch {epoch} is {loss}; "
            "lower learning_rate, or look for extreme values in X"
        )
