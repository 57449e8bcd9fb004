"""Place texts in the clusters of a published night, by its models alone.

Reads  a night's manifest, models and clusters
Writes nothing but scratch
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from models.core.arrays import AnyFloats, Floats, top_two
from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings, class_of, load_estimator
from tasks.clusters.memberships import joined, parted
from tasks.curating.apply import curated_clusters
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, lay_out, read_table, require_file
from tasks.vectors.encoder import EmbedSettings, encoder_ref, load_encoder
from validation.errors import NightfoldError
from validation.schemas import CLUSTER_ID

Placement = tuple[str, float, float]
"""Cluster_id, confidence, margin."""


class CannotAssignError(NightfoldError, ValueError):
    """A night whose models cannot place texts; the message says why and what to do."""


@one_thread()
def place_texts(store: Store, manifest: Manifest, texts: Sequence[str]) -> list[Placement]:
    """Place texts by the night's models alone, known ones too.

    Raises
    ------
    CannotAssignError
        If the encoder is not that of the night, or the manifest does not say what labels mean.
    """
    embedding = _encoded(manifest, texts)
    published = manifest.labels.published
    by = _by_centroids if published == "baseline" else _by_model
    with tempfile.TemporaryDirectory() as folder:
        q, cluster_ids = by(store, manifest, (embedding, texts), Path(folder))
    confidence, margin = top_two(q)
    found = [cluster_ids[column] for column in q.argmax(axis=1)]
    winners = curated_clusters(manifest.curation, found, texts)
    return list(zip(winners, confidence.tolist(), margin.tolist(), strict=True))


def _encoded(manifest: Manifest, texts: Sequence[str]) -> Floats:
    config = manifest.config
    encoder = encoder_ref(config["encoder"])
    if encoder.digest != manifest.encoder.digest:
        raise CannotAssignError(
            f"encoder {config['encoder']!r} must be the one of night {manifest.night}, with the"
            f" digest {manifest.encoder.digest[:12]}, got {encoder.digest[:12]}; run that"
            " night again with the encoder that is installed now"
        )
    settings, device = EmbedSettings(**config["embed"]), config["clustering"]["device"]
    return load_encoder(encoder, settings, device).encode(texts)


_Texts = tuple[Floats, Sequence[str]]


def _by_model(
    store: Store, manifest: Manifest, given: _Texts, folder: Path
) -> tuple[AnyFloats, list[str]]:
    """Return the memberships that the refined model finds, and the cluster_id of each column."""
    from models.text.lexical_views import LexicalViews

    if manifest.cluster_ids is None:
        raise CannotAssignError(
            f"night {manifest.night} was published by a version whose models cannot place texts;"
            " run it again"
        )
    embedding, texts = given
    settings = ClusteringSettings(**manifest.config["clustering"])
    lay_out(store, manifest.model("clustering"), folder / "clustering")
    X = embedding
    if class_of(settings.estimator).uses_views:
        lay_out(store, manifest.model("lexical"), folder / "lexical")
        X = np.hstack([embedding, LexicalViews.load(folder / "lexical").transform(texts)])
    estimator = load_estimator(settings, folder / "clustering")
    cluster_of = {int(label): it for label, it in manifest.cluster_ids.items()}
    cluster_ids = sorted(set(cluster_of.values()))
    place = {label: cluster_ids.index(it) for label, it in cluster_of.items()}
    q = joined(estimator.predict_proba(X), place)
    return _shared_out(store, manifest, folder / "identity", embedding, q, cluster_ids)


def _shared_out(
    store: Store,
    manifest: Manifest,
    folder: Path,
    embedding: Floats,
    q: AnyFloats,
    cluster_ids: list[str],
) -> tuple[AnyFloats, list[str]]:
    """Share out the memberships of clusters from which others were parted that night."""
    whole_of = manifest.whole_of
    if not whole_of:
        return q, cluster_ids
    centroids = _centroids(store, manifest, folder)
    for place, whole in enumerate(list(cluster_ids)):
        parts = sorted(part for part, its_whole in whole_of.items() if its_whole == whole)
        stories = np.stack([centroids[cluster_id] for cluster_id in (whole, *parts)])
        q = parted(q, place, embedding @ stories.T)
        cluster_ids = [*cluster_ids, *parts]
    return q, cluster_ids


def _by_centroids(
    store: Store, manifest: Manifest, given: _Texts, folder: Path
) -> tuple[AnyFloats, list[str]]:
    """Return memberships by centroids in the embedding space, where k-means was published."""
    from models.core.memberships import memberships

    centroids = _centroids(store, manifest, folder)
    tonight = set(read_published(store, manifest, "clusters", [CLUSTER_ID])[CLUSTER_ID].to_pylist())
    tonight |= manifest.curation.get("merged", {}).keys()
    cluster_ids = [cluster_id for cluster_id in centroids if cluster_id in tonight]
    stacked = np.stack([centroids[cluster_id] for cluster_id in cluster_ids])
    return memberships(given[0] @ stacked.T), cluster_ids


def _centroids(store: Store, manifest: Manifest, folder: Path) -> dict[str, Floats]:
    """Return the centroid of every cluster that the night knew, by cluster_id."""
    from models.core.persistence import load_state

    lay_out(store, manifest.model("identity"), folder)
    tensors, facts = load_state(folder)
    cluster_ids = [cluster["cluster_id"] for cluster in facts["clusters"]]
    return dict(zip(cluster_ids, tensors["centroids"], strict=True))


def read_published(store: Store, manifest: Manifest, name: str, columns: list[str]) -> pa.Table:
    """Read columns of a table that a night has published; see `require_file`."""
    ref = manifest.tables[name]
    require_file(store, ref)
    return read_table(store, ref, columns)
