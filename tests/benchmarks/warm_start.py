"""A warm night beside a full refit: what each costs, and how good its clusters are.

make bench-warm DATA=FOLDER [SEEDS=3] [VECTORS=FOLDER]

Each data set, shuffled by the seed, is a window of which the last tenth comes in so many nights.
Yesterday's model is fitted on the first nine tenths. Every night that follows goes on from the
night before; on the last one the warm model is compared with a fit from nothing on all documents.
Lexical views are those of the first night on the warm path, and are fitted anew on the other; their
making is part of the cost of both. Labels are used to score only; the true number of clusters is
given.
"""

import argparse
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import clustering_accuracy, nmi
from models.text.lexical.views import LexicalViews
from tests.benchmarks.quality import Dataset, load_dataset

FIRST_SHARE: Final = 0.9
Floats = NDArray[np.float32]


def fused(dataset: Dataset, views: LexicalViews, rows: NDArray[np.int64]) -> Floats:
    """Put embeddings and lexical views side by side."""
    texts = [dataset.texts[row] for row in rows]
    return np.hstack([dataset.embeddings[rows], views.transform(texts)])


def refitted(
    dataset: Dataset, rows: NDArray[np.int64], seed: int
) -> tuple[LexicalViews, NightfoldClustering]:
    """Fit everything from nothing."""
    views = LexicalViews().fit([dataset.texts[row] for row in rows])
    dims = (dataset.embeddings.shape[1], *views.dims)
    model = NightfoldClustering(dataset.n_clusters, view_dims=dims, random_state=seed)
    return views, model.fit(fused(dataset, views, rows))


def continued(
    dataset: Dataset,
    views: LexicalViews,
    model: NightfoldClustering,
    rows: NDArray[np.int64],
    is_new: NDArray[np.bool_],
) -> NightfoldClustering:
    """Go on from last night's model."""
    X = fused(dataset, views, rows)
    return model.continue_pretraining(X, is_new).continue_refinement(X)


def compare(dataset: Dataset, seed: int, n_nights: int) -> dict[str, float]:
    """Run the nights, and the refit on the last."""
    order = np.random.default_rng(seed).permutation(len(dataset.labels))
    first = int(FIRST_SHARE * len(order))
    views, model = refitted(dataset, order[:first], seed)
    ends = np.linspace(first, len(order), n_nights + 1).astype(int)
    started = time.process_time()
    for before, end in pairwise(ends):
        model = continued(dataset, views, model, order[:end], np.arange(end) >= before)
    warm_seconds = (time.process_time() - started) / n_nights
    started = time.process_time()
    _, full = refitted(dataset, order, seed)
    full_seconds = time.process_time() - started
    truth = dataset.labels[order]
    return {
        "warm_acc": clustering_accuracy(truth, model.labels_),
        "full_acc": clustering_accuracy(truth, full.labels_),
        "warm_nmi": nmi(truth, model.labels_),
        "full_nmi": nmi(truth, full.labels_),
        "warm_seconds": warm_seconds,
        "full_seconds": full_seconds,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--datasets", default="searchsnippets,stackoverflow,agnews_test_raw")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--nights", type=int, default=6, help="warm nights in a row")
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    print("| data set | ACC full | ACC warm | NMI full | NMI warm | cost, full = 1 |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in options.datasets.split(","):
        dataset = load_dataset(
            options.data / f"{name}.parquet", options.vectors_cache, lexical=False
        )
        runs = [compare(dataset, seed, options.nights) for seed in range(options.seeds)]
        mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        quality = " | ".join(
            f"{100 * mean[f'{path}_{metric}']:.1f}"
            for metric in ("acc", "nmi")
            for path in ("full", "warm")
        )
        cost = mean["warm_seconds"] / mean["full_seconds"]
        print(f"| {name} | {quality} | {cost:.2f} |", flush=True)


if __name__ == "__main__":
    main()
