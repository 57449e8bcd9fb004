"""Which figures without labels rank clusterings as the truth does, and what they promise.

make bench-trust DATA=FOLDER OUT=trust.json

For every labelled data set of the folder, and of the folder reviews in it, a pool of partitions
(trust_pool.py) of a fixed sample is scored by every figure that a night could publish, and by ACC,
NMI, ARI and AMI over the documents with one label.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score
from themes import Feed, load_feed
from trust_pool import Candidate, Spaces, find_spaces, make_pool, make_small_pool
from trust_report import report

from models.core.kmeans import fit_kmeans
from models.core.silhouette import SampledSilhouette
from models.encoding.encoder import DEFAULT_ENCODER, find_encoder
from models.quality.agreement import neighbour_agreement
from models.quality.density import dbcv
from models.quality.metrics import ari, calinski_harabasz, clustering_accuracy, davies_bouldin, nmi
from models.quality.stability import (
    N_RESAMPLES,
    Resample,
    cluster_stability,
    mean_stability,
    recluster_resamples,
)
from models.text.coherence import clustering_coherence
from models.text.keywords import count_terms
from models.text.language.told import language_shares, not_learnt
from models.text.lexical.views import LexicalViews

logger = logging.getLogger("trust")

SAMPLE_SIZE: Final = 2_000
SMALL_SAMPLE: Final = 600
SMALL_FIGURES: Final = ("silhouette", "gap", "neighbour_agreement", "stability")
SMALL_RESAMPLES: Final = 8
FEWEST_LABELLED: Final = 100
"""Documents with one label: of fewer, a score says little."""

UNLABELLED: Final = -1

Labels = NDArray[np.int64]
Row = dict[str, object]


class Scorer:
    """Computes every figure for the partitions of one data set."""

    def __init__(self, spaces: Spaces, texts: Sequence[str], is_small: bool) -> None:
        self.spaces = spaces
        self.is_small = is_small
        self.counted = count_terms(texts)
        self.judges = [
            SampledSilhouette(X, np.random.default_rng(0))
            for X in (spaces.embeddings, spaces.fused)
        ]
        self.resamples: dict[int, list[Resample]] = {}
        self.baselines: dict[int, float] = {}
        self.seconds: dict[str, float] = {}

    def figures(self) -> Mapping[str, Callable[[Labels], float | None]]:
        """Every figure; higher is better."""
        raw = self.spaces.embeddings
        return {
            "silhouette": self.judges[0].score,
            "silhouette, fused": self.judges[1].score,
            "gap": self._gap,
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
            if self.is_small and name not in SMALL_FIGURES:
                continue
            started = time.process_time()
            found[name] = figure(labels)
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started
        return found

    def _gap(self, labels: Labels) -> float:
        """Silhouette beyond that of plain k-means at the same number."""
        k = len(np.unique(labels))
        if k not in self.baselines:
            plain = fit_kmeans(self.spaces.embeddings, k, 4, 0)[0]
            self.baselines[k] = self.judges[0].score(plain)
        return self.judges[0].score(labels) - self.baselines[k]

    def _stability(self, labels: Labels) -> float | None:
        k = len(np.unique(labels))
        if k not in self.resamples:
            rng, n = np.random.default_rng(0), SMALL_RESAMPLES if self.is_small else N_RESAMPLES
            self.resamples[k] = recluster_resamples(self.spaces.embeddings, k, rng, n)
        return mean_stability(labels, cluster_stability(labels, self.resamples[k]))


def score_feed(feed: Feed, is_small: bool) -> Iterator[Row]:
    """Score the pool of one data set, and its true classes."""
    views = LexicalViews().fit(feed.texts)
    spaces = find_spaces(feed.embeddings, views.transform(feed.texts), views.dims)
    truth = classes_of(feed)
    started = time.process_time()
    make = make_small_pool if is_small else make_pool
    pool = make(spaces, len(np.unique(truth[truth != UNLABELLED])))
    if (truth != UNLABELLED).all():
        pool.append(Candidate("truth", truth, True, True))
    logger.info("%s: %d partitions, %.0f s", feed.name, len(pool), time.process_time() - started)
    scorer = Scorer(spaces, feed.texts, is_small)
    learnt = find_encoder(DEFAULT_ENCODER).languages
    foreign = sum(not_learnt(language_shares(feed.texts), learnt).values())
    of_set = {"dataset": feed.name, "foreign": foreign, "n_texts": len(feed.texts)}
    for candidate in pool:
        yield of_set | _row(candidate, truth, scorer)
    costs = ", ".join(f"{name} {spent:.0f}" for name, spent in scorer.seconds.items())
    logger.info("  seconds: %s", costs)


def classes_of(feed: Feed) -> Labels:
    """Number the labels of documents that have one."""
    names = ["" if len(own) != 1 else next(iter(own)) for own in feed.themes]
    numbers = {name: number for number, name in enumerate(sorted(set(names) - {""}))}
    return np.array([numbers.get(name, UNLABELLED) for name in names])


def _row(candidate: Candidate, truth: Labels, scorer: Scorer) -> Row:
    known = truth != UNLABELLED
    classes, labels = truth[known], candidate.labels[known]
    return {
        "partition": candidate.name,
        "k": len(np.unique(candidate.labels)),
        "is_true_k": candidate.is_true_k,
        "is_corrupted": candidate.is_corrupted,
        "nmi": nmi(classes, labels),
        "ari": ari(classes, labels),
        "acc": clustering_accuracy(classes, labels),
        "ami": float(adjusted_mutual_info_score(classes, labels)),
        "figures": scorer.score(candidate.labels),
    }


def choose_sets(options: argparse.Namespace) -> list[Path]:
    """Find the labelled sets, and the labelled reviews."""
    found = sorted(options.data.glob("*.parquet")) + sorted(options.data.glob("reviews/*.parquet"))
    named = None if options.datasets is None else options.datasets.split(",")
    return [path for path in found if named is None or path.stem in named]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("trust.json"))
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--small", action="store_true", help="few documents, few partitions")
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors-themes"))
    options = parser.parse_args(arguments)
    n_documents = SMALL_SAMPLE if options.small else SAMPLE_SIZE
    rows: list[Row] = []
    for path in choose_sets(options):
        feed = load_feed(path, n_documents, options.vectors_cache)
        if (classes_of(feed) != UNLABELLED).sum() < FEWEST_LABELLED:
            logger.info("%s: too few documents with one label", feed.name)
            continue
        rows += score_feed(feed, options.small)
        options.out.write_text(json.dumps({"rows": rows}, indent=1), encoding="utf-8")
    for line in report(rows):
        print(line)


if __name__ == "__main__":
    main()
