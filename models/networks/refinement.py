"""The refinement of IDEC: autoencoder and cluster centres trained on one loss."""

import logging
from collections.abc import Mapping
from typing import Final

import numpy as np
from torch import Tensor, nn

from models.core.arrays import Integers
from models.core.devices import place_rows
from models.core.records import History, Progress
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.functional import (
    kl_divergence,
    reconstruction_loss,
    soft_assignment,
    target_distribution,
)
from models.networks.training import Schedule, fit_epochs, map_rows
from models.quality.metrics import effective_n_clusters

logger = logging.getLogger(__name__)

MAX_EPOCHS_PER_TARGET: Final = 5
"""Small data sets have few steps in an epoch: a target never serves for more epochs than this."""

_COLLAPSED: Final = 0.5


class Refinement(nn.Module):
    """What changes while IDEC refines: the network, the centres, and the target they follow.

    Parameters
    ----------
    autoencoder
        Pretrained, on the device to train on.
    centers
        First centres, shape (n_clusters, latent_dim), on the same device.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    clustering_loss_weight
        The γ of the loss.

    Attributes
    ----------
    target
        The target p of all rows, shape (n_samples, n_clusters); see `update_target`.
    labels
        The cluster of each row at the last target, shape (n_samples,).
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        centers: Tensor,
        rows: Tensor,
        clustering_loss_weight: float,
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.centers = nn.Parameter(centers.clone())
        self.rows = rows
        self.clustering_loss_weight = clustering_loss_weight
        self.update_target()

    def soft_assignments(self) -> Tensor:
        """Compute q of all rows, shape (n_samples, n_clusters), without gradients."""
        return map_rows(
            lambda x: soft_assignment(self.autoencoder.encode(x), self.centers),
            self.rows,
            self.centers.device,
        )

    def update_target(self) -> None:
        """Compute the target and the labels of all rows."""
        q = self.soft_assignments()
        self.target = place_rows(target_distribution(q), self.centers.device)
        self.labels = q.argmax(dim=1)

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        r"""Compute the loss of IDEC and its parts on some rows.

        .. math::
            L = L_r + \gamma \, KL(P \| Q)

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss``, ``reconstruction_loss`` and ``clustering_loss``, the last without its
        weight.
        """
        device = self.centers.device
        x, p = self.rows[indices].to(device), self.target[indices].to(device)
        z, x_hat = self.autoencoder(x)
        reconstruction = reconstruction_loss(x, x_hat)
        clustering = kl_divergence(p, soft_assignment(z, self.centers))
        return {
            "loss": reconstruction + self.clustering_loss_weight * clustering,
            "reconstruction_loss": reconstruction,
            "clustering_loss": clustering,
        }


def fit_refinement(
    refinement: Refinement,
    schedule: Schedule,
    learning_rate: float,
    interval: int,
    tol: float,
    progress: Progress | None = None,
) -> History:
    """Train a refinement, in place, until almost no label changes.

    Parameters
    ----------
    refinement
        What to train.
    schedule
        Epochs, at most, batch size and seed.
    learning_rate
        Of Adam.
    interval
        Steps between two targets; fewer where this would be more than `MAX_EPOCHS_PER_TARGET`.
    tol
        Share of rows that have another label than at the last target, below which it stops.
    progress
        See `models.core.records.Progress`.

    Returns
    -------
    See `models.core.records.History`; ``label_change`` is that share where the epoch ended, or
    None before there was a second target.
    """
    steps_per_epoch = -(-len(refinement.rows) // schedule.batch_size)
    interval = min(interval, MAX_EPOCHS_PER_TARGET * steps_per_epoch)
    changes: dict[int, float] = {}

    def before_step(step: int) -> bool:
        if step == 0 or step % interval != 0:
            return False
        labels = refinement.labels
        refinement.update_target()
        changes[step] = (refinement.labels != labels).sum().item() / len(labels)
        return changes[step] < tol

    optimizer = Adam(refinement.parameters(), learning_rate)
    history = fit_epochs(
        optimizer, refinement.batch_losses, len(refinement.rows), schedule, before_step, progress
    )
    for index, record in enumerate(history):
        known = [
            change for step, change in changes.items() if step <= (index + 1) * steps_per_epoch
        ]
        record["label_change"] = known[-1] if known else None
    return history


def has_collapsed(labels: Integers, labels_at_start: Integers, n_clusters: int) -> bool:
    """Return whether more than half of the clusters are gone; log a warning if any is.

    Parameters
    ----------
    labels
        The clusters in the end, shape (n_samples,).
    labels_at_start
        Those that the training started with; the effective numbers of both are compared.
    n_clusters
        The number asked for; compared with how many have rows.
    """
    n_left = len(np.unique(labels))
    if n_left < n_clusters:
        logger.warning("clusters are lost: %d of %d have rows", n_left, n_clusters)
    at_start, at_end = effective_n_clusters(labels_at_start), effective_n_clusters(labels)
    if at_start is None or at_end is None:
        return False
    if n_left >= _COLLAPSED * n_clusters and at_end >= _COLLAPSED * at_start:
        return False
    logger.warning(
        "the clusters have collapsed: %.1f effective ones, %.1f at the start", at_end, at_start
    )
    return True
