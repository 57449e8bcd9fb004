"""The estimators beside plain k-means on the same vectors, one line each.

python tests/benchmarks/estimators.py --data FOLDER --vectors-cache FOLDER [--methods a,b]

Reads the data sets and scores as `quality.py` does; at most so many rows of each, drawn with a
fixed seed. Every method is told the true number of clusters and has its defaults otherwise.
"""

import argparse
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from quality import Dataset, Labels, load_dataset

from models.core.kmeans import fit_kmeans
from models.estimators.autoencoder_clusterer import AutoencoderClusterer
from models.estimators.dcn import DCN
from models.estimators.dec import DEC
from models.estimators.idec import IDEC
from models.estimators.latent_clustering import LatentClustering
from models.estimators.mutual_information import MutualInformationClustering
from models.estimators.vade import VaDE
from models.quality.metrics import clustering_accuracy, nmi

Method = Callable[[Dataset, int], Labels]


def _fitted(estimator: type[AutoencoderClusterer], **params: Any) -> Method:
    """Make a method of an estimator."""

    def run(dataset: Dataset, seed: int) -> Labels:
        model = estimator(dataset.n_clusters, random_state=seed, **params)
        return np.asarray(model.fit_predict(dataset.embeddings))

    return run


METHODS: Final[Mapping[str, Method]] = {
    "kmeans": lambda d, seed: np.asarray(fit_kmeans(d.embeddings, d.n_clusters, 20, seed)[0]),
    "dec": _fitted(DEC),
    "idec": _fitted(IDEC),
    "dcn": _fitted(DCN),
    "vade": _fitted(VaDE),
    "mi": _fitted(MutualInformationClustering),
    "mi-random": _fitted(MutualInformationClustering, start="random"),
    "mi-imsat": _fitted(MutualInformationClustering, goal="imsat"),
    "mi-imsat-adversarial": _fitted(
        MutualInformationClustering, goal="imsat", partners="adversarial"
    ),
    "latent-k-means": _fitted(LatentClustering),
    "latent-mixture": _fitted(LatentClustering, assignment="likelihood"),
    "latent-transport": _fitted(LatentClustering, assignment="transport"),
    **{
        f"latent-k-means/{word}": _fitted(LatentClustering, pretraining=word)
        for word in ("neighbours", "variational", "mutual-information")
    },
    **{
        f"{name}/neighbours": _fitted(estimator, pretraining="neighbours")
        for name, estimator in {"dec": DEC, "idec": IDEC, "mi": MutualInformationClustering}.items()
    },
}


def sample(dataset: Dataset, n_rows: int) -> Dataset:
    """Draw rows with a fixed seed."""
    rows = np.sort(np.random.default_rng(0).permutation(len(dataset.labels))[:n_rows])
    return dataclasses.replace(
        dataset,
        embeddings=dataset.embeddings[rows],
        lexical=dataset.lexical[rows],
        labels=dataset.labels[rows],
    )


def line(dataset: Dataset, method: str, seed: int) -> str:
    """Run a method and say how good it was."""
    started = time.process_time()
    labels = METHODS[method](dataset, seed)
    seconds = time.process_time() - started
    acc, mutual = clustering_accuracy(dataset.labels, labels), nmi(dataset.labels, labels)
    found = f"{len(np.unique(labels))}/{dataset.n_clusters}"
    return (
        f"{dataset.name:<18} {method:<34} {100 * acc:5.1f} {100 * mutual:5.1f} "
        f"{found:>6} {seconds:6.1f}"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--datasets", default="searchsnippets,stackoverflow,agnews_test_raw")
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--rows", type=int, default=3000, help="at most, of each data set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    if unknown := set(options.methods) - set(METHODS):
        parser.error(f"--methods must be among {', '.join(METHODS)}, got {', '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark, printing each line as it is known."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    options = parse(arguments)
    print(f"{'data set':<18} {'method':<34} {'ACC':>5} {'NMI':>5} {'k':>6} {'cpu s':>6}")
    datasets = [
        sample(load_dataset(options.data / f"{name}.parquet", options.vectors_cache), options.rows)
        for name in options.datasets.split(",")
    ]
    for method in options.methods:
        for dataset in datasets:
            print(line(dataset, method, options.seed), flush=True)


if __name__ == "__main__":
    main()
