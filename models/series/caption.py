"""What can be said of a time series by measuring it, in plain words."""

from typing import Final

import numpy as np

from models.core.arrays import Floats

TREND: Final = 0.5
"""Share of the variance that a straight line explains from which a series rises or falls."""

SHIFT: Final = 0.6
"""Share of the variance that one step explains from which a series is stepped."""

PERIODIC: Final = 0.5
"""Height of the autocorrelation's highest peak from which a series is periodic."""

NOISY: Final = 0.5
"""Share of the variance in the steps between neighbours, halved; 1 is white noise."""

SMOOTH: Final = 0.02
SPIKY: Final = 6.0
"""Excess kurtosis: a normal distribution has 0."""

SHORT: Final = 50
LONG: Final = 500


def caption(series: Floats) -> str:
    """Describe a series, shape (length, channels), in some words.

    The words of its channels, each once, the first channel's first.
    """
    words: list[str] = []
    for channel in series.T:
        words += [word for word in _words(channel) if word not in words]
    length = len(series)
    return " ".join([*words, *(["short"] if length < SHORT else ["long"] if length > LONG else [])])


def _words(x: Floats) -> list[str]:
    """Describe one channel."""
    variance = float(x.var())
    if variance <= 0 or len(x) < 4:
        return ["flat"]
    z = (x - x.mean()) / np.sqrt(variance)
    words = _direction(z)
    step = float(np.mean(np.diff(z) ** 2)) / 2
    if step > NOISY:
        words.append("noisy")
    elif step < SMOOTH:
        words.append("smooth")
    if float(np.mean(z**4)) - 3 > SPIKY:
        words.append("spiky")
    if _autocorrelation_peak(z) > PERIODIC:
        words.append("periodic")
    return words or ["irregular"]


def _direction(z: Floats) -> list[str]:
    """Say whether a channel rises, falls, or steps from one level to another."""
    time = np.linspace(-1, 1, len(z))
    correlation = float(np.corrcoef(time, z)[0, 1])
    sums = np.cumsum(z)[:-1]
    counts = np.arange(1, len(z))
    explained = sums**2 / (counts * (len(z) - counts))  # between both sides, of a variance of 1
    if float(explained.max()) > max(SHIFT, correlation**2):
        return ["stepped"]
    if correlation**2 > TREND:
        return ["rising" if correlation > 0 else "falling"]
    return []


def _autocorrelation_peak(z: Floats) -> float:
    """Return the highest autocorrelation beyond the first lag at which it is below zero."""
    spectrum = np.abs(np.fft.rfft(z, 2 * len(z))) ** 2
    correlations = np.fft.irfft(spectrum)[: len(z) // 2 + 1] / len(z)
    below = np.flatnonzero(correlations < 0)
    return float(correlations[below[0] :].max()) if len(below) else 0.0
