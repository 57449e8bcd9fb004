"""Series of unequal length side by side: padded at the end, with a mask of what is there."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from models.core.arrays import Floats

Series = Sequence[Floats]
"""One array for each series, (length, channels); all have the same channels."""

_STEPS_AT_ONCE: Final = 32_768
"""Steps in a batch, padding included, so that long series need no more memory than short ones."""


class Batch(NamedTuple):
    """Some series side by side."""

    values: Tensor  # (n_series, n_channels, n_steps), 0 where there is nothing
    mask: Tensor  # (n_series, n_steps), 1 where there is something, else 0
    positions: list[int]  # of these series among all


def padded(series: Series, positions: Sequence[int]) -> Batch:
    """Put some of the series side by side; the longest decides how wide the batch is."""
    lengths = [len(series[number]) for number in positions]
    n_channels = series[positions[0]].shape[1]
    values = np.zeros((len(positions), n_channels, max(lengths)), dtype=np.float32)
    mask = np.zeros((len(positions), max(lengths)), dtype=np.float32)
    for row, (number, length) in enumerate(zip(positions, lengths, strict=True)):
        values[row, :, :length] = series[number].T
        mask[row, :length] = 1.0
    return Batch(torch.from_numpy(values), torch.from_numpy(mask), list(positions))


def batches(series: Series) -> Iterator[Batch]:
    """Yield all series, those of like length together, so that little is padded."""
    order = sorted(range(len(series)), key=lambda number: (-len(series[number]), number))
    start = 0
    while start < len(order):
        longest = max(len(series[order[start]]), 1)
        stop = start + max(1, _STEPS_AT_ONCE // longest)
        yield padded(series, order[start:stop])
        start = stop
