"""Pretraining: the ways to learn the latent space, one word each."""

from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

from models.core.arrays import normalise_rows
from models.core.devices import place_rows
from models.core.graph import neighbourhood_means
from models.core.kmeans import fit_kmeans
from models.core.records import History, Progress
from models.networks.autoencoder import Autoencoder
from models.networks.mutual_information_training import (
    InformationTraining,
    Objective,
    PrototypeHeads,
    find_partners,
    temperature,
)
from models.networks.training import Schedule, map_rows, pretrain_autoencoder
from models.networks.vade_network import Mixture, MixtureVAE

Pretraining = Literal["reconstruction", "neighbours", "variational", "mutual-information"]

N_NEIGHBORS: Final = 20
"""Neighbours of a row in its neighbourhood, and partners of a row in the mutual information."""

N_PROTOTYPES: Final = 50
"""Clusters of the mutual information, at most: more than are sought, as these are but a means."""

_ROWS_PER_PROTOTYPE: Final = 20
_WARMUP_SHARE: Final = 3
_FLOOR: Final = 1e-6


def pretrain_network(
    pretraining: Pretraining,
    network: Autoencoder,
    rows: Tensor,
    schedule: Schedule,
    learning_rate: float,
    progress: Progress | None = None,
) -> History:
    r"""Train an autoencoder, in place, so that its latent space is fit to find clusters in.

    - ``"reconstruction"``: :math:`L = L_r(x, g(f(x)))`.
    - ``"neighbours"``: the row comes in and the mean of its neighbourhood is asked for, see
      `neighbourhoods`; what a row does not share with its neighbours is noise to this network.
    - ``"variational"``: a variational autoencoder with the prior N(0, I), the bound of
      `models.estimators.vade.VaDE` with one fixed component; the mean of the code is the latent
      vector.
    - ``"mutual-information"``: the reconstruction, and beside it prototypes in the latent space on
      which neighbours agree, see `models.estimators.mutual_information`.

    Parameters
    ----------
    pretraining
        One of these words.
    network
        On the device to train on.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    schedule
        Epochs, batch size and seed.
    learning_rate
        Of Adam.
    progress
        See `models.core.records.Progress`.

    Returns
    -------
    See `models.core.records.History`.
    """
    if pretraining == "variational":
        return _fit_variational(network, rows, schedule, learning_rate, progress)
    if pretraining == "mutual-information":
        return _fit_information(network, rows, schedule, learning_rate, progress)
    targets = None
    if pretraining == "neighbours":
        targets = place_rows(neighbourhoods(rows), rows.device)
    return pretrain_autoencoder(network, rows, schedule, learning_rate, progress, targets)


def neighbourhoods(rows: Tensor) -> Tensor:
    """Turn rows, centred, to the mean direction of their neighbourhood; each keeps its length.

    Neighbours are by cosine, the smoothing is that of `models.core.graph.neighbourhood_means`.
    """
    X = rows.cpu().numpy()
    directions = normalise_rows(X)
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    means = neighbourhood_means(directions, N_NEIGHBORS, rows.device)
    return torch.from_numpy(means * lengths)


def _fit_variational(
    network: Autoencoder,
    rows: Tensor,
    schedule: Schedule,
    learning_rate: float,
    progress: Progress | None,
) -> History:
    """Maximise the evidence lower bound under a standard normal prior."""
    center = np.zeros((1, network.latent_dim), dtype=np.float32)
    prior = Mixture(np.ones(1, dtype=np.float32), center, np.ones_like(center))
    training = MixtureVAE(network, prior, _FLOOR, rows)
    for part in (training.logits, training.means, training.log_above_floor):
        part.requires_grad_(False)
    return training.fit(schedule, schedule.n_epochs // _WARMUP_SHARE, learning_rate, progress)


def _fit_information(
    network: Autoencoder,
    rows: Tensor,
    schedule: Schedule,
    learning_rate: float,
    progress: Progress | None,
) -> History:
    """Reconstruct, and make neighbours agree on prototypes."""
    device = network.feature_mean.device
    latent = map_rows(network.encode, rows, device).cpu().numpy()
    n_prototypes = max(1, min(N_PROTOTYPES, len(rows) // _ROWS_PER_PROTOTYPE))
    _, centers = fit_kmeans(latent, n_prototypes, 1, schedule.seed)
    heads = PrototypeHeads(
        network,
        torch.from_numpy(centers[None]).to(device),
        torch.tensor([temperature(latent, centers)], device=device),
    )
    objective = Objective(reconstruction_loss_weight=1.0)
    training = InformationTraining(heads, rows, find_partners(rows, N_NEIGHBORS), objective)
    return training.fit(schedule, learning_rate, progress)
