"""What the heads see of a row: its views, and where it lies in the latent space."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from models.core.arrays import Floats, normalise_rows
from models.core.devices import as_tensor
from models.core.projection import FusedView
from models.networks.autoencoder import Autoencoder
from models.networks.training import map_rows


class Look(NamedTuple):
    """What a model sees of rows, found in one go: one follows from the other.

    Attributes
    ----------
    fused
        The views in one space, rows of length one, shape (n_samples, any).
    latent
        Where the rows lie in the latent space, shape (n_samples, latent_dim).
    views
        What the heads see: semantic, lexical and latent rows, (n_samples, view_dim) each, all of
        one scale.
    """

    fused: Floats
    latent: Floats
    views: list[Tensor]


def look_at(view: FusedView, network: Autoencoder, X: Floats) -> Look:
    """See rows, (n_samples, n_features), as a model does, on the network's device."""
    parts = view.split(X)
    fused = view.fuse(parts)
    latent = latent_rows(network, fused)
    scaled = [it * np.float32(np.sqrt(it.shape[1]) / 4) for it in (*parts, normalise_rows(latent))]
    return Look(fused, latent, [as_tensor(it) for it in scaled])


def latent_rows(network: Autoencoder, fused: Floats) -> Floats:
    """Encode fused rows on the network's device, shape (n_samples, latent_dim)."""
    codes = map_rows(
        lambda rows: network.encode(network.standardize(rows)),
        as_tensor(fused),
        network.feature_mean.device,
    )
    return np.asarray(codes.cpu().numpy())


def views_apart(X: Floats, dims: Sequence[int]) -> list[Floats]:
    """Return each view alone, centred, its rows of length one; none where there is but one.

    Parameters
    ----------
    X
        The views side by side, shape (n_samples, sum of dims).
    dims
        Their widths.
    """
    if len(dims) < 2:
        return []
    views = (normalise_rows(it) for it in np.split(X, np.cumsum(dims)[:-1], axis=1))
    return [normalise_rows(it - it.mean(axis=0)) for it in views]
