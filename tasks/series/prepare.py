"""Series as encoders take them: even steps, no gaps, no more steps than are asked for."""

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats
from tasks.series.settings import SeriesSettings
from validation.items.series_rules import FOUND, TIME_READ

_UNEVEN = 0.01
"""Of the usual step: so far may steps differ and count as even, as clocks jitter."""

Doubles = NDArray[np.float64]


class UnfitSeriesError(ValueError):
    """A series that cannot be looked at.

    Parameters
    ----------
    rule
        Of `validation.items.series_rules`.
    problem
        As a sentence.
    """

    def __init__(self, rule: str, problem: str) -> None:
        super().__init__(problem)
        self.rule = rule


@dataclass(frozen=True)
class Looked:
    """A series as it came, and what is measured of it.

    Parameters
    ----------
    values
        Shape (n_steps, n_channels); NaN where a value is missing.
    times
        Shape (n_steps,), in any unit; None where the feed has none.
    missing, n_back, gap, n_levels
        See `validation.items.series_rules.MEASURED`.
    """

    values: Doubles
    times: Doubles | None
    missing: float
    n_back: int
    gap: float
    n_levels: int


def look_at(told: str) -> Looked:
    """Read what `tasks.series.rows` wrote, and measure it.

    Raises
    ------
    UnfitSeriesError
        If channels differ in length, or a time cannot be read.
    """
    said: dict[str, Any] = json.loads(told)
    channels = [np.array(it, dtype=np.float64) for it in said["values"].values()]
    lengths = {len(it) for it in channels} | ({len(said["times"])} if said["times"] else set())
    if len(lengths) != 1:
        raise UnfitSeriesError(FOUND, f"its lists have {_listed(lengths)} values")
    values = np.stack(channels, axis=1)
    times = _times(said["times"]) if said["times"] else None
    if times is not None and not said["in_order"]:
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
    steps = np.diff(times) if times is not None else np.ones(max(len(values) - 1, 0))
    usual = float(np.median(steps)) if len(steps) else 1.0
    is_missing = np.isnan(values)
    return Looked(
        values=values,
        times=times,
        missing=float(is_missing.mean()) if values.size else 1.0,
        n_back=int((steps <= 0).sum()),
        gap=float(steps.max() / usual) if len(steps) and usual > 0 else 1.0,
        n_levels=max(len(np.unique(it[~np.isnan(it)])) for it in values.T),
    )


def prepared(looked: Looked, settings: SeriesSettings) -> Floats:
    """Bring a series to even steps: gaps filled by straight lines, no more steps than are kept.

    Returns
    -------
    Shape (at most `steps`, n_channels), finite; by channel of mean 0 and spread 1 if that is set.
    """
    times = looked.times if looked.times is not None else np.arange(len(looked.values), dtype=float)
    grid = _grid(times)
    filled = np.stack([_filled(times, channel, grid) for channel in looked.values.T], axis=1)
    shrunk = _shrunk(filled, settings.steps)
    if settings.z_normalise:
        spread = shrunk.std(axis=0)
        shrunk = (shrunk - shrunk.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(shrunk, dtype=np.float32)


def as_npy(series: Floats) -> bytes:
    """Write a prepared series: the same one always gives the same bytes."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(series), allow_pickle=False)
    return file.getvalue()


def from_npy(content: bytes) -> Floats:
    """Read what `as_npy` wrote, shape (n_steps, n_channels)."""
    found = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return np.asarray(found, dtype=np.float32)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a prepared series: of two with the same, one is a copy."""
    return hashlib.sha256(content).hexdigest()


def _times(told: list[Any]) -> Doubles:
    """Return times as numbers; dates as seconds."""
    if all(isinstance(it, int | float) for it in told):
        return np.array(told, dtype=np.float64)
    from validation.cells.timestamps import parse_timestamps

    dates = parse_timestamps([None if it is None else str(it) for it in told])
    if dates.isna().any():
        at = int(np.flatnonzero(dates.isna())[0])
        raise UnfitSeriesError(TIME_READ, f"the time of its step {at + 1} is no number and no date")
    return np.asarray(dates.dt.tz_convert(None).to_numpy("datetime64[us]").astype(np.int64) / 1e6)


def _grid(times: Doubles) -> Doubles:
    """Return even times from the first to the last, as far apart as is usual."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    if np.abs(steps - usual).max() <= _UNEVEN * usual:
        return times
    return np.linspace(times[0], times[-1], round((times[-1] - times[0]) / usual) + 1)


def _filled(times: Doubles, channel: Doubles, grid: Doubles) -> Doubles:
    is_there = ~np.isnan(channel)
    if not is_there.any():
        return np.zeros(len(grid))
    return np.interp(grid, times[is_there], channel[is_there])


def _shrunk(values: Doubles, most: int) -> Doubles:
    """Return means of as many even stretches as are kept, where there are more steps."""
    if len(values) <= most:
        return values
    starts = np.arange(most) * len(values) // most
    sizes = np.diff(np.append(starts, len(values)))
    return np.asarray(np.add.reduceat(values, starts, axis=0) / sizes[:, None])


def _listed(lengths: set[int]) -> str:
    return " and ".join(f"{it:,}" for it in sorted(lengths))
