"""Leave last night's clusters as they are, on a night on which the feed had nothing new.

Reads  items (embedding), lexical views, the window's documents; the last night's assignments, model
Writes labels (text_digest, label, topic, confidence, margin, latent)
"""

import logging
from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa

from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings, load_estimator
from tasks.clusters.features import read_features
from tasks.clusters.numbers import ChosenNumbers
from tasks.clusters.refine import Refined
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.history import PastNight
from tasks.store.manifest_parts import GroupPart
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, keep_table, load_model, read_table
from tasks.vectors.items import read_window
from tasks.vectors.views import Views
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    LABEL,
    LATENT,
    MARGIN,
    POSITION,
    TEXT_DIGEST,
    TOPIC,
    TOPIC_ID,
)

logger = logging.getLogger(__name__)


@stage("carry over", version=2)
@one_thread()
def carry_over(
    store: Store,
    views: Views,
    last: PastNight,
    settings: ClusteringSettings,
    numbers: ChosenNumbers | None = None,
) -> Refined:
    """Give every text of the window the cluster that it had on the last night."""
    window = read_window(store, views.window)
    assigned = read_table(store, last.assignments)
    labels, ids = carried(window.documents, assigned, len(window.texts))
    estimator = load_model(store, last.clustering, partial(load_estimator, settings))
    latent = fixed_lists(estimator.transform(read_features(store, views, settings)))
    digests = window.texts[TEXT_DIGEST]
    table = labels.add_column(0, TEXT_DIGEST, digests).append_column(LATENT, latent)
    logger.info("nothing new: the clusters of night %s stay as they are", last.night)
    return Refined(
        models={"clustering": last.clustering},
        labels=keep_table(store, "carry-over", table),
        n_clusters=len(ids),
        numbers=numbers,
        **meaning(_told(store, last), ids),
    )


def carried(documents: pa.Table, assigned: pa.Table, n_texts: int) -> tuple[pa.Table, list[str]]:
    """Lay out what the last night said of every text of the window.

    Parameters
    ----------
    documents
        The window's, with the schema `WINDOW_DOCUMENTS`.
    assigned
        The last night's documents; those of the window are among them.
    n_texts
        Texts in the window.

    Returns
    -------
    Label, topic, confidence and margin of every text, and the cluster_id of each label.
    """
    place = {doc_id: row for row, doc_id in enumerate(assigned[DOC_ID].to_pylist())}
    rows = np.zeros(n_texts, np.int64)
    rows[documents[POSITION].to_numpy()] = [place[it] for it in documents[DOC_ID].to_pylist()]
    found = assigned.take(pa.array(rows))
    ids = sorted(set(found[CLUSTER_ID].to_pylist()))
    label_of = {cluster_id: label for label, cluster_id in enumerate(ids)}
    labels = [label_of[cluster_id] for cluster_id in found[CLUSTER_ID].to_pylist()]
    columns = {CONFIDENCE: found[CONFIDENCE], MARGIN: found[MARGIN]}
    topics = pa.array(_topics(found, labels), pa.int32())
    return pa.table({LABEL: pa.array(labels, pa.int32()), TOPIC: topics, **columns}), ids


def _topics(found: pa.Table, labels: list[int]) -> list[int]:
    """Return the number of each text's topic; where there are none, its label."""
    topic_ids = found[TOPIC_ID].to_pylist() if TOPIC_ID in found.column_names else [None]
    if None in topic_ids:
        return labels
    number_of = {topic_id: number for number, topic_id in enumerate(sorted(set(topic_ids)))}
    return [number_of[topic_id] for topic_id in topic_ids]


def _told(store: Store, last: PastNight) -> Manifest | GroupPart:
    """Read what the last night says of its labels, or of those of one of its groups."""
    manifest = store.read_manifest(last.night)
    return manifest if last.group is None else manifest.group(last.group)


def meaning(manifest: Manifest | GroupPart, ids: list[str]) -> Mapping[str, dict[int, int]]:
    """Return what the last night's manifest says of its labels, in tonight's; see `Refined`."""
    label_of = {cluster_id: label for label, cluster_id in enumerate(ids)}
    pieces = manifest.cluster_ids or {}
    return {
        "label_of": {int(piece): label_of[it] for piece, it in pieces.items()},
        "whole_of": {label_of[part]: label_of[it] for part, it in manifest.whole_of.items()},
    }
