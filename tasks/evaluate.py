"""Score the clusters beside plain k-means, and decide which of the two is published.

Reads  items, labels, documents (for their true labels, where the feed has any)
Writes metrics (METRICS); decided labels (text_digest, label, confidence, margin, is_outlier)
"""

import logging
from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tasks.embed import Views
from tasks.history import NightTable
from tasks.refine import Refined, top_two
from tasks.shelf import matrix_of
from tasks.show import show_table
from tasks.stage import stage
from tasks.storage import Ref, Store, keep_table, read_table, read_tables
from validation.schemas import (
    BASELINE_VALUE,
    CONFIDENCE,
    DOCUMENTS,
    EMBEDDING,
    IS_OUTLIER,
    LABEL,
    LATENT,
    MARGIN,
    METRIC,
    METRICS,
    SPACE,
    TEXT_DIGEST,
    VALUE,
)

logger = logging.getLogger(__name__)

Labels = NDArray[np.integer[Any]]
Matrix = NDArray[np.float32]

_BASELINE_STARTS: Final = 4
_TEMPERATURE: Final = 0.05
_SMALLEST_FENCED: Final = 10
_FAR_OUT: Final = 3.0


class EvaluateSettings(BaseModel):
    """When the refined clusters count as worse than plain k-means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    silhouette_tolerance: float = Field(
        0.02,
        ge=0,
        le=2,
        description="The baseline is published if its silhouette (embedding) is better by more.",
    )


class Evaluation(BaseModel):
    """The figures and the decision."""

    model_config = ConfigDict(frozen=True)

    metrics: Ref
    labels: Ref
    published: Literal["refined", "baseline"]
    reason: str


@stage("evaluate", version=1)
def evaluate(
    store: Store,
    views: Views,
    refined: Refined,
    window: list[NightTable],
    settings: EvaluateSettings,
    random_state: int,
) -> Evaluation:
    """Score the refined clusters and plain k-means on the same vectors; keep the better labels."""
    embedding = matrix_of(read_table(store, views.items, [EMBEDDING])[EMBEDDING])
    found = read_table(store, refined.labels)
    labels, latent = found[LABEL].to_numpy(), matrix_of(found[LATENT])
    baseline = _k_means(embedding, refined.n_clusters, random_state)
    rows = [
        *_geometry("embedding", embedding, labels, baseline),
        *_geometry("latent", latent, labels, _k_means(latent, refined.n_clusters, random_state)),
        *_sizes(labels, baseline),
        *_truth(store, window, found[TEXT_DIGEST].to_pylist(), labels, baseline),
    ]
    published, reason = _decision(rows, settings)
    logger.info("published are the %s labels: %s", published, reason)
    show_table("metrics", rows, "Quality beside plain k-means on the same vectors")
    decided = (
        _refined_labels(found) if published == "refined" else _baseline_labels(embedding, baseline)
    )
    return Evaluation(
        metrics=keep_table(store, "evaluate", pa.Table.from_pylist(rows, schema=METRICS)),
        labels=keep_table(
            store, "evaluate", _with_outliers(found[TEXT_DIGEST], decided, embedding)
        ),
        published=published,
        reason=reason,
    )


def _k_means(X: Matrix, n_clusters: int, random_state: int) -> Labels:
    from models.kmeans import fit_kmeans

    return fit_kmeans(X, n_clusters, _BASELINE_STARTS, random_state)[0]


def _geometry(space: str, X: Matrix, labels: Labels, baseline: Labels) -> list[dict[str, Any]]:
    from models.metrics import calinski_harabasz, davies_bouldin, silhouette

    figures: dict[str, Callable[[Matrix, Labels], float | None]] = {
        "silhouette": silhouette,
        "calinski_harabasz": calinski_harabasz,
        "davies_bouldin": davies_bouldin,
    }
    return [
        _row(name, space, figure(X, labels), figure(X, baseline))
        for name, figure in figures.items()
    ]


def _sizes(labels: Labels, baseline: Labels) -> list[dict[str, Any]]:
    from models.metrics import effective_n_clusters, largest_share, smallest_share

    figures: dict[str, Callable[[Labels], float | None]] = {
        "n_clusters": lambda found: float(len(np.unique(found))),
        "effective_n_clusters": effective_n_clusters,
        "smallest_share": smallest_share,
        "largest_share": largest_share,
    }
    return [
        _row(name, "sizes", figure(labels), figure(baseline)) for name, figure in figures.items()
    ]


def _truth(
    store: Store, window: list[NightTable], digests: list[str], labels: Labels, baseline: Labels
) -> list[dict[str, Any]]:
    """Score against true labels, document by document, where the feed carries any."""
    from models.metrics import ari, clustering_accuracy, nmi

    table = read_tables(
        store, (night.table for night in window), [TEXT_DIGEST, LABEL], DOCUMENTS
    ).drop_null()
    if len(table) == 0:
        return []
    place = {digest: position for position, digest in enumerate(digests)}
    positions = [place[digest] for digest in table[TEXT_DIGEST].to_pylist()]
    truth = np.unique(table[LABEL].to_pylist(), return_inverse=True)[1]
    figures = {"acc": clustering_accuracy, "nmi": nmi, "ari": ari}
    return [
        _row(name, "truth", figure(truth, labels[positions]), figure(truth, baseline[positions]))
        for name, figure in figures.items()
    ]


def _row(metric: str, space: str, value: float | None, baseline: float | None) -> dict[str, Any]:
    return {METRIC: metric, SPACE: space, VALUE: value, BASELINE_VALUE: baseline}


def _decision(
    rows: list[dict[str, Any]], settings: EvaluateSettings
) -> tuple[Literal["refined", "baseline"], str]:
    row = next(row for row in rows if (row[METRIC], row[SPACE]) == ("silhouette", "embedding"))
    value, baseline = row[VALUE], row[BASELINE_VALUE]
    if value is None or baseline is None:
        return "refined", "a silhouette is not defined for so few texts or clusters"
    said = f"silhouette in the embedding space {value:.3f}, plain k-means {baseline:.3f}"
    if value < baseline - settings.silhouette_tolerance:
        return "baseline", f"{said}, which is better by more than {settings.silhouette_tolerance}"
    return "refined", said


def _refined_labels(found: pa.Table) -> dict[str, NDArray[Any]]:
    return {name: found[name].to_numpy() for name in (LABEL, CONFIDENCE, MARGIN)}


def _baseline_labels(X: Matrix, labels: Labels) -> dict[str, NDArray[Any]]:
    """Give k-means labels a confidence: a softmax over the cosines to all centroids."""
    from scipy.special import softmax

    q = softmax(X @ centroids_of(X, labels).T / _TEMPERATURE, axis=1)
    confidence, margin = top_two(q)
    return {LABEL: labels.astype(np.int32), CONFIDENCE: confidence, MARGIN: margin}


def _with_outliers(
    digests: pa.ChunkedArray, decided: dict[str, NDArray[Any]], X: Matrix
) -> pa.Table:
    return pa.table({TEXT_DIGEST: digests, **decided, IS_OUTLIER: find_outliers(X, decided[LABEL])})


def find_outliers(X: Matrix, labels: Labels) -> NDArray[np.bool_]:
    """Mark the texts that are far out in their cluster, by Tukey's outer fence.

    A text is far out if its cosine to the centroid lies more than three interquartile ranges below
    the first quartile of its cluster. Clusters with fewer than ten texts have none.

    Parameters
    ----------
    X
        Embeddings with rows of length 1, shape (n_texts, embedding_dim).
    labels
        Shape (n_texts,).

    References
    ----------
    Tukey (1977), Exploratory Data Analysis, section 2E.
    """
    outliers = np.zeros(len(X), dtype=bool)
    centroids = centroids_of(X, labels)
    for position, label in enumerate(np.unique(labels)):
        members = np.flatnonzero(labels == label)
        if len(members) >= _SMALLEST_FENCED:
            cosines = X[members] @ centroids[position]
            low, high = np.quantile(cosines, [0.25, 0.75])
            outliers[members] = cosines < low - _FAR_OUT * (high - low)
    return outliers


def centroids_of(X: Matrix, labels: Labels) -> Matrix:
    """Give the directions of the clusters' means, one row for each label in order."""
    means = np.stack([X[labels == label].mean(axis=0) for label in np.unique(labels)])
    directions: Matrix = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return directions
