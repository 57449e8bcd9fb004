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

SKEWED: Final = 1.0
"""Skewness: that of an exponential distribution is 2."""

GROWING: Final = 3.0
"""Times that the variance of the last third is that of the first."""

SLOW: Final = 0.04
FAST: Final = 0.2
"""Share of the steps that cross the mean: white noise crosses at half of them."""

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
    words.append("periodic" if _autocorrelation_peak(z) > PERIODIC else "irregular")
    return [*words, *_asymmetry(z), *_pace(z)]


def _asymmetry(z: Floats) -> list[str]:
    """Say whether a channel goes up or down from where it mostly is, and whether it swells."""
    skewness, third = float(np.mean(z**3)), len(z) // 3
    words = ["peaks"] if skewness > SKEWED else ["dips"] if skewness < -SKEWED else []
    first, last = (float(part.var()) for part in (z[:third], z[-third:]))
    if last > GROWING * first:
        words.append("growing")
    elif first > GROWING * last:
        words.append("fading")
    return words


def _pace(z: Floats) -> list[str]:
    """Say how often a channel crosses its mean."""
    crossings = float(np.mean(np.diff(z > 0)))
    return ["slow"] if crossings < SLOW else ["fast"] if crossings > FAST else []


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
