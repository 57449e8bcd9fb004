"""Which figures without labels rank clusterings as the truth does, and what they promise.

make bench-trust DATA=FOLDER OUT=trust.json

For every labelled data set, a pool of partitions (trust_pool.py) of a fixed sample is scored by
every figure that a night could publish, and by ACC, NMI and ARI.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from quality import Dataset, choose_paths, load_dataset
from trust_pool import Candidate, Spaces, find_spaces, make_pool
from trust_report import report

from models.core.silhouette import SampledSilhouette
from models.quality.agreement import neighbour_agreement
from models.quality.density import dbcv
from models.quality.metrics import ari, calinski_harabasz, clustering_accuracy, davies_bouldin, nmi
from models.quality.stability import (
    Resample,
    cluster_stability,
    mean_stability,
    recluster_resamples,
)
from models.text.coherence import clustering_coherence
from models.text.keywords import count_terms
from models.text.lexical_views import LexicalViews

logger = logging.getLogger("trust")

SAMPLE_SIZE: Final = 2_000

Labels = NDArray[np.int64]
Row = dict[str, object]


class Scorer:
    """Computes every figure for the partitions of one data set."""

    def __init__(self, spaces: Spaces, texts: Sequence[str]) -> None:
        self.spaces = spaces
        self.counted = count_terms(texts)
        self.judges = [
            SampledSilhouette(X, np.random.default_rng(0))
            for X in (spaces.embeddings, spaces.fused)
        ]
        self.resamples: dict[int, list[Resample]] = {}
        self.seconds: dict[str, float] = {}

    def figures(self) -> Mapping[str, Callable[[Labels], float | None]]:
        """Every figure; higher is better."""
        raw = self.spaces.embeddings
        return {
            "silhouette": self.judges[0].score,
            "silhouette, fused": self.judges[1].score,
            "calinski_harabasz": lambda labels: calinski_harabasz(raw, labels),
            "-davies_bouldin": lambda labels: -(davies_bouldin(raw, labels) or 0.0),
            "dbcv": lambda labels: dbcv(raw, labels),
            "neighbour_agreement": lambda labels: neighbour_agreement(raw, labels),
            "stability": self._stability,
            "coherence": lambda labels: clustering_coherence(self.counted, labels),
        }

    def score(self, labels: Labels) -> dict[str, float | None]:
        """Compute all, and keep the time."""
        found = {}
        for name, figure in self.figures().items():
            started = time.process_time()
            found[name] = figure(labels)
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started
        return found

    def _stability(self, labels: Labels) -> float | None:
        k = len(np.unique(labels))
        if k not in self.resamples:
            rng = np.random.default_rng(0)
            self.resamples[k] = recluster_resamples(self.spaces.embeddings, k, rng)
        return mean_stability(labels, cluster_stability(labels, self.resamples[k]))


def sampled(dataset: Dataset) -> tuple[Spaces, list[str], Labels]:
    """Draw the sample: its spaces, texts and classes."""
    n = len(dataset.labels)
    rows = np.sort(np.random.default_rng(0).permutation(n)[:SAMPLE_SIZE])
    texts = [dataset.texts[row] for row in rows]
    views = LexicalViews().fit(texts)
    spaces = find_spaces(dataset.embeddings[rows], views.transform(texts), views.dims)
    return spaces, texts, dataset.labels[rows]


def score_dataset(dataset: Dataset) -> list[Row]:
    """Score the pool of one data set, and its true classes."""
    spaces, texts, truth = sampled(dataset)
    started = time.process_time()
    pool = make_pool(spaces, len(np.unique(truth)))
    pool.append(Candidate("truth", np.unique(truth, return_inverse=True)[1], True, True))
    logger.info("%s: %d partitions, %.0f s", dataset.name, len(pool), time.process_time() - started)
    scorer = Scorer(spaces, texts)
    rows = [_row(dataset.name, candidate, truth, scorer) for candidate in pool]
    costs = ", ".join(f"{name} {spent:.0f}" for name, spent in scorer.seconds.items())
    logger.info("  seconds: %s", costs)
    return rows


def _row(dataset: str, candidate: Candidate, truth: Labels, scorer: Scorer) -> Row:
    return {
        "dataset": dataset,
        "partition": candidate.name,
        "k": len(np.unique(candidate.labels)),
        "is_true_k": candidate.is_true_k,
        "is_corrupted": candidate.is_corrupted,
        "nmi": nmi(truth, candidate.labels),
        "ari": ari(truth, candidate.labels),
        "acc": clustering_accuracy(truth, candidate.labels),
        "figures": scorer.score(candidate.labels),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("trust.json"))
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for path in choose_paths(options):
        rows += score_dataset(load_dataset(path, options.vectors_cache, lexical=False))
        options.out.write_text(json.dumps({"rows": rows}, indent=1), encoding="utf-8")
    for line in report(rows):
        print(line)


if __name__ == "__main__":
    main()
