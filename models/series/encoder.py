"""How time series become vectors: an encoder that is learnt from the series of a window."""

from dataclasses import dataclass
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
from models.series.spectrum import log_spectra

VIEW_DIM: Final = 64
"""Principal components of each view, at most."""

LEAST_SPREAD: Final = 0.02
"""Added to the spread of a feature: one that hardly differs between series is mostly noise."""


@dataclass(frozen=True)
class View:
    """One kind of features, brought to one scale and to few dimensions."""

    mean: Floats  # (n_features,)
    scale: Floats  # (n_features,)
    projection: Projection

    @classmethod
    def fit(cls, features: Floats) -> Self:
        """Learn from features, shape (n_series, n_features)."""
        mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        scale = features.std(axis=0, dtype=np.float64).astype(np.float32) + np.float32(LEAST_SPREAD)
        return cls(mean, scale, Projection.fit((features - mean) / scale, VIEW_DIM))

    def transform(self, features: Floats) -> Floats:
        """Return rows of length one, shape (n_series, n_components)."""
        return normalise_rows(self.projection.transform((features - self.mean) / self.scale))

    def arrays(self, name: str) -> dict[str, Floats]:
        """Return what is kept of it."""
        return {
            f"{name}.mean": self.mean,
            f"{name}.scale": self.scale,
            f"{name}.centre": self.projection.mean,
            f"{name}.components": self.projection.components,
        }

    @classmethod
    def restored(cls, name: str, arrays: dict[str, Floats]) -> Self:
        """Undo `arrays`."""
        mean, scale, centre, components = (
            arrays[f"{name}.{part}"] for part in ("mean", "scale", "centre", "components")
        )
        return cls(mean, scale, Projection(centre, components))


class SeriesEncoder:
    """What random kernels see in a series, beside which rhythms it has.

    Each of the two views is brought to the directions in which the series of a window differ, and
    has the same weight: the kernels know shapes, the spectrum what comes again and again.

    Parameters
    ----------
    rocket
        The kernels.
    shapes, rhythms
        The views of what they see, and of the spectrum.
    n_channels
        Channels of a series.
    """

    def __init__(self, rocket: MiniRocket, shapes: View, rhythms: View, n_channels: int) -> None:
        self.rocket = rocket
        self.shapes = shapes
        self.rhythms = rhythms
        self.n_channels = n_channels

    @property
    def view_dims(self) -> tuple[int, int]:
        """Widths of the two views in a vector."""
        shapes, rhythms = (it.projection.components.shape[1] for it in (self.shapes, self.rhythms))
        return shapes, rhythms

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return sum(self.view_dims)

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
        device, progress
            As those of other encoders; nothing here is trained step by step.
        """
        rocket = MiniRocket.fit(series, seed)
        shapes, rhythms = View.fit(rocket.transform(series)), View.fit(log_spectra(series))
        return cls(rocket, shapes, rhythms, series[0].shape[1])

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
        shapes = self.shapes.transform(self.rocket.transform(series))
        rhythms = self.rhythms.transform(log_spectra(series))
        return normalise_rows(np.hstack([shapes, rhythms]))

    def save(self, path: Path) -> None:
        """Write the encoder to one safetensors file; see `models.core.weights_file`."""
        arrays = {
            "channels": self.rocket.channels,
            **self.shapes.arrays("shapes"),
            **self.rhythms.arrays("rhythms"),
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
        shapes, rhythms = (View.restored(name, arrays) for name in ("shapes", "rhythms"))
        return cls(rocket, shapes, rhythms, settings["n_channels"])
