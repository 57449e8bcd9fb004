"""Place documents in the clusters of a published night, without training anything.

Reads  the documents to place; a night's manifest, models, assignments and clusters
Writes nothing but scratch
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.core.arrays import top_two
from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings, class_of, load_estimator
from tasks.clusters.memberships import joined, parted
from tasks.preparing.candidates import AcceptedRows, PrepareSettings, plan_rows, prepared_parts
from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.preparing.cleaning import embedded_text
from tasks.preparing.known_columns import Known
from tasks.preparing.seen import Seen
from tasks.reading.find import find_pieces
from tasks.reading.ingest import IngestSettings, read_feed
from tasks.reading.sources.urls import without_query
from tasks.store.history import read_history
from tasks.store.manifests import Manifest
from tasks.store.storage import (
    Store,
    lay_out,
    read_batches,
    read_table,
    require_file,
)
from tasks.vectors.encoder import EmbedSettings, encoder_ref, load_encoder
from validation.errors import NightfoldError
from validation.schemas import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    IS_KNOWN,
    MARGIN,
    NAME,
    PLACEMENTS,
    POSITION,
    REUSED_ON,
    TEXT,
    TEXT_DIGEST,
    TITLE,
)

Matrix = NDArray[np.floating[Any]]


class CannotAssignError(NightfoldError, ValueError):
    """A night whose models cannot place anything; the message says why and what to do."""


@dataclass(frozen=True)
class Placed:
    """Documents with their clusters.

    Parameters
    ----------
    table
        With the schema `PLACEMENTS`, in the order of the feed.
    n_refused
        Rows that the checks of a night would have refused: they have no cluster.
    n_withdrawn
        Rows that withdraw a document, and those under the same ids: they have none either.
    """

    table: pa.Table
    n_refused: int
    n_withdrawn: int


def assign(store: Store, feed: str, scratch: Path) -> Placed:
    """Place every document of a feed in a cluster of a published night, with its confidence.

    A text that was clustered that night gets what was published for it. Any other is placed by the
    night's models: its labels come from a graph over the whole window, which a new text is not in,
    so the models can disagree with what was published for the few texts between two clusters.

    Parameters
    ----------
    store
        The night.
    feed
        As for a run.
    scratch
        An empty folder.

    Raises
    ------
    FeedError, DataValidationError
        As in a run.
    CannotAssignError
        If the encoder is another one, or the night has no models for it.
    """
    manifest = store.read_manifest()
    documents, n_refused, n_withdrawn = prepare_feed(feed, manifest.config, scratch)
    known = read_known(store, manifest)
    texts = {
        digest: embedded_text(title, text)
        for digest, title, text in _rows(documents, TEXT_DIGEST, TITLE, TEXT)
        if digest not in known
    }
    placed = place_texts(store, manifest, list(texts.values())) if texts else []
    found = known | dict(zip(texts, placed, strict=True))
    names = dict(_rows(_table(store, manifest, "clusters", [CLUSTER_ID, NAME]), CLUSTER_ID, NAME))
    rows = [
        _placement(doc_id, found[digest], names, digest in known)
        for doc_id, digest in _rows(documents, DOC_ID, TEXT_DIGEST)
    ]
    return Placed(pa.Table.from_pylist(rows, schema=PLACEMENTS), n_refused, n_withdrawn)


def prepare_feed(feed: str, config: Mapping[str, Any], scratch: Path) -> tuple[pa.Table, int, int]:
    """Read, check and clean a feed as a night does.

    Returns
    -------
    Its documents, how many rows were refused, and how many are withdrawn. A row that repeats the
    id and the text of another is there once.
    """
    now = datetime.now(UTC).date()
    aside = Store(root=scratch, feed="assign", night=now)
    raw = read_feed(aside, find_pieces(aside, feed), IngestSettings(**config["ingest"]))
    batches = partial(read_batches, aside, raw.rows)
    verdict = judge_raw(batches, CheckSettings(**config["check"]).raw_limits(now, None))
    verdict.require_sound(without_query(feed), so="nothing is placed")
    refused = set(verdict.refused[POSITION].to_pylist())
    rows = AcceptedRows(batches, refused, raw.columns, raw.metadata_types)
    documents, n_withdrawn = _prepared(rows, PrepareSettings(**config["prepare"]), now)
    is_sound = [bool(text) and not reused for text, reused in _rows(documents, TEXT, REUSED_ON)]
    n_refused = len(refused) + is_sound.count(False)
    return documents.filter(pa.array(is_sound, pa.bool_())), n_refused, n_withdrawn


def _prepared(rows: AcceptedRows, settings: PrepareSettings, night: date) -> tuple[pa.Table, int]:
    """Prepare rows as those of a first night; return its documents, and how many rows withdraw."""
    plan = plan_rows(rows, Known([], {}))
    columns = [DOC_ID, TITLE, TEXT, TEXT_DIGEST, REUSED_ON]
    documents, n_withdrawn = [plan.schemas()["candidates"].empty_table().select(columns)], 0
    for part in prepared_parts(plan, Seen(night), settings):
        documents.append(part["candidates"].select(columns))
        n_withdrawn += len(part["withdrawn"])
    return pa.concat_tables(documents), n_withdrawn


Placement = tuple[str, float, float]
"""Cluster_id, confidence, margin."""


def read_known(store: Store, manifest: Manifest) -> dict[str, Placement]:
    """Return what was published for every text of the night's window, by text digest."""
    past = read_history(store).documents_within(store, manifest.window_days)
    tables = [
        *(read_table(store, night.table, [DOC_ID, TEXT_DIGEST]) for night in past),
        _table(store, manifest, "documents", [DOC_ID, TEXT_DIGEST]),
    ]
    digests = {
        doc_id: digest for table in tables for doc_id, digest in _rows(table, DOC_ID, TEXT_DIGEST)
    }
    assigned = _table(store, manifest, "assignments", [DOC_ID, CLUSTER_ID, CONFIDENCE, MARGIN])
    return {
        digests[doc_id]: (cluster_id, confidence, margin)
        for doc_id, cluster_id, confidence, margin in _rows(
            assigned, DOC_ID, CLUSTER_ID, CONFIDENCE, MARGIN
        )
        if doc_id in digests
    }


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
    winners = [cluster_ids[column] for column in q.argmax(axis=1)]
    return list(zip(winners, confidence.tolist(), margin.tolist(), strict=True))


