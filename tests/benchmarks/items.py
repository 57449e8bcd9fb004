"""What the benchmarks of images and of time series share: nightfold on vectors, scores, a table."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import ari, clustering_accuracy, nmi

Floats = NDArray[np.float32]
Labels = NDArray[np.integer[Any]]
Scores = dict[str, float]

METRICS: Final = ("acc", "nmi", "ari")
GRANULARITY: Final = {"images": 0.25, "series": 0.5}
"""Those of nights whose documents are no texts."""

NEAR: Final = 1.5
"""A number of clusters counts as found within this factor of the true one."""


@dataclass(frozen=True)
class Result:
    """One method on one set with one seed."""

    method: str
    set: str
    seed: int
    scores: Scores


def clustered(
    vectors: Floats,
    n_clusters: int | Literal["auto"],
    seed: int,
    modality: str,
    view_dims: tuple[int, ...] | None = None,
    device: str = "cpu",
) -> Labels:
    """Cluster vectors, of views of these widths, as a night of this modality does."""
    model = NightfoldClustering(
        n_clusters,
        view_dims=view_dims,
        granularity=GRANULARITY[modality],
        rows="items",
        random_state=seed,
        device=device,
    )
    return np.asarray(model.pretrain(vectors).refine(vectors).labels_)


def timed(method: Callable[[], Labels], y: Labels) -> Scores:
    """Run a method and score it."""
    started = time.perf_counter(), time.process_time()
    labels = method()
    return {
        "acc": float(clustering_accuracy(y, labels) or 0.0),
        "nmi": float(nmi(y, labels) or 0.0),
        "ari": float(ari(y, labels) or 0.0),
        "n_clusters": float(len(np.unique(labels))),
        "true_n_clusters": float(len(np.unique(y))),
        "seconds": time.perf_counter() - started[0],
        "cpu_seconds": time.process_time() - started[1],
    }


def is_near(scores: Mapping[str, float]) -> bool:
    """Return whether a number of clusters was found within the factor `NEAR`."""
    ratio = scores["n_clusters"] / scores["true_n_clusters"]
    return 1 / NEAR <= ratio <= NEAR


def line(results: Sequence[Result]) -> str:
    """One row of a table: the mean over the seeds ± the standard deviation, in percent."""
    cells = []
    for metric in METRICS:
        values = 100 * np.array([it.scores[metric] for it in results])
        cells.append(f"{values.mean():.1f} ± {values.std():.1f}")
    found = " ".join(f"{it.scores['n_clusters']:.0f}" for it in results)
    seconds = np.mean([it.scores["cpu_seconds"] for it in results])
    return f"| {results[0].set} | {results[0].method} | {' | '.join(cells)} | {found} | {seconds:.0f} |"


HEADER: Final = (
    "| set | method | ACC | NMI | ARI | clusters | processor seconds |\n"
    "|---|---|---:|---:|---:|---|---:|"
)


def summary(results: Sequence[Result]) -> list[str]:
    """One row for each method: the mean over all sets, and how often the number was near."""
    lines = []
    for method in dict.fromkeys(it.method for it in results):
        own = [it for it in results if it.method == method]
        means = [100 * np.mean([it.scores[metric] for it in own]) for metric in METRICS]
        near = np.mean([is_near(it.scores) for it in own])
        quality = " | ".join(f"{mean:.1f}" for mean in means)
        lines.append(f"| mean | {method} | {quality} | {near:.0%} within {NEAR} × | |")
    return lines


def write(path: Path, results: Sequence[Result]) -> None:
    """Write all results as JSON."""
    path.write_text(json.dumps([vars(it) for it in results], indent=2), encoding="utf-8")
