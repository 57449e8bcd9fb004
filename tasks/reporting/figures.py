"""The figures of the clusters beside those of plain k-means, as rows of the table `metrics`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from models.core.arrays import Floats, Integers, Labels
from validation.tables.columns import BASELINE_VALUE, METRIC, SPACE, VALUE

Row = dict[str, Any]

COHERENCE_TEXTS: Final = 2_000
"""With more texts than this, the coherence is that of a random sample of so many."""


@dataclass(frozen=True)
class Rivals:
    """Two clusterings of the same texts: the one that was found, and plain k-means."""

    labels: Labels
    baseline: Labels

    def row(self, metric: str, space: str, figure: Callable[[Labels], float | None]) -> Row:
        """Score both."""
        return row(metric, space, figure(self.labels), figure(self.baseline))


@dataclass(frozen=True)
class Stability:
    """Label → how well the cluster comes back, for both clusterings."""

    labels: dict[int, float]
    baseline: dict[int, float]


def row(metric: str, space: str, value: float | None, baseline: float | None) -> Row:
    """Return a row of the table."""
    return {METRIC: metric, SPACE: space, VALUE: value, BASELINE_VALUE: baseline}


def geometry_rows(space: str, X: Floats, rivals: Rivals, random_state: int) -> list[Row]:
    """Score how compact and how far apart the clusters lie."""
    from models.quality.metrics import calinski_harabasz, davies_bouldin, silhouette

    return [
        rivals.row("silhouette", space, partial(silhouette, X, random_state=random_state)),
        rivals.row("calinski_harabasz", space, lambda labels: calinski_harabasz(X, labels)),
        rivals.row("davies_bouldin", space, lambda labels: davies_bouldin(X, labels)),
    ]


def neighbourhood_rows(X: Floats, rivals: Rivals, random_state: int) -> list[Row]:
    """Score, in the embedding space, whether the clusters follow density and neighbours."""
    from models.quality.agreement import neighbour_agreement
    from models.quality.density import dbcv

    figures: dict[str, Callable[[Labels], float | None]] = {
        "dbcv": partial(dbcv, X, random_state=random_state),
        "neighbour_agreement": partial(neighbour_agreement, X, random_state=random_state),
    }
    return [rivals.row(name, "embedding", figure) for name, figure in figures.items()]


def stability_of_each(X: Floats, n_clusters: int, random_state: int, rivals: Rivals) -> Stability:
    """Compute how well every cluster comes back, for both on the same resamples of the texts."""
    from models.quality.stability import cluster_stability, recluster_resamples

    resamples = recluster_resamples(X, n_clusters, np.random.default_rng(random_state))
    found = [cluster_stability(it, resamples) for it in (rivals.labels, rivals.baseline)]
    return Stability(found[0], found[1])


def stability_row(rivals: Rivals, stability: Stability) -> Row:
    """Score whether the cluster of a text comes back, in the mean over the texts."""
    from models.quality.stability import mean_stability

    value = mean_stability(rivals.labels, stability.labels)
    return row("stability", "embedding", value, mean_stability(rivals.baseline, stability.baseline))


def coherence_row(texts: list[str], positions: Integers, rivals: Rivals) -> Row:
    """Score whether keywords meet, on the texts at these positions."""
    from models.text.coherence import clustering_coherence
    from models.text.keywords import count_terms

    counted = count_terms(texts)
    return rivals.row(
        "coherence", "keywords", lambda labels: clustering_coherence(counted, labels[positions])
    )


def size_rows(rivals: Rivals) -> list[Row]:
    """Count the clusters, and measure how large they are."""
    from models.quality.metrics import effective_n_clusters, largest_share, smallest_share

    return [
        rivals.row("n_clusters", "sizes", lambda labels: float(len(np.unique(labels)))),
        rivals.row("effective_n_clusters", "sizes", effective_n_clusters),
        rivals.row("smallest_share", "sizes", smallest_share),
        rivals.row("largest_share", "sizes", largest_share),
    ]


def truth_rows(truth: Labels, rivals: Rivals) -> list[Row]:
    """Score against true labels; one row of the rivals for each of them."""
    from models.quality.metrics import ari, clustering_accuracy, nmi

    return [
        rivals.row("acc", "truth", lambda labels: clustering_accuracy(truth, labels)),
        rivals.row("nmi", "truth", lambda labels: nmi(truth, labels)),
        rivals.row("ari", "truth", lambda labels: ari(truth, labels)),
    ]
