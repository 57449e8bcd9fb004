"""More kinds of time series that are drawn: few labels and many, one channel and three."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from series_drawn import drawn
from series_sets import LabelledSeries

Doubles = NDArray[np.float64]


def _begin_middle_end(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a plateau, up or down, and a small bump before it, after it or nowhere."""
    series = rng.normal(0, 0.1, 128)
    start, length = rng.integers(40, 60), rng.integers(20, 40)
    series[start : start + length] += rng.choice([-1, 1])
    bump = 1.2 * np.concatenate([np.linspace(0, 1, 6), np.linspace(1, 0, 6)])
    if kind != 1:
        at = 4 if kind == 0 else 110
        series[at : at + 12] += bump
    return series


def _tent(x: float) -> float:
    return 0.999 * min(x / 0.6, (1 - x) / 0.4) + 0.0005


def _chebyshev(x: float) -> float:
    return float(np.cos(3.2 * np.arccos(2 * x - 1)) / 2 + 0.5)


_MAPS: Final[tuple[Callable[[float], float], ...]] = (
    lambda x: 3.9 * x * (1 - x), lambda x: 3.6 * x * (1 - x), _tent, _chebyshev,
)  # fmt: skip


def _chaos(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw what a map of the interval onto itself gives step by step; noise, and a rough sine."""
    if kind == len(_MAPS):
        return rng.uniform(size=180)
    if kind > len(_MAPS):
        return np.asarray(
            np.sin(0.35 * np.arange(180) + rng.uniform(0, 7)) + rng.normal(0, 0.1, 180)
        )
    series = [rng.uniform(0.2, 0.8)]
    while len(series) < 220:
        series.append(_MAPS[kind](series[-1]))
    return np.array(series[40:]) + rng.normal(0, 0.02, 180)


def _heartbeat(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a beat: usual, without its first wave, with a wide spike, or with a raised line."""
    time, at = np.linspace(0, 1, 140), 0.4 + rng.normal(0, 0.01)

    def wave(centre: float, width: float, height: float) -> Doubles:
        return np.asarray(height * np.exp(-0.5 * ((time - centre) / width) ** 2))

    series = rng.normal(0, 0.03, 140) + wave(
        at, 0.04 if kind == 2 else 0.012, rng.uniform(0.9, 1.1)
    )
    series -= wave(at - 0.03, 0.012, 0.15) + wave(at + 0.03, 0.012, 0.2)
    series += wave(at + 0.25, 0.05, -0.3 if kind == 2 else 0.3)
    if kind != 1:
        series += wave(at - 0.16, 0.025, rng.uniform(0.14, 0.22))
    if kind == 3:
        series += 0.25 * ((time > at + 0.05) & (time < at + 0.2))
    return series


def _spiked(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a sine, with one spike or without."""
    turns = np.arange(150) / rng.uniform(24, 26) + rng.uniform()
    series = np.sin(2 * np.pi * turns) + rng.normal(0, 0.15, 150)
    at = int(rng.integers(10, 140))
    series[at : at + 3] += 3 * kind
    return series


def _drift(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a random walk that drifts up or down."""
    return np.cumsum(rng.normal(0, 0.5, 100)) + (18 * kind - 9) * np.linspace(-1, 1, 100)


def _wave(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a sine, a square, a saw or pulses, slow, quick or quicker."""
    turns = (4, 9, 20)[kind % 3] * rng.uniform(0.95, 1.05) * np.linspace(0, 1, 200) + rng.uniform()
    sine = np.sin(2 * np.pi * turns)
    shapes = (sine, np.sign(sine), 2 * (turns % 1) - 1, 2 * sine**8 - 1)
    return np.asarray(shapes[kind // 3] + rng.normal(0, 0.2, 200))


def _modulated(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw a carrier whose amplitude, frequency or sign a slow sine changes, or that quickens."""
    time = np.linspace(0, 1, 256)
    slow = np.sin(2 * np.pi * (rng.uniform(2, 4) * time + rng.uniform()))
    phase = 60 * np.pi * time + rng.uniform(0, 6)
    signals = (
        (1 + 0.8 * slow) * np.sin(phase), np.sin(phase + 6 * slow),
        np.sin(phase) * np.sign(slow), np.sin(phase + 40 * np.pi * time**2),
    )  # fmt: skip
    return np.asarray(signals[kind] + rng.normal(0, 0.2, 256))


def _bumps(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw bumps at none to all of three places."""
    time, series = np.arange(120), rng.normal(0, 0.1, 120)
    for place in range(3):
        if kind >> place & 1:
            series += np.exp(-0.5 * ((time - 20 - 40 * place - rng.normal(0, 2)) / 5) ** 2)
    return series


_RATES: Final = (0, 1.6, 2.6, 0.5, 1.6)
_STRENGTHS: Final = (0.05, 0.8, 1.6, 0.7, 0.4)
_GRAVITY: Final = ((0, 0, 1), (0, 1, 0), (0, 1, 0), (0.7, 0.7, 0), (1, 0, 0))


def _motion(kind: int, rng: np.random.Generator) -> Doubles:
    """Draw what an accelerometer with three axes shows of five activities."""
    turns = _RATES[kind] * rng.uniform(0.93, 1.07) * np.arange(100) / 50
    phases = 2 * np.pi * turns[:, None] + rng.uniform(0, 6) + np.arange(3)
    swings = np.sin(phases) * [1, 0.6, 0.3] + 0.2 * np.sin(2 * phases)
    return np.asarray(_GRAVITY[kind] + _STRENGTHS[kind] * swings + rng.normal(0, 0.06, (100, 3)))


DRAWN_LATER: Final[Mapping[str, Callable[[], LabelledSeries]]] = {
    "begin, middle, end": lambda: drawn(_begin_middle_end, 3, 60),
    "chaos": lambda: drawn(_chaos, 6, 50),
    "heartbeats": lambda: drawn(_heartbeat, 4, 50),
    "spikes": lambda: drawn(_spiked, 2, 70),
    "drifts": lambda: drawn(_drift, 2, 60),
    "waves": lambda: drawn(_wave, 12, 25),
    "modulations": lambda: drawn(_modulated, 4, 60),
    "bumps": lambda: drawn(_bumps, 8, 40),
    "motions": lambda: drawn(_motion, 5, 40),
}
