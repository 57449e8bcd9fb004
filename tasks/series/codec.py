"""Series as encoders take them: all with the channels of the series that has most."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.core.arrays import Floats
from models.core.records import Progress
from models.series.encoder import SeriesEncoder
from tasks.series.prepare import from_npy


class BytesEncoder:
    """An encoder of series that takes them as they are kept."""

    def __init__(self, encoder: SeriesEncoder) -> None:
        self._encoder = encoder

    @property
    def view_dims(self) -> tuple[int, ...]:
        """Widths of the views in a vector."""
        return self._encoder.view_dims

    def encode(self, contents: Sequence[bytes]) -> Floats:
        """Return unit rows, shape (n_series, embedding_dim)."""
        n_channels = self._encoder.n_channels
        return self._encoder.encode([in_channels(from_npy(it), n_channels) for it in contents])

    def save(self, path: Path) -> None:
        """Write the encoder to one file."""
        self._encoder.save(path)


class SeriesCodec:
    """Reads series as they are kept, and learns encoders from them."""

    name: str = "series"
    version: int = 1
    is_learnt: bool = True
    most_learnt: int | None = None

    def learn(
        self, contents: Sequence[bytes], seed: int, device: str, progress: Progress
    ) -> BytesEncoder:
        """Learn an encoder from the series of a window."""
        series = [from_npy(it) for it in contents]
        n_channels = max(it.shape[1] for it in series)
        same = [in_channels(it, n_channels) for it in series]
        return BytesEncoder(SeriesEncoder.learn(same, seed, device, progress))

    def load(self, path: Path, device: str) -> BytesEncoder:
        """Read an encoder that `BytesEncoder.save` wrote."""
        return BytesEncoder(SeriesEncoder.load(path, device))


SERIES: Final = SeriesCodec()


def in_channels(series: Floats, n_channels: int) -> Floats:
    """Bring a series to so many channels: those that it lacks are still, those beyond are cut."""
    lacking = n_channels - series.shape[1]
    if lacking <= 0:
        return series[:, :n_channels]
    return np.pad(series, ((0, 0), (0, lacking)))
