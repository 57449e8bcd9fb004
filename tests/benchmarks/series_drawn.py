"""Kinds of time series that are drawn, as papers describe them: sets that no rule was chosen by."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from series_sets import LabelledSeries

Draw = Callable[[int, np.random.Generator], NDArray[np.float64]]
"""Draws a series of a kind, given by its number."""


def _cylinder_bell_funnel(kind: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw as Saito (1994): a plateau, a slope up or a slope down, somewhere in noise."""
    start, length, t = rng.integers(16, 33), rng.integers(32, 97), np.arange(128)
    is_inside = (t >= start) & (t <= start + length)
    shape = (np.ones(128), (t - start) / length, (start + length - t) / length)[kind]
    return np.asarray((6 + rng.normal()) * is_inside * shape + rng.normal(size=128))


def _control_chart(kind: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw as Alcock and Manolopoulos (1999): steady, cyclic, two trends and two shifts."""
    t, series = np.arange(60), 2 * rng.uniform(-3, 3, 60)
    if kind == 1:
        return np.asarray(
            series + rng.uniform(10, 15) * np.sin(2 * np.pi * t / rng.uniform(10, 15))
        )
    sign = 1 if kind % 2 else -1
    if kind in {2, 3}:
        return np.asarray(series + sign * rng.uniform(0.2, 0.5) * t)
    if kind in {4, 5}:
        return np.asarray(series + sign * rng.uniform(7.5, 20) * (t >= rng.uniform(20, 40)))
    return series


def _two_patterns(kind: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw as Geurts (2002): two steps in noise, each up or down."""
    series, (first, second) = rng.normal(size=128), rng.integers(16, 32, 2)
    start = int(rng.integers(0, 128 - first - second - 1))
    later = int(rng.integers(start + first, 128 - second))
    for at, length, is_down in ((start, first, kind % 2), (later, second, kind // 2)):
        height = -5 if is_down else 5
        series[at : at + length // 2] = -height
        series[at + length // 2 : at + length] = height
    return series


_REGRESSIONS: Final = ((0.9, 0.0), (-0.7, 0.0), (1.6, -0.8), (0.0, 0.7), (0.3, -0.8))
_SETTLING: Final = 50


def _autoregression(kind: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw an autoregressive process of second order, after it has settled."""
    series, (one, two) = rng.normal(size=200 + _SETTLING), _REGRESSIONS[kind]
    for t in range(2, len(series)):
        series[t] += one * series[t - 1] + two * series[t - 2]
    return series[_SETTLING:]


def drawn(draw: Draw, n_kinds: int, n_of_each: int) -> LabelledSeries:
    """Draw so many series of each kind."""
    rng, kinds = np.random.default_rng(0), np.repeat(np.arange(n_kinds), n_of_each)
    rows = [draw(int(kind), rng).astype(np.float32) for kind in kinds]
    series = [it if it.ndim == 2 else it[:, None] for it in rows]
    return LabelledSeries(series, kinds.astype(np.int64))


DRAWN: Final[Mapping[str, Callable[[], LabelledSeries]]] = {
    "cylinder, bell, funnel": lambda: drawn(_cylinder_bell_funnel, 3, 60),
    "control charts": lambda: drawn(_control_chart, 6, 60),
    "two patterns": lambda: drawn(_two_patterns, 4, 100),
    "autoregressions": lambda: drawn(_autoregression, 5, 60),
}
