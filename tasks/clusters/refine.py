"""Find the clusters and change the network so that they separate.

Reads  items (embedding), the lexical views, the pretrained model, the window's texts
Writes the refined model; labels (text_digest, label, topic, confidence, margin, latent)
"""

import logging
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from models.clusterer.clusterer import Clusterer
from models.core.arrays import AnyFloats, top_two
from models.core.records import Progress
from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings, load_estimator
from tasks.clusters.features import read_features
from tasks.clusters.numbers import ChosenNumbers
from tasks.frame.progress import shown_progress
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import ModelRef, Ref, Store, keep_model, keep_table, load_model, read_table
from tasks.vectors.items import Window, read_window
from tasks.vectors.views import Views
from validation.tables.columns import (
    CONFIDENCE,
    LABEL,
    LATENT,
    MARGIN,
    POSITION,
    TEXT,
    TEXT_DIGEST,
    TOPIC,
)

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
    numbers: ChosenNumbers | None = None
    """How many topics and themes there are, where that was found out by the last full fit."""

    def facts(self) -> dict[str, Any]:
        """Return how many topics and themes were chosen, and between which the themes could be."""
        return {"numbers": None if self.numbers is None else self.numbers.model_dump(mode="json")}


@stage("refine", version=8, retries=1)
@one_thread()
def refine(
    store: Store,
    views: Views,
    pretrained: ModelRef,
    goes_on: bool,
    settings: ClusteringSettings,
    earlier: ChosenNumbers | None = None,
) -> Refined:
    """Cluster the window's texts, starting from the pretrained model.

    If the night continues from an earlier one, that model already knows the clusters, and their
    number is the one chosen earlier. Where an estimator looks at words, these decide of texts of
    which it is not sure.
    """
    X = read_features(store, views, settings)
    estimator = load_model(store, pretrained, partial(load_estimator, settings))
    with shown_progress("refine") as report:
        find_clusters(estimator, X, goes_on, report)
    if views.are_texts and estimator.uses_views:
        let_words_decide(estimator, read_window(store, views.window), tuple(views.languages))
    labels = told_of(estimator, X)
    logger.info("found %d clusters in %s texts", estimator.n_clusters_, f"{len(X):,}")
    digests = read_table(store, views.items, [TEXT_DIGEST])[TEXT_DIGEST]
    return Refined(
        models={"clustering": keep_model(store, "refine", estimator.save, pretrained)},
        labels=keep_table(store, "refine", labels.add_column(0, TEXT_DIGEST, digests)),
        n_clusters=estimator.n_clusters_,
        label_of={label: label for label in range(estimator.n_clusters_)},
        numbers=ChosenNumbers.of(estimator) or earlier,
    )


def find_clusters(estimator: Clusterer, X: AnyFloats, goes_on: bool, report: Progress) -> None:
    """Refine a pretrained estimator, in place.

    Parameters
    ----------
    estimator
        After its pretraining.
    X
        Shape (n_texts, n_features).
    goes_on
        Whether it continues from the clusters of an earlier fit.
    report
        Called with the progress.
    """
    if goes_on:
        estimator.continue_refinement(X, progress=report)
    else:
        estimator.refine(X, progress=report)


def let_words_decide(estimator: Clusterer, window: Window, languages: tuple[str, ...]) -> None:
    """Put texts of which a refined estimator is not sure where their words belong, in place.

    Parameters
    ----------
    estimator
        Refined on the texts of the window.
    window
        Texts and documents.
    languages
        ISO 639-1 codes of those that the texts are in.
    """
    from models.text.deciding_words import decide_by_words
    from models.text.language.stop_words import stop_words_of

    texts, before = window.texts[TEXT].to_pylist(), estimator.labels_
    n_documents = np.bincount(window.documents[POSITION].to_numpy(), minlength=len(texts))
    stop_words = stop_words_of(languages)
    q = decide_by_words(estimator.soft_assignments_, texts, n_documents, stop_words)
    estimator.soft_assignments_, estimator.labels_ = q, q.argmax(axis=1)
    n_moved = np.count_nonzero(estimator.labels_ != before)
    logger.info("words decided where %s of %s texts go", f"{n_moved:,}", f"{len(texts):,}")


def told_of(estimator: Clusterer, X: AnyFloats) -> pa.Table:
    """Lay out what a refined estimator says of every row that it was refined on.

    Returns
    -------
    Label, topic, confidence, margin and latent vector of every row. Without topics each label is
    one of its own.
    """
    confidence, margin = top_two(estimator.soft_assignments_)
    own = np.arange(estimator.n_clusters_)
    latent = estimator.latent_ if estimator.uses_views else estimator.transform(X)
    topics = estimator.topics_ if estimator.finds_topics else own
    return pa.table(
        {
            LABEL: pa.array(estimator.labels_.astype(np.int32)),
            TOPIC: pa.array(topics[estimator.labels_].astype(np.int32)),
            CONFIDENCE: pa.array(confidence),
            MARGIN: pa.array(margin),
            LATENT: fixed_lists(latent),
        }
    )
