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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.core.kmeans import fit_kmeans
from models.encoding.encoder import DEFAULT_ENCODER, find_encoder
from models.encoding.text_encoder import TextEncoder
from models.estimators.idec import IDEC
from models.nightfold import partition, sampling
from models.nightfold.clustering import NightfoldClustering
from models.nightfold.cotraining import MANY
from models.quality.metrics import ari, clustering_accuracy, nmi
from models.text.lexical.views import LexicalViews

logger = logging.getLogger("quality")

METRICS: Final = (
    *("acc", "nmi", "ari", "seconds", "cpu_seconds"),
    *("n_clusters", "k_ratio", "coverage"),
)

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """One labelled feed, encoded."""

    name: str
    texts: Sequence[str]
    embeddings: NDArray[np.float32]  # (n_samples, embedding_dim)
    lexical: NDArray[np.float32]  # (n_samples, sum of lexical_dims)
    labels: Labels
    n_empty: int
    lexical_dims: tuple[int, ...] = ()

    @property
    def view_dims(self) -> tuple[int, ...]:
        """Widths of the views in `fused`."""
        return (self.embeddings.shape[1], *self.lexical_dims)

    @property
    def n_clusters(self) -> int:
        """The true number of clusters."""
        return len(np.unique(self.labels))

    @property
    def fused(self) -> NDArray[np.float32]:
        """Semantic columns, then lexical ones."""
        return np.hstack([self.embeddings, self.lexical])


def _nightfold(
    dataset: Dataset, seed: int, *, n_views: int = 3, auto: bool = False, **params: Any
) -> Labels:
    """Run the default estimator, on the first views only if so asked."""
    dims = dataset.view_dims[:n_views]
    model = NightfoldClustering(
        "auto" if auto else dataset.n_clusters, view_dims=dims, random_state=seed, **params
    )
    return np.asarray(model.fit_predict(dataset.fused[:, : sum(dims)]))


def _topics(dataset: Dataset, seed: int) -> Labels:
    """Leave the number open, and take the level above the clusters."""
    model = NightfoldClustering("auto", view_dims=dataset.view_dims, random_state=seed)
    labels = model.fit_predict(dataset.fused)
    return np.asarray(model.topics_[labels])


