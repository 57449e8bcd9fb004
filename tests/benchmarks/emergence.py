"""How often stories ring, how late, and how often steady feeds ring for nothing.

make bench-emergence [DATA=FOLDER] [OUT=emergence.json]

Feeds are simulated: themes of a steady share, nights of differing size, documents that vary beyond
chance, weekdays. A story is planted in each by itself, as a cluster of its own or in a small theme,
and is looked for on its nights, at least two. Where FOLDER has crisislex_t26.parquet, its tweets
follow, cut into nights of one size, with the true events as clusters: what is measured is
the statistic alone, not the clustering.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from models.core.arrays import Integers
from models.insight.emergence import Emergence, find_emergence

WINDOW: Final = 30
N_NIGHTS: Final = 90
FIRST: Final = date(2026, 1, 1)
SIZES: Final = (6, 12, 25)
SPREADS: Final = (1, 2, 3)
EVERY: Final = 7
"""Nights between two plantings: a story on each weekday is no rhythm, one on Mondays would be."""

FEWEST: Final = 6
"""Documents of an event by the night from which its delay is counted."""


@dataclass(frozen=True)
class Feed:
    """A steady feed.

    Parameters
    ----------
    per_night
        Documents on a working day.
    n_themes
        Their shares fall as one over the rank to the power of 0.8.
    restlessness
        Squared coefficient of variation of a theme's nightly documents, beyond chance.
    has_weekdays
        Whether weekends are smaller, and every third theme is larger on them.
    """

    name: str
    per_night: int
    n_themes: int
    restlessness: float
    has_weekdays: bool = True

    def counts(self, seed: int) -> Integers:
        """Draw the documents of every theme on every night."""
        rng = np.random.default_rng(seed)
        shares = 1 / np.arange(1, self.n_themes + 1) ** 0.8
        is_weekend = np.array([it.weekday() >= 5 for it in NIGHTS]) & self.has_weekdays
        sizes = self.per_night * np.where(is_weekend, 0.6, 1.0) * rng.gamma(20, 1 / 20, N_NIGHTS)
        means = np.outer(shares / shares.sum(), sizes)
        means[::3, is_weekend] *= 1.6
        if self.restlessness:
            means *= rng.gamma(1 / self.restlessness, self.restlessness, means.shape)
        return rng.poisson(means)


NIGHTS: Final = [FIRST + timedelta(days=it) for it in range(N_NIGHTS)]

FEEDS: Final = (
    Feed("chance alone", 300, 30, 0.0),
    Feed("usual", 300, 30, 0.1),
    Feed("usual, no weekdays", 300, 30, 0.1, has_weekdays=False),
    Feed("small", 60, 15, 0.1),
    Feed("large", 2_000, 60, 0.1),
    Feed("restless", 300, 30, 0.3),
)


def look(counts: Integers, night: int) -> Emergence:
    """Look at one night as the stage does, with the nights of its window; the last row stays."""
    within = slice(max(0, night + 1 - WINDOW), night + 1)
    seen = counts[:, within]
    has_any = seen.sum(axis=1) > 0
    has_any[-1] = True
    return find_emergence(seen[has_any], NIGHTS[within])


def steady_figures(feed: Feed, seeds: Sequence[int]) -> dict[str, float]:
    """Return alarms and weak signals a night where nothing was planted."""
    found = [
        look(counts, night)
        for counts in map(feed.counts, seeds)
        for night in range(WINDOW, N_NIGHTS)
    ]
    n_weak = sum(it.kinds.count("weak_signal") for it in found)
    n_alarms = sum(int(it.is_alarm.sum()) for it in found)
    return {
        "nights": len(found),
        "false_alarms_a_night": n_alarms / len(found),
        "weak_signals_a_night": n_weak / len(found),
    }


def planted(counts: Integers, size: int, spread: int, night: int, is_new: bool) -> Integers:
    """Return the counts with a story in the last row: of a new cluster, or in the smallest theme."""
    there = np.vstack([counts, np.zeros(N_NIGHTS, int)]) if is_new else counts.copy()
    there[-1, night : night + spread] += size // spread
    there[-1, night] += size % spread
    return there


def delay_of(counts: Integers, night: int, spread: int) -> int | None:
    """Return on which of its nights the story in the last row rang, from 0; None if on none."""
    nights = range(night, night + max(spread, 2))
    return next((it - night for it in nights if look(counts, it).is_alarm[-1]), None)


def story_rows(feed: Feed, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield recall and delay of planted stories, by size and by where they begin."""
    for is_new in (True, False):
        for size in SIZES:
            delays = [
                delay_of(planted(counts, size, spread, night, is_new), night, spread)
                for counts in map(feed.counts, seeds)
                for spread in SPREADS
                for night in range(WINDOW, N_NIGHTS - 3, EVERY + 1)
            ]
            where = "of its own" if is_new else "in the smallest theme"
            yield {"where": where, "documents": size, **summed(delays)}


