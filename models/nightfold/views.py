"""What the heads see of a row: its views, and where it lies in the latent space."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from models.core.arrays import Floats, normalise_rows
from models.core.devices import as_tensor
from models.core.projection import FusedView
from models.networks.autoencoder import Autoencoder
from models.networks.training import map_rows


def latent_rows(view: FusedView, network: Autoencoder, X: Floats) -> Floats:
    """Encode rows, (n_samples, n_features), on the network's device; (n_samples, latent_dim)."""
    codes = map_rows(
        lambda rows: network.encode(network.standardize(rows)),
        as_tensor(view.transform(X)),
        network.feature_mean.device,
    )
    return np.asarray(codes.cpu().numpy())


def views_of(view: FusedView, network: Autoencoder, X: Floats) -> list[Tensor]:
    """Return semantic, lexical and latent rows, (n_samples, view_dim) each, all of one scale."""
    views = [*view.split(X), normalise_rows(latent_rows(view, network, X))]
    return [as_tensor(each * np.float32(np.sqrt(each.shape[1]) / 4)) for each in views]


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