def _placed(dataset: Dataset, seed: int) -> Labels:
    """Place documents that were not there: fit on four fifths, predict the last fifth."""
    order = np.random.default_rng(seed).permutation(len(dataset.labels))
    unseen = order[: len(order) // 5]
    model = NightfoldClustering(dataset.n_clusters, view_dims=dataset.view_dims, random_state=seed)
    rows = dataset.fused
    model.fit(np.delete(rows, unseen, axis=0))
    labels = np.empty(len(rows), dtype=np.int64)
    labels[np.delete(np.arange(len(rows)), unseen)] = model.labels_
    labels[unseen] = model.predict(rows[unseen])
    return labels


def _sampled(dataset: Dataset, seed: int, part: int) -> Labels:
    """Fit on a part of the documents, as a fit of very many does, and place the others."""
    with patch.object(sampling, "MOST_FITTED", len(dataset.labels) // part):
        return _nightfold(dataset, seed)


def _in_three_rounds(dataset: Dataset, seed: int) -> Labels:
    """Refine many clusters in three rounds, where nights do in one."""
    with patch.object(partition, "MANY", replace(MANY, rounds=3)):
        return _nightfold(dataset, seed)


Methods = Mapping[str, Callable[[Dataset, int], Labels]]
Score = Callable[[Dataset, str, int], dict[str, float]]

METHODS: Final[Methods] = {
    "kmeans": lambda d, seed: np.asarray(fit_kmeans(d.embeddings, d.n_clusters, 10, seed)[0]),
    "idec": lambda d, seed: np.asarray(
        IDEC(d.n_clusters, random_state=seed).fit_predict(d.embeddings)
    ),
    "nightfold-norefine": lambda d, seed: _nightfold(d, seed, deep_refinement=False),
    "nightfold-nopretrain": lambda d, seed: _nightfold(d, seed, pretrain_epochs=0),
    "nightfold": _nightfold,
    "nightfold-placed": _placed,
    "nightfold-meaning": lambda d, seed: _nightfold(d, seed, n_views=1),
    "nightfold-words": lambda d, seed: _nightfold(d, seed, n_views=2),
    "nightfold-auto": lambda d, seed: _nightfold(d, seed, auto=True),
    "nightfold-topics": _topics,
    "nightfold-half": lambda d, seed: _sampled(d, seed, 2),
    "nightfold-quarter": lambda d, seed: _sampled(d, seed, 4),
    "nightfold-rounds": _in_three_rounds,
}


def load_dataset(path: Path, cache: Path, *, lexical: bool = True) -> Dataset:
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
    documents = texts[kept].tolist()
    views = LexicalViews().fit(documents) if lexical else None
    no_lexical = np.empty((len(documents), 0), dtype=np.float32)
    return Dataset(
        name=path.stem,
        texts=documents,
        embeddings=np.ascontiguousarray(embeddings[kept]),
        lexical=no_lexical if views is None else views.transform(documents),
        lexical_dims=() if views is None else views.dims,
        labels=pd.factorize(table["label"][kept])[0].astype(np.int64),
        n_empty=int((~kept).sum()),
    )


def score(dataset: Dataset, method: str, seed: int, methods: Methods = METHODS) -> dict[str, float]:
    """Run one method once; documents in no cluster (-1) count as one more cluster."""
    started, cpu_started = time.perf_counter(), time.process_time()
    labels = methods[method](dataset, seed)
    found = len(np.unique(labels[labels >= 0]))
    return {
        "acc": clustering_accuracy(dataset.labels, labels),
        "nmi": nmi(dataset.labels, labels),
        "ari": ari(dataset.labels, labels),
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "n_clusters": found,
        "k_ratio": found / dataset.n_clusters,
        "coverage": float(np.mean(labels >= 0)),
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
        f"{summary['cpu_seconds']:6.1f}  {summary['n_clusters']:6.1f}  {summary['k_ratio']:5.2f}  "
        f"{100 * summary['coverage']:5.1f}"
    )


HEADER: Final = (
    f"{'data set':<24} {'method':<20} {'ACC':>11}  {'NMI':>11}  {'ARI':>11}  "
    f"{'s':>6}  {'cpu s':>6}  {'k':>6}  {'ratio':>5}  {'cover':>5}"
)


def run(
    paths: Sequence[Path], options: argparse.Namespace, score: Score = score
) -> dict[str, dict[str, dict[str, float]]]:
    """Score every method on every data set, printing each line as it is known."""
    lexical = any(method.startswith("nightfold") for method in options.methods)
    results: dict[str, dict[str, dict[str, float]]] = {}
    print(HEADER, flush=True)
    for path in paths:
        dataset = load_dataset(path, options.vectors_cache, lexical=lexical)
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


def choose_paths(options: argparse.Namespace) -> list[Path]:
    """Find the data sets, in the order in which they were named."""
    paths = {path.stem: path for path in sorted(options.data.glob("*.parquet")) if labelled(path)}
    names = paths if options.datasets is None else options.datasets.split(",")
    if missing := set(names) - set(paths):
        raise SystemExit(f"--data holds no Parquet with id, text and label: {', '.join(missing)}")
    if not paths:
        raise SystemExit(f"--data must hold Parquet files with id, text and label: {options.data}")
    return [paths[name] for name in names]


def parse(
    arguments: Sequence[str] | None, methods: Methods, description: str
) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("quality.json"))
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--methods", default=",".join(methods), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    if unknown := set(options.methods) - set(methods):
        parser.error(f"--methods must be among {', '.join(methods)}, got {', '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = parse(arguments, METHODS, __doc__.partition("\n")[0])
    for line in means(run(choose_paths(options), options)):
        print(line)


if __name__ == "__main__":
    main()
