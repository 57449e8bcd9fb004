"""Pretraining: an autoencoder that turns a document into the mean of its neighbourhood.

The graph cannot place a document that it has not seen; a network that has learned what the graph
does to a document can.
"""

from typing import Final

from torch import Tensor

from models.core.devices import place_rows
from models.core.records import History, Progress
from models.networks.autoencoder import Autoencoder
from models.networks.training import Schedule, pretrain_autoencoder, round_weights

LEARNING_RATE: Final = 1e-3

MOST_STEPS: Final = 400
"""Of 20,000 titles and 28,000 tweets twice as many give the same clusters (make bench-quality)."""


def epochs_for(wanted: int, n_samples: int, batch_size: int) -> int:
    """Return the passes that are wanted, or as many as `MOST_STEPS` allow: 1 at least of any."""
    return min(wanted, max(1, MOST_STEPS // -(-n_samples // batch_size)))


def pretrain_on_neighbourhoods(
    autoencoder: Autoencoder,
    rows: Tensor,
    targets: Tensor,
    schedule: Schedule,
    progress: Progress | None = None,
    learning_rate: float = LEARNING_RATE,
) -> History:
    r"""Train an autoencoder whose target is the neighbourhood of its input.

    .. math::
        L = \frac{1}{n d} \sum_i \| s_i - g(f(x_i)) \|^2

    Parameters
    ----------
    autoencoder
        The network, on the device to train on.
    rows
        Standardized rows x, shape (n_samples, n_features), on any device.
    targets
        Smoothed rows s in the same units, same shape.
    schedule
        Epochs, batch size and seed.
    progress
        See `models.core.records.Progress`.
    learning_rate
        Of Adam.

    Returns
    -------
    See `models.core.records.History`.
    """
    device = autoencoder.feature_mean.device
    placed, placed_targets = place_rows(rows, device), place_rows(targets, device)
    history = pretrain_autoencoder(
        autoencoder, placed, schedule, learning_rate, progress, placed_targets
    )
    round_weights(autoencoder)
    return history
