"""Quality of the clusterings on labelled data sets, one configuration for all.

python tests/benchmarks/quality.py --data FOLDER --out quality.json [--methods a,b] [--seeds 3]

Reads every Parquet of the folder with the columns id, text and label; documents without text are
dropped and counted. Labels are used to score only. The true number of clusters is given to every
method but those that end in "-auto".
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.encoder import DEFAULT_ENCODER, TextEncoder, find_encoder
from models.idec import IDEC
from models.kmeans import fit_kmeans
from models.lexical import LexicalView
from models.metrics import ari, clustering_accuracy, nmi
from models.nightfold_clustering import NightfoldClustering

logger = logging.getLogger("quality")

METRICS: Final = ("acc", "nmi", "ari", "seconds", "cpu_seconds", "n_clusters", "k_ratio")

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """One labelled feed, encoded."""

    name: str
    embeddings: NDArray[np.float32]  # (n_samples, embedding_dim)
    lexical: NDArray[np.float32]  # (n_samples, lexical_dim)
    labels: Labels
    n_empty: int

    @property
    def n_clusters(self) -> int:
        """The true number of clusters."""
        return len(np.unique(self.labels))

    @property
    def fused(self) -> NDArray[np.float32]:
        """Semantic columns, then lexical ones."""
        return np.hstack([self.embeddings, self.lexical])


def _nightfold(
    dataset: Dataset, seed: int, *, deep_refinement: bool = True, auto: bool = False
) -> Labels:
    """Run the default estimator."""
    model = NightfoldClustering(
        "auto" if auto else dataset.n_clusters,
        semantic_dim=dataset.embeddings.shape[1],
        deep_refinement=deep_refinement,
        random_state=seed,
    )
    return np.asarray(model.fit_predict(dataset.fused))


def _placed(dataset: Dataset, seed: int) -> Labels:
    """Place documents that were not there: fit on four fifths, predict the last fifth."""
    order = np.random.default_rng(seed).permutation(len(dataset.labels))
    unseen = order[: len(order) // 5]
    model = NightfoldClustering(
        dataset.n_clusters, semantic_dim=dataset.embeddings.shape[1], random_state=seed
    )
    rows = dataset.fused
    model.fit(np.delete(rows, unseen, axis=0))
    labels = np.empty(len(rows), dtype=np.int64)
    labels[np.delete(np.arange(len(rows)), unseen)] = model.labels_
    labels[unseen] = model.predict(rows[unseen])
    return labels


METHODS: Final[Mapping[str, Callable[[Dataset, int], Labels]]] = {
    "kmeans": lambda d, seed: np.asarray(fit_kmeans(d.embeddings, d.n_clusters, 10, seed)[0]),
    "idec": lambda d, seed: np.asarray(
        IDEC(d.n_clusters, random_state=seed).fit_predict(d.embeddings)
    ),
    "nightfold-norefine": lambda d, seed: _nightfold(d, seed, deep_refinement=False),
    "nightfold": _nightfold,
    "nightfold-placed": _placed,
    "nightfold-auto": lambda d, seed: _nightfold(d, seed, auto=True),
}


def load_dataset(path: Path, cache: Path) -> Dataset:
    """Read a Parquet and encode its texts, or take the vectors of an earlier run."""
    table = pd.read_parquet(path, columns=["text", "label"])
    texts = table["text"].fillna("").astype(str)
    kept = (texts.str.strip() != "").to_numpy()
    cached = cache / f"{path.stem}.npy"
    if not cached.exists():
        logger.info("encoding %s", path.stem)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, TextEncoder(find_encoder(DEFAULT_ENCODER)).encode(texts.tolist()))
    embeddings = np.load(cached)
    if len(embeddings) != len(texts):
        raise ValueError(f"{cached} must have {len(texts)} rows, got {len(embeddings)}")
    lexical = LexicalView().fit_transform(texts[kept].tolist())
    labels = pd.factorize(table["label"][kept])[0].astype(np.int64)
    return Dataset(
        path.stem, np.ascontiguousarray(embeddings[kept]), lexical, labels, int((~kept).sum())
    )


def score(dataset: Dataset, method: str, seed: int) -> dict[str, float]:
    """Run one method once."""
    started, cpu_started = time.perf_counter(), time.process_time()
    labels = METHODS[method](dataset, seed)
    found = len(np.unique(labels))
    return {
        "acc": clustering_accuracy(dataset.labels, labels),
        "nmi": nmi(dataset.labels, labels),
        "ari": ari(dataset.labels, labels),
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "n_clusters": found,
        "k_ratio": found / dataset.n_clusters,
    }


def summarise(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean and spread (standard deviation, as ``<metric>_sd``) over the seeds."""
    summary = {}
    for metric in METRICS:
        values = np.array([run[metric] for run in runs])
        summary[metric] = round(float(values.mean()), 4)
        summary[f"{metric}_sd"] = round(float(values.std()), 4)
    return summary


def as_row(dataset: str, method: str, summary: Mapping[str, float]) -> str:
    """One line of the table; scores in percent."""
    quality = "  ".join(
        f"{100 * summary[metric]:5.1f} ±{100 * summary[f'{metric}_sd']:4.1f}"
        for metric in ("acc", "nmi", "ari")
    )
    return (
        f"{dataset:<24} {method:<20} {quality}  {summary['seconds']:6.1f}  "
        f"{summary['cpu_seconds']:6.1f}  {summary['n_clusters']:6.1f}  {summary['k_ratio']:5.2f}"
    )


HEADER: Final = (
    f"{'data set':<24} {'method':<20} {'ACC':>11}  {'NMI':>11}  {'ARI':>11}  "
    f"{'s':>6}  {'cpu s':>6}  {'k':>6}  {'ratio':>5}"
)


def run(paths: Sequence[Path], options: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Score every method on every data set, printing each line as it is known."""
    results: dict[str, dict[str, object]] = {}
    print(HEADER, flush=True)
    for path in paths:
        dataset = load_dataset(path, options.vectors_cache)
        if dataset.n_empty:
            logger.info("%s: %d documents without text dropped", dataset.name, dataset.n_empty)
        results[dataset.name] = {}
        for method in options.methods:
            summary = summarise([score(dataset, method, seed) for seed in range(options.seeds)])
            results[dataset.name][method] = summary | {"n_empty": dataset.n_empty}
            print(as_row(dataset.name, method, summary), flush=True)
            options.out.write_text(json.dumps(results, indent=2), encoding="utf-8")
    return results


def means(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """One line per method: the mean over the data sets."""
    methods = {method for scores in results.values() for method in scores}
    lines = []
    for method in sorted(methods):
        scored = [scores[method] for scores in results.values() if method in scores]
        summary = {key: float(np.mean([s[key] for s in scored])) for key in scored[0]}
        lines.append(as_row(f"mean of {len(scored)}", method, summary))
    return lines


def labelled(path: Path) -> bool:
    """Tell whether a Parquet has what is needed."""
    return {"id", "text", "label"} <= set(pq.read_schema(path).names)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("quality.json"))
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    if unknown := set(options.methods) - set(METHODS):
        parser.error(f"--methods must be among {', '.join(METHODS)}, got {', '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = parse(arguments)
    names = None if options.datasets is None else set(options.datasets.split(","))
    paths = [path for path in sorted(options.data.glob("*.parquet")) if labelled(path)]
    chosen = [path for path in paths if names is None or path.stem in names]
    if not chosen:
        raise SystemExit(f"--data must hold Parquet files with id, text and label: {options.data}")
    for line in means(run(chosen, options)):
        print(line)


if __name__ == "__main__":
    main()
