"""What is new or more than usual tonight: clusters against their own history of nightly documents.

The documents of a night that are a cluster's are expected to follow its share of the nights before.
How sure that is depends on how many there were (Gamma and Poisson, so a negative binomial), and on
how restless the cluster has been beyond that. Nights count by their documents, so that a large
night rings nothing; from three weeks on the weekday counts too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, norm, t

from models.core.arrays import Integers
from models.insight.restlessness import restlessness

Doubles = NDArray[np.float64]

FALSE_ALARMS: Final = 0.05
"""A night, by chance: one in twenty nights of a steady feed. It is shared among all clusters."""

BAND: Final = 0.95

_PRIOR: Final = 0.5
"""Documents that a cluster is taken to have had before it had any (Jeffreys' prior)."""

_FEWEST: Final = 4
"""Documents of an alarm: three that are alike come together by chance in any feed of some size."""

_SPANS: Final = (1, 2)
"""Nights that are looked at together: a story that comes slowly is seen on its second night."""

_OLD_SHARE: Final = 0.1
"""Of a new story's documents, those from before last night, or a single one: a few are put in it
by mistake."""

_WEEK: Final = 7
_WEAK: Final = 0.01
"""Chance of what a weak signal has grown in a week; it is no alarm, and need not be as sure."""

_SAME_WEEKDAYS: Final = 3
"""Nights of tonight's weekday that there must be: one or two would be taken for a rhythm."""

_WEEKDAY_PRIOR: Final = 10.0
"""Documents that speak for a weekday like the others, so that low counts make no rhythm."""

_FREEDOM: Final = 20.0
"""Of Student's t: the restlessness of a cluster is an estimate of few nights, and without this
steady feeds ring more often than they should."""

_LEAST_P: Final = 1e-300


@dataclass(frozen=True)
class Emergence:
    """Tonight's documents of every cluster beside what was expected, each of shape (n_clusters,).

    Parameters
    ----------
    expected, low, high
        Documents, and the band that holds 95 of 100 nights.
    z
        How far beyond what is usual, as standard deviations of a normal variable.
    kinds
        steady, rising, falling, new_story or weak_signal.
    is_alarm
        Whether there are more than chance explains, all clusters considered.
    """

    expected: Doubles
    low: Integers
    high: Integers
    z: Doubles
    kinds: list[str]
    is_alarm: NDArray[np.bool_]


@dataclass(frozen=True)
class _Forecast:
    """A negative binomial for every cluster: its mean, and how far it varies beyond Poisson."""

    mean: Doubles
    excess: Doubles

    def distribution(self) -> nbinom:
        size = 1 / self.excess
        return nbinom(size, size / (size + self.mean))


def find_emergence(counts: Integers, nights: Sequence[date]) -> Emergence:
    """Compare tonight's new documents of every cluster with its own history.

    Parameters
    ----------
    counts
        New documents of every cluster on every night, the last of which is tonight, shape
        (n_clusters, n_nights); there is a night before, and every night has documents.
    nights
        Shape (n_nights,).
    """
    forecast = _forecast(counts, nights, span=1).distribution()
    tonight = counts[:, -1]
    tail = forecast.sf(tonight - 1)
    limit = FALSE_ALARMS / len(counts)
    is_alarm = _is_alarm(counts, nights, limit)
    beyond = np.clip(tail - forecast.pmf(tonight) / 2, _LEAST_P, 1)
    band = [forecast.ppf((1 + sign * BAND) / 2).astype(np.int64) for sign in (-1, 1)]
    kinds = np.full(len(counts), "steady", dtype=object)
    kinds[_is_weak_signal(counts, nights)] = "weak_signal"
    kinds[_chance(forecast.cdf(tonight)) <= limit] = "falling"
    kinds[is_alarm] = np.where(_is_new(counts), "new_story", "rising")[is_alarm]
    return Emergence(
        expected=forecast.mean(),
        low=band[0],
        high=band[1],
        z=norm.isf(beyond),
        kinds=kinds.tolist(),
        is_alarm=is_alarm,
    )


def _is_alarm(counts: Integers, nights: Sequence[date], limit: float) -> NDArray[np.bool_]:
    """Return which clusters have more documents than chance explains, tonight or in two nights."""
    spans = [it for it in _SPANS if it < len(nights)]
    found = np.zeros(len(counts), dtype=bool)
    for span in spans:
        recent = counts[:, -span:].sum(axis=1)
        tail = _forecast(counts, nights, span).distribution().sf(recent - 1)
        found |= (_chance(tail) <= limit / len(spans)) & (recent >= _FEWEST)
    # What rang last night and is over does not ring again.
    return found & (counts[:, -1] > 1)


def _chance(tail: Doubles) -> Doubles:
    """Return how likely what a forecast leaves in its tail is, for a forecast that is estimated."""
    chance: Doubles = t.sf(norm.isf(np.clip(tail, _LEAST_P, 1)), _FREEDOM)
    return chance


def _is_new(counts: Integers) -> NDArray[np.bool_]:
    """Return which clusters have nearly all of their documents from tonight and last night."""
    old = counts[:, : max(1, counts.shape[1] - 2)].sum(axis=1)
    is_new: NDArray[np.bool_] = old <= np.maximum(1, _OLD_SHARE * counts.sum(axis=1))
    return is_new


def _is_weak_signal(counts: Integers, nights: Sequence[date]) -> NDArray[np.bool_]:
    """Return which of the smaller clusters have grown in a week; none without a week before it."""
    if len(nights) < 2 * _WEEK:
        return np.zeros(len(counts), dtype=bool)
    sizes, recent = counts.sum(axis=1), counts[:, -_WEEK:].sum(axis=1)
    tail = _forecast(counts, nights, _WEEK).distribution().sf(recent - 1)
    is_there = (recent >= _FEWEST) & (counts[:, -1] > 0)
    found: NDArray[np.bool_] = is_there & (sizes <= np.median(sizes)) & (_chance(tail) <= _WEAK)
    return found


def _forecast(counts: Integers, nights: Sequence[date], span: int) -> _Forecast:
    """Forecast the documents of the last so many nights from the nights before."""
    before, exposure = counts[:, :-span], counts.sum(axis=0)
    past, n_nights = exposure[:-span], before.shape[1]
    had = _PRIOR + before.sum(axis=1)
    usual = np.outer(had / (_PRIOR * len(counts) + past.sum()), exposure)
    # Without the rhythm: around one that few nights tell, clusters seem calmer than they are.
    restless = restlessness(before, usual[:, :-span])
    usual *= _rhythm(before, usual[:, :-span], nights)
    excess = 1 / had + restless * (1 / span + 1 / n_nights)
    return _Forecast(usual[:, -span:].sum(axis=1), excess)


def _rhythm(before: Integers, usual: Doubles, nights: Sequence[date]) -> Doubles:
    """Return how many times as many documents as on other weekdays clusters have on each night.

    Parameters
    ----------
    before, usual
        On the nights before, shape (n_clusters, n_before).
    nights
        Those, and the ones that are forecast.
    """
    weekdays = np.array([it.weekday() for it in nights])
    rhythm = np.ones((len(before), len(nights)))
    for weekday in np.unique(weekdays):
        is_same = weekdays[: before.shape[1]] == weekday
        if is_same.sum() >= _SAME_WEEKDAYS:
            had, mean = (it[:, is_same].sum(axis=1) for it in (before, usual))
            factor = (_WEEKDAY_PRIOR + had) / (_WEEKDAY_PRIOR + mean)
            rhythm[:, weekdays == weekday] = factor[:, None]
    return rhythm
