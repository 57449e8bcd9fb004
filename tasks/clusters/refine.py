"""Find the clusters and change the network so that they separate.

Reads  items, the pretrained model
Writes the refined model; labels (text_digest, label, confidence, margin, latent)
"""

import logging

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from models.clusterer.deep_clusterer import top_two
from models.core.threads import one_thread
from tasks.clusters.estimators import (
    ClusteringSettings,
    DeepClustering,
    load_estimator,
    read_features,
)
from tasks.frame.progress import shown_progress
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import (
    ModelRef,
    Ref,
    Store,
    keep_folder,
    keep_table,
    model_folder,
    read_table,
    scratch_folder,
)
from tasks.vectors.views import Views
from validation.schemas import CONFIDENCE, LABEL, LATENT, MARGIN, TEXT_DIGEST

logger = logging.getLogger(__name__)


class Refined(StageResult):
    """The clusters, as integers inside this run, and the model `clustering` that found them."""

    labels: Ref
    n_clusters: int
    label_of: dict[int, int]
    """The model's label → the label in the table; several where pieces were put together."""
    whole_of: dict[int, int] = Field(default_factory=dict)
    """Label of a part that the model does not know → the label that the model gives its texts."""
    parted_from: dict[int, str] = Field(default_factory=dict)
    """Label of a part that is new tonight → the known cluster that it was parted from."""


@stage("refine", version=4, retries=1)
@one_thread()
def refine(
    store: Store,
    views: Views,
    pretrained: ModelRef,
    goes_on: bool,
    settings: ClusteringSettings,
) -> Refined:
    """Cluster the window's texts, starting from the pretrained model.

    If the night goes on from an earlier one, that model knows the clusters already.
    """
    X = read_features(store, views, settings)
    with model_folder(store, pretrained) as folder:
        estimator = load_estimator(settings, folder)
    with shown_progress("refine") as report:
        if goes_on:
            estimator.continue_refinement(X, progress=report)
        else:
            estimator.refine(X, progress=report)
    logger.info("found %d clusters in %s texts", estimator.n_clusters_, f"{len(X):,}")
    labels = _labels(store, views, estimator, X)
    with scratch_folder(store) as folder:
        estimator.save(folder)
        model = keep_folder(store, "refine", folder)
    return Refined(
        models={"clustering": model},
        labels=keep_table(store, "refine", labels),
        n_clusters=estimator.n_clusters_,
        label_of={label: label for label in range(estimator.n_clusters_)},
    )


def _labels(
    store: Store, views: Views, estimator: DeepClustering, X: NDArray[np.float32]
) -> pa.Table:
    confidence, margin = top_two(estimator.soft_assignments_)
    return pa.table(
        {
            TEXT_DIGEST: read_table(store, views.items, [TEXT_DIGEST])[TEXT_DIGEST],
            LABEL: pa.array(estimator.labels_.astype(np.int32)),
            CONFIDENCE: pa.array(confidence),
            MARGIN: pa.array(margin),
            LATENT: fixed_lists(estimator.transform(X)),
        }
    )
