"""Spectra: which rhythms a series has, and how strong each is, wherever it begins."""

from typing import Final

import numpy as np

from models.core.arrays import Floats
from models.series.batches import Series

STEPS: Final = 256
"""A series is brought to so many steps: rhythms are counted over its whole length."""

N_RHYTHMS: Final = 64
"""Up to so many turns; what is faster is mostly noise, and kernels see it anyway."""


def log_spectra(series: Series) -> Floats:
    r"""Compute the logarithm of the strength of each rhythm, channel by channel.

    .. math::
        s_f = \log(1 + |\hat{x}_f|), \quad f = 1, \dots, 64 \text{ turns}

    Parameters
    ----------
    series
        One array for each, shape (length, n_channels).

    Returns
    -------
    Shape (n_series, n_channels * 64).
    """
    found = np.empty((len(series), series[0].shape[1] * N_RHYTHMS), dtype=np.float32)
    for row, each in enumerate(series):
        at = np.linspace(0, len(each) - 1, STEPS)
        even = np.stack([np.interp(at, np.arange(len(each)), channel) for channel in each.T])
        strengths = np.abs(np.fft.rfft(even - even.mean(axis=1, keepdims=True)))
        found[row] = np.log1p(strengths[:, 1 : N_RHYTHMS + 1]).ravel()
    return found
