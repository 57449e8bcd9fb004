"""The separation regulariser with either sign, against none, on a labelled data set.

python tests/benchmarks/separation.py --data FILE.parquet --vectors FILE.npy [--rows 2000]

The Parquet has a column label, the .npy the vectors of the same rows. The rows are drawn with a
fixed seed; labels are used to score only. Prints a table for the docs: means over the seeds, with
the standard deviation of ACC and NMI.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.core.kmeans import fit_kmeans
from models.estimators.separation_clustering import SeparationClustering
from models.quality.metrics import clustering_accuracy, nmi, silhouette

WEIGHTS: Final = (1e-4, 1e-3, 1e-2)
SIGNS: Final[tuple[Literal["literal", "separating"], ...]] = ("literal", "separating")

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


def read(data: Path, vectors: Path, n_rows: int) -> tuple[Floats, Labels]:
    """Draw rows."""
    labels = pd.factorize(pd.read_parquet(data, columns=["label"])["label"])[0]
    X = np.load(vectors, mmap_mode="r")
    if len(X) != len(labels):
        raise ValueError(f"{vectors} must have {len(labels)} rows, got {len(X)}")
    rows = np.sort(np.random.default_rng(0).permutation(len(X))[:n_rows])
    return np.ascontiguousarray(X[rows]), labels[rows].astype(np.int64)


def scores(X: Floats, y: Labels, model: SeparationClustering) -> list[float]:
    """ACC, NMI, silhouette in the latent space, R and reconstruction loss."""
    last = model.history_[-1]
    return [
        100 * float(clustering_accuracy(y, model.labels_) or 0.0),
        100 * float(nmi(y, model.labels_) or 0.0),
        float(silhouette(model.transform(X), model.labels_) or 0.0),
        float(last["separation"] or 0.0),
        float(last["reconstruction_loss"] or 0.0),
    ]


def row(name: str, runs: Sequence[Sequence[float]]) -> str:
    """One line of the table."""
    mean, sd = np.mean(runs, axis=0), np.std(runs, axis=0)
    cells = [f"{mean[0]:.1f} ± {sd[0]:.1f}", f"{mean[1]:.1f} ± {sd[1]:.1f}"]
    cells += [f"{value:.2f}" for value in mean[2:]]
    return f"| {name} | {' | '.join(cells)} |"


def table(X: Floats, y: Labels, seeds: Sequence[int]) -> list[str]:
    """Run all."""
    n_clusters = len(np.unique(y))
    kmeans = [fit_kmeans(X, n_clusters, 10, seed)[0] for seed in seeds]
    runs = [
        [100 * float(clustering_accuracy(y, k) or 0), 100 * float(nmi(y, k) or 0)] for k in kmeans
    ]
    lines = [
        "| Setting | ACC | NMI | silhouette, latent | R at the end | reconstruction loss |",
        "|---|---|---|---|---|---|",
        f"{row('k-means on the vectors', runs)} | | |",
    ]
    pretrained = [SeparationClustering(n_clusters, random_state=seed).pretrain(X) for seed in seeds]
    settings = [("λ = 0", "literal", 0.0)]
    settings += [(f"{sign}, λ = {weight:g}", sign, weight) for sign in SIGNS for weight in WEIGHTS]
    for name, sign, weight in settings:
        models = [
            model.set_params(sign=sign, clustering_loss_weight=weight) for model in pretrained
        ]
        networks = [model.autoencoder_ for model in models]
        lines.append(row(name, [scores(X, y, model.refine(X)) for model in models]))
        for model, network in zip(models, networks, strict=True):
            model.autoencoder_ = network  # the next setting starts from the same pretraining
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    X, y = read(options.data, options.vectors, options.rows)
    for line in table(X, y, range(options.seeds)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
