"""How often new stories are parted from known clusters rightly, and how often where nothing is new.

make bench-parting DATA=FOLDER [SEEDS=3]

Two nights are made of each labelled data set. The first has four fifths of the documents of three
quarters of the classes. The second adds the last fifth of these, and, unless it is a quiet night,
up to a hundred documents of each of the other classes: the new stories. Both nights are clustered
by plain k-means into as many clusters as there were classes on the first, so that a new story must
share a cluster or push others together. Labels are used to score only.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from quality import Dataset, choose_paths, load_dataset

from models.core.arrays import Integers
from models.core.kmeans import fit_kmeans
from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, find_cuts

PER_STORY: Final = 100
OLD_CLASSES: Final = 0.75
FIRST_NIGHT: Final = 0.8


class Nights(NamedTuple):
    """The rows of both nights, which of them are new on the second, and which tell a new story."""

    rows: Integers
    is_new: np.ndarray
    is_story: np.ndarray
    n_clusters: int


class Found(NamedTuple):
    """What the partings of one second night came to."""

    n_parted: int
    n_right: int
    """Parts of which most documents tell one and the same new story."""
    n_stories: int
    n_own_before: int
    """New stories with a cluster of their own by k-means alone: most of it, and most of them."""
    n_own_after: int


def make_nights(labels: Integers, seed: int, with_stories: bool) -> Nights:
    """Draw two nights."""
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.unique(labels))
    old = classes[: max(2, int(OLD_CLASSES * len(classes)))]
    known = rng.permutation(np.flatnonzero(np.isin(labels, old)))
    stories = [
        rng.permutation(np.flatnonzero(labels == it))[:PER_STORY] for it in classes[len(old) :]
    ]
    told = np.concatenate(stories) if with_stories else np.zeros(0, dtype=np.int64)
    first = int(FIRST_NIGHT * len(known))
    rows = np.concatenate([known, told])
    positions = np.arange(len(rows))
    return Nights(rows, positions >= first, positions >= len(known), len(old))


def n_own(labels: Integers, clusters: Integers, is_story: np.ndarray) -> int:
    """Count the new stories that have a cluster of their own."""
    found = 0
    for story in np.unique(labels[is_story]):
        home = np.bincount(clusters[labels == story]).argmax()
        shared = ((labels == story) & (clusters == home)).sum()
        found += bool(
            2 * shared > (labels == story).sum() and 2 * shared > (clusters == home).sum()
        )
    return found


def part(dataset: Dataset, nights: Nights, seed: int) -> Found:
    """Cluster both nights, part the second, and score it."""
    X, labels = dataset.embeddings[nights.rows], dataset.labels[nights.rows]
    first = fit_kmeans(X[~nights.is_new], nights.n_clusters, 4, seed)[0]
    clusters = fit_kmeans(X, nights.n_clusters, 4, seed)[0].astype(np.int64)
    origins = np.full(len(X), NEW)
    origins[~nights.is_new] = first
    known = [
        KnownCluster(str(it), None, None, frozenset(), "", "", "", 0)
        for it in range(nights.n_clusters)
    ]
    after, n_right, n_parted = clusters.copy(), 0, 0
    for cut in find_cuts(X, clusters, origins, known):
        inside = np.flatnonzero(clusters == cut.whole)
        nearest = (X[inside] @ cut.centroids.T).argmax(axis=1)
        for number in range(1, len(cut.centroids)):
            members = inside[nearest == number]
            after[members] = after.max() + 1
            told = labels[members][nights.is_story[members]]
            n_parted += 1
            n_right += bool(len(told) and 2 * np.bincount(told).max() > len(members))
    counted = [n_own(labels, it, nights.is_story) for it in (clusters, after)]
    return Found(n_parted, n_right, len(np.unique(labels[nights.is_story])), *counted)


def lines(dataset: Dataset, seeds: int) -> Iterator[str]:
    """Sum up the seeds of one data set, quiet nights first."""
    quiet = [part(dataset, make_nights(dataset.labels, it, False), it) for it in range(seeds)]
    busy = [part(dataset, make_nights(dataset.labels, it, True), it) for it in range(seeds)]
    total = Found(*np.sum(busy, axis=0).tolist())
    yield (
        f"| {dataset.name} | {sum(it.n_parted for it in quiet)} | {total.n_stories}"
        f" | {total.n_own_before} | {total.n_own_after} | {total.n_parted} | {total.n_right} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    print("| data set | quiet: parted | new stories | own before | own after | parted | rightly |")
    print(f"|---|{'---:|' * 6}")
    for path in choose_paths(options):
        print(
            *lines(load_dataset(path, options.vectors_cache), options.seeds), sep="\n", flush=True
        )


if __name__ == "__main__":
    main()
