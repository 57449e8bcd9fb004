"""How time series become vectors: an encoder that is learnt from the series of a window."""

from pathlib import Path
from typing import Final, Self

import numpy as np

from models.core.arrays import Floats, normalise_rows
from models.core.persistence import JSON
from models.core.projection import Projection
from models.core.records import Progress
from models.core.weights_file import read_weights, write_weights
from models.series.batches import Series
from models.series.minirocket import MiniRocket

DIMENSION: Final = 64


class SeriesEncoder:
    """What random kernels see in a series, in the directions in which a window's series differ.

    Parameters
    ----------
    rocket
        The kernels.
    projection
        Principal components of what they see.
    n_channels
        Channels of a series.
    """

    def __init__(self, rocket: MiniRocket, projection: Projection, n_channels: int) -> None:
        self.rocket = rocket
        self.projection = projection
        self.n_channels = n_channels

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self.projection.components.shape[1])

    @classmethod
    def learn(
        cls, series: Series, seed: int, device: str = "auto", progress: Progress | None = None
    ) -> Self:
        """Learn an encoder from series.

        Parameters
        ----------
        series
            One array for each, shape (length, n_channels), finite; at least one.
        seed
            The same seed gives the same bits on the same machine.
        device
            See `models.core.devices.resolve_device`.
        progress
            See `models.core.records.Progress`.
        """
        rocket = MiniRocket.fit(series, seed)
        projection = Projection.fit(rocket.transform(series), DIMENSION)
        return cls(rocket, projection, series[0].shape[1])

    def encode(self, series: Series) -> Floats:
        """Encode series to unit rows, shape (n_series, dimension).

        Raises
        ------
        ValueError
            If a series has another number of channels than those it was learnt from.
        """
        for each in series:
            if each.ndim != 2 or each.shape[1] != self.n_channels:
                raise ValueError(
                    f"series must be of shape (length, {self.n_channels}), got {each.shape}"
                )
        if len(series) == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return normalise_rows(self.projection.transform(self.rocket.transform(series)))

    def save(self, path: Path) -> None:
        """Write the encoder to one safetensors file; see `models.core.weights_file`."""
        arrays = {
            "channels": self.rocket.channels,
            "mean": self.projection.mean,
            "components": self.projection.components,
        }
        for number, thresholds in enumerate(self.rocket.thresholds):
            arrays[f"thresholds.{number}"] = thresholds
        settings: dict[str, JSON] = {
            "dilations": list(self.rocket.dilations),
            "n_channels": self.n_channels,
        }
        write_weights(path, arrays, settings)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> Self:
        """Read an encoder that `save` wrote."""
        arrays, settings = read_weights(path)
        dilations = tuple(settings["dilations"])
        thresholds = tuple(arrays[f"thresholds.{number}"] for number in range(len(dilations)))
        rocket = MiniRocket(dilations, arrays["channels"], thresholds)
        projection = Projection(arrays["mean"], arrays["components"])
        return cls(rocket, projection, settings["n_channels"])
