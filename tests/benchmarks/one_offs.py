"""Whether single odd texts stand out from a feed far enough to be set apart.

python tests/benchmarks/one_offs.py --data FOLDER [--show 30]

For every feed of themes.py, short remarks apart: how near each text is to its three nearest (mean
cosine of the centred embeddings), its quartiles and its minimum; how many texts lie below Tukey's
inner fence, 1.5 interquartile ranges below the first quartile; how many have a local outlier factor
above 1.5, and how many of these have nearer neighbours than half of the feed. On labelled sets: how
often the nearest share a text's label, of all texts and of the 2 in 100 that are farthest. At last
what is surely odd: texts of the other feeds, put into this one alone. How many lie below the fence,
and how many of its own texts would have to be cut with the middle one of them.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import LocalOutlierFactor
from themes import Feed, load_feed

from models.core.arrays import Floats, normalise_rows
from models.core.graph import Neighbours, nearest_neighbours
from models.text.language.stop_words import stop_words_of
from models.text.language.told import language_shares
from models.text.remarks import find_remarks

N_NEAREST: Final = 3
"""A theme of four texts is one, and none of them alone."""

LOF_NEIGHBOURS: Final = 20
LOF_LIMIT: Final = 1.5
"""What scikit-learn calls an outlier."""

FARTHEST: Final = 0.02

_HEADER: Final = (
    "| feed | texts | min | quartiles | below the fence | LOF > 1.5 | of these in the nearer half"
    " | label shared: all | farthest 2 % | planted, below the fence | cut with them |\n"
    f"|---|{'---:|' * 10}"
)


def examine(feed: Feed, odd: Floats, n_shown: int) -> Iterator[str]:
    """Lay out one line of the table, and the farthest texts."""
    stop_words = stop_words_of(tuple(language_shares(feed.texts)))
    kept = np.flatnonzero(~find_remarks(feed.texts, feed.embeddings, stop_words))
    x = normalise_rows(feed.embeddings[kept] - feed.embeddings[kept].mean(axis=0))
    found = nearest_neighbours(x, N_NEAREST)
    near = found.similarities.mean(axis=1)
    low, half, high = np.quantile(near, [0.25, 0.5, 0.75])
    lof = -LocalOutlierFactor(LOF_NEIGHBOURS, metric="cosine").fit(x).negative_outlier_factor_
    is_odd = lof > LOF_LIMIT
    inside = f"{(near[is_odd] >= half).mean():.0%}" if is_odd.any() else ""
    planted = _planted(feed.embeddings[kept], odd)
    shared = _label_shared([feed.themes[it] for it in kept], found)
    far = near <= np.quantile(near, FARTHEST)
    agreed = (_percent(shared), _percent(shared[far]))
    yield (
        f"| {feed.name} | {len(kept)} | {near.min():.2f} | {low:.2f} {half:.2f} {high:.2f}"
        f" | {(near < _fence(near)).sum()} | {is_odd.sum()} | {inside}"
        f" | {agreed[0]} | {agreed[1]} | {planted[0]} of {len(odd)} | {planted[1]:.1%} |"
    )
    for place in np.argsort(near)[:n_shown]:
        yield f"    {near[place]:.2f} {feed.texts[kept[place]]:.100}".replace("\n", " ")


def _fence(near: Floats) -> float:
    """Return Tukey's inner fence, 1.5 interquartile ranges below the first quartile."""
    low, high = np.quantile(near, [0.25, 0.75])
    return float(low - 1.5 * (high - low))


def _planted(X: Floats, odd: Floats) -> tuple[int, float]:
    """Put texts of other feeds into this one, each alone.

    Returns
    -------
    How many lie below the fence, and the median share of the feed's own texts that lie as far out.
    """
    n_below, farther = 0, []
    for row in odd:
        x = normalise_rows(np.vstack([X, row]) - X.mean(axis=0))
        near = nearest_neighbours(x, N_NEAREST).similarities.mean(axis=1)
        n_below += int(near[-1] < _fence(near))
        farther.append((near[:-1] <= near[-1]).mean())
    return n_below, float(np.median(farther))


def _label_shared(themes: Sequence[set[str]], found: Neighbours) -> NDArray[np.float64]:
    """Compute which share of the nearest has one of a text's labels; NaN where it has none."""
    return np.array(
        [
            np.mean([bool(own & themes[it]) for it in nearest]) if own else np.nan
            for own, nearest in zip(themes, found.indices, strict=True)
        ]
    )


def _percent(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.0%}" if len(known) else ""


def main() -> None:
    """Print the table."""
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="has the folders feeds, reviews")
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--show", type=int, default=0, help="of each feed, farthest texts")
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors-themes"))
    options = parser.parse_args()
    print(_HEADER)
    feeds = [
        load_feed(path, options.documents, options.vectors_cache)
        for folder in ("feeds", "reviews")
        for path in sorted((options.data / folder).glob("*.parquet"))
    ]
    for feed in feeds:
        odd = np.array([it.embeddings[0] for it in feeds if it is not feed])
        for line in examine(feed, odd, options.show):
            print(line, flush=True)


if __name__ == "__main__":
    main()