def _encoded(manifest: Manifest, texts: Sequence[str]) -> NDArray[np.float32]:
    config = manifest.config
    encoder = encoder_ref(config["encoder"])
    if encoder.digest != manifest.encoder.digest:
        raise CannotAssignError(
            f"encoder {config['encoder']!r} must be the one of night {manifest.night}, with the"
            f" digest {manifest.encoder.digest[:12]}, got {encoder.digest[:12]}; run that"
            " night again with the encoder that is there now"
        )
    settings, device = EmbedSettings(**config["embed"]), config["clustering"]["device"]
    return load_encoder(encoder, settings, device).encode(texts)


_Texts = tuple[NDArray[np.float32], Sequence[str]]


def _by_model(
    store: Store, manifest: Manifest, given: _Texts, folder: Path
) -> tuple[Matrix, list[str]]:
    """Return the memberships that the refined model finds, and the cluster_id of each column."""
    from models.text.lexical_views import LexicalViews

    if manifest.cluster_ids is None:
        raise CannotAssignError(
            f"night {manifest.night} was published before models could be asked; run it again"
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
    embedding: NDArray[np.float32],
    q: Matrix,
    cluster_ids: list[str],
) -> tuple[Matrix, list[str]]:
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
) -> tuple[Matrix, list[str]]:
    """Return memberships by the centroids in the embedding space, where k-means was published."""
    from models.core.memberships import memberships

    centroids = _centroids(store, manifest, folder)
    tonight = set(_table(store, manifest, "clusters", [CLUSTER_ID])[CLUSTER_ID].to_pylist())
    cluster_ids = [cluster_id for cluster_id in centroids if cluster_id in tonight]
    stacked = np.stack([centroids[cluster_id] for cluster_id in cluster_ids])
    return memberships(given[0] @ stacked.T), cluster_ids


def _centroids(store: Store, manifest: Manifest, folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the centroid of every cluster that the night knew, by cluster_id."""
    from models.core.persistence import load_state

    lay_out(store, manifest.model("identity"), folder)
    tensors, story = load_state(folder)
    cluster_ids = [told["cluster_id"] for told in story["clusters"]]
    return dict(zip(cluster_ids, tensors["centroids"], strict=True))


def _table(store: Store, manifest: Manifest, name: str, columns: list[str]) -> pa.Table:
    ref = manifest.tables[name]
    require_file(store, ref)
    return read_table(store, ref, columns)


def _rows(table: pa.Table, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _placement(
    doc_id: str, found: Placement, names: Mapping[str, str], is_known: bool
) -> dict[str, Any]:
    cluster_id, confidence, margin = found
    return {
        DOC_ID: doc_id,
        CLUSTER_ID: cluster_id,
        NAME: names[cluster_id],
        CONFIDENCE: confidence,
        MARGIN: margin,
        IS_KNOWN: is_known,
    }
