"""MiniRocket: what many small dilated kernels see in a series, as shares of its steps."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.core.arrays import Floats
from models.series.batches import Batch, Series, batches, padded

KERNEL_LENGTH: Final = 9
N_FEATURES: Final = 2_016
"""24 for each of the 84 kernels. The authors take 9,996 to classify; to cluster, whose principal
components are few, more cost time alone."""

_MOST_DILATIONS: Final = 32
_KERNELS: Final = np.array(
    [
        [2.0 if at in three else -1.0 for at in range(KERNEL_LENGTH)]
        for three in combinations(range(KERNEL_LENGTH), 3)
    ],
    dtype=np.float32,
)
"""All 84 with six weights of -1 and three of 2: each sums to 0, so that no level is seen."""


@dataclass(frozen=True)
class MiniRocket:
    """Kernels with their dilations and thresholds, fitted to the series of a window.

    Attributes
    ----------
    dilations
        Steps between the weights of a kernel, rising.
    channels
        Which channels a kernel sees, 0 or 1, shape (n_dilations, 84, n_channels).
    thresholds
        For each dilation, those of its kernels: shape (84, n_thresholds).
    """

    dilations: tuple[int, ...]
    channels: Floats
    thresholds: tuple[Floats, ...]

    @classmethod
    def fit(cls, series: Series, seed: int) -> Self:
        """Choose dilations by the usual length, and thresholds from what the kernels give.

        Parameters
        ----------
        series
            At least one.
        seed
            Of the draws: which channels a kernel sees, and which series give its thresholds.
        """
        rng = np.random.default_rng(seed)
        usual = int(np.median([len(each) for each in series]))
        dilations, counts = _dilations(usual)
        channels = np.stack([_channels(series[0].shape[1], rng) for _ in dilations])
        thresholds = []
        for number, (dilation, count) in enumerate(zip(dilations, counts, strict=True)):
            drawn = rng.integers(len(series), size=len(_KERNELS))
            responses = _responses(padded(series, list(drawn)).values, dilation, channels[number])
            lengths = [len(series[it]) for it in drawn]
            shares = rng.permutation(_even_shares(len(_KERNELS) * count)).reshape(-1, count)
            thresholds.append(_quantiles(responses, lengths, shares))
        return cls(dilations, channels, tuple(thresholds))

    def transform(self, series: Series) -> Floats:
        r"""Compute the share of steps at which each kernel is above each threshold.

        .. math::
            \phi_{kb}(x) = \frac{1}{T} \sum_t [(w_k * x)_t > b]

        Returns
        -------
        Shape (n_series, n_features), from 0 to 1.
        """
        width = sum(it.size for it in self.thresholds)
        found = np.empty((len(series), width), dtype=np.float32)
        for batch in batches(series):
            found[batch.positions] = self._of(batch).numpy()
        return found

    def _of(self, batch: Batch) -> Tensor:
        weights = batch.mask / batch.mask.sum(dim=1, keepdim=True)
        parts = []
        for number, dilation in enumerate(self.dilations):
            responses = _responses(batch.values, dilation, self.channels[number])
            for column in self.thresholds[number].T:
                above = responses > torch.from_numpy(column.copy())[:, None]
                parts.append(torch.einsum("nkt,nt->nk", above.float(), weights))
        return torch.cat(parts, dim=1)


def _dilations(length: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Choose dilations up to the length, and how many thresholds each has.

    Evenly many for each power of two, as in the authors' code.
    """
    per_kernel = N_FEATURES // len(_KERNELS)
    most = min(per_kernel, _MOST_DILATIONS)
    highest = np.log2(max(length - 1, KERNEL_LENGTH - 1) / (KERNEL_LENGTH - 1))
    drawn = np.logspace(0, highest, most, base=2).astype(int)
    dilations, counts = np.unique(drawn, return_counts=True)
    counts = counts * per_kernel // most
    counts[: per_kernel - counts.sum()] += 1
    return tuple(map(int, dilations)), tuple(map(int, counts))


def _channels(n_channels: int, rng: np.random.Generator) -> Floats:
    """Draw which channels each kernel sees: up to nine, fewer being likelier."""
    seen = np.zeros((len(_KERNELS), n_channels), dtype=np.float32)
    for row in seen:
        count = int(2 ** rng.uniform(0, np.log2(min(n_channels, KERNEL_LENGTH) + 1)))
        row[rng.choice(n_channels, size=max(1, min(count, n_channels)), replace=False)] = 1.0
    return seen


def _responses(values: Tensor, dilation: int, channels: Floats) -> Tensor:
    """Convolve, shape (n_series, 84, n_steps); beyond the ends there are zeros."""
    weights = torch.from_numpy(_KERNELS[:, None, :] * channels[:, :, None])
    padding = dilation * (KERNEL_LENGTH // 2)
    return functional.conv1d(values, weights, dilation=dilation, padding=padding)


def _even_shares(count: int) -> NDArray[np.float64]:
    """Return shares that fill (0, 1) evenly, by the golden ratio."""
    golden = (np.sqrt(5) + 1) / 2
    return np.asarray(np.arange(1, count + 1) * golden % 1)


def _quantiles(responses: Tensor, lengths: list[int], shares: NDArray[np.float64]) -> Floats:
    """Return the quantiles of each kernel's response to the series that was drawn for it."""
    rows = [
        np.quantile(responses[kernel, kernel, : lengths[kernel]].numpy(), shares[kernel])
        for kernel in range(len(shares))
    ]
    return np.stack(rows).astype(np.float32)