def summed(delays: Sequence[int | None]) -> dict[str, Any]:
    """Return how many stories rang, how many by their second night, and how late."""
    rang = [it for it in delays if it is not None]
    return {
        "stories": len(delays),
        "recall": len(rang) / len(delays),
        "by_second_night": sum(it <= 1 for it in rang) / len(delays),
        "mean_delay": float(np.mean(rang)) if rang else None,
    }


def crisislex(data: Path, n_nights: int) -> dict[str, Any]:
    """Look at dated events: when each rings first, and how many ring again."""
    tweets = pd.read_parquet(data).sort_values("timestamp", na_position="first")
    nights = np.arange(len(tweets)) * n_nights // len(tweets)
    events = np.unique(tweets["label"], return_inverse=True)[1]
    counts = np.zeros((events.max() + 1, n_nights), dtype=np.int64)
    np.add.at(counts, (events, nights), 1)
    begins = [int(np.argmax(np.cumsum(it) >= FEWEST)) for it in counts]
    rang = defaultdict[int, list[int]](list)
    for night in range(1, n_nights):
        within = slice(max(0, night + 1 - WINDOW), night + 1)
        there = np.flatnonzero(counts[:, within].sum(axis=1))
        dates = [FIRST + timedelta(days=it) for it in range(n_nights)][within]
        for event in there[find_emergence(counts[there, within], dates).is_alarm]:
            rang[int(event)].append(night)
    # What is there on the first night has no base to be new against.
    late = [it for it, begin in enumerate(begins) if begin > 0]
    first = [next((n - begins[it] for n in rang[it] if n >= begins[it]), None) for it in late]
    n_early = sum(n < begins[it] for it in rang for n in rang[it])
    n_again = sum(max(0, sum(n >= begins[it] for n in rang[it]) - 1) for it in rang)
    return {
        "nights": n_nights,
        "documents_a_night": len(tweets) / n_nights,
        **summed(first),
        "alarms_before_six_documents": n_early,
        "later_alarms_of_the_same_event_a_night": n_again / n_nights,
    }


def report(found: dict[str, Any]) -> Iterator[str]:
    """Yield the tables of the docs."""
    yield "| feed | nights | false alarms a night | weak signals a night |"
    yield "|---|---:|---:|---:|"
    for feed in found["feeds"]:
        steady = feed["steady"]
        yield (
            f"| {feed['name']}: {feed['per_night']:,} documents, {feed['n_themes']} themes,"
            f" r = {feed['restlessness']:g} | {steady['nights']}"
            f" | {steady['false_alarms_a_night']:.2f} | {steady['weak_signals_a_night']:.2f} |"
        )
    yield ""
    yield "| feed | story | documents | recall | by its second night | mean delay, nights |"
    yield "|---|---|---:|---:|---:|---:|"
    for feed in found["feeds"]:
        for row in feed["stories"]:
            yield f"| {feed['name']} | {row['where']} | {row['documents']} | {_figures(row)} |"
    for row in found.get("crisislex", ()):
        yield ""
        yield f"crisislex, {row['nights']} nights of {row['documents_a_night']:.0f}: {row}"


def _figures(row: dict[str, Any]) -> str:
    delay = "–" if row["mean_delay"] is None else f"{row['mean_delay']:.2f}"
    return f"{row['recall']:.2f} | {row['by_second_night']:.2f} | {delay}"


def main() -> None:
    """Measure, print the tables, and write all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="Folder with crisislex_t26.parquet.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    seeds = range(given.seeds)
    found: dict[str, Any] = {
        "feeds": [
            asdict(feed)
            | {"steady": steady_figures(feed, range(4 * given.seeds))}
            | {"stories": list(story_rows(feed, seeds))}
            for feed in FEEDS
        ]
    }
    if given.data:
        tweets = given.data / "crisislex_t26.parquet"
        found["crisislex"] = [crisislex(tweets, n_nights) for n_nights in (20, 60)]
    given.out.write_text(json.dumps(found, indent=2), encoding="utf-8")
    print("\n".join(report(found)))


if __name__ == "__main__":
    main()
