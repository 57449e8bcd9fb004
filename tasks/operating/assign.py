"""Place documents in the clusters of a published night, without training anything.

Reads  the documents to place; a night's manifest, models, assignments and clusters
Writes nothing but scratch
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.operating.placing import Placement, place_texts, read_published
from tasks.operating.trial import Trial, try_feed
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.texts.cleaning import embedded_text
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import without_query
from tasks.store.history import read_history
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    CUT_TEXT,
    DOC_ID,
    IS_KNOWN,
    MARGIN,
    NAME,
    REUSED_ON,
    TEXT,
    TEXT_DIGEST,
    TITLE,
)
from validation.tables.stage_schemas import PLACEMENTS


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
    clusters = read_published(store, manifest, "clusters", [CLUSTER_ID, NAME])
    names = dict(_rows(clusters, CLUSTER_ID, NAME))
    rows = [
        _placement(doc_id, found[digest], names, digest in known)
        for doc_id, digest in _rows(documents, DOC_ID, TEXT_DIGEST)
    ]
    return Placed(pa.Table.from_pylist(rows, schema=PLACEMENTS), n_refused, n_withdrawn)


def prepare_feed(feed: str, config: Mapping[str, Any], scratch: Path) -> tuple[pa.Table, int, int]:
    """Read, check and clean a feed as a night does.

    The raw rows go through scratch, so that memory holds no more than the documents.

    Returns
    -------
    Its documents, how many rows were refused, and how many are withdrawn. A row that repeats the
    id and the text of another counts once.
    """
    ingest, check = IngestSettings(**config["ingest"]), CheckSettings(**config["check"])
    groups = {it: config[it] for it in SourceSettings.model_fields if it in config}
    tonight, sources = datetime.now(UTC).date(), SourceSettings(**groups)
    trial = try_feed(feed, ingest, check, tonight, scratch, sources)
    trial.verdict.require_sound(without_query(feed), so="nothing is placed")
    documents, n_withdrawn = _prepared(trial, PrepareSettings(**config["prepare"]))
    is_sound = [bool(text) and not reused for text, reused in _rows(documents, TEXT, REUSED_ON)]
    n_refused = len(trial.refused) + is_sound.count(False)
    return documents.filter(pa.array(is_sound, pa.bool_())), n_refused, n_withdrawn


def _prepared(trial: Trial, settings: PrepareSettings) -> tuple[pa.Table, int]:
    """Prepare rows as those of a first night; return its documents, and how many rows withdraw.

    Their texts are those that are embedded: of mails, what is left of them.
    """
    plan = trial.plan(settings)
    columns = [DOC_ID, TITLE, TEXT, TEXT_DIGEST, REUSED_ON]
    kept = columns if plan.repeated is None else [*columns, CUT_TEXT]
    documents, n_withdrawn = [plan.schemas()["candidates"].empty_table().select(kept)], 0
    for part in trial.parts(plan, settings):
        documents.append(part["candidates"].select(kept))
        n_withdrawn += len(part["withdrawn"])
    table = pa.concat_tables(documents)
    if plan.repeated is not None:
        texts = pc.coalesce(table[CUT_TEXT], table[TEXT])
        table = table.set_column(columns.index(TEXT), table.schema.field(TEXT), texts)
    return table.select(columns), n_withdrawn


def read_known(store: Store, manifest: Manifest) -> dict[str, Placement]:
    """Return what was published for every text of the night's window, by text digest."""
    is_quiet = not manifest.counts["read"]
    past = read_history(store).documents_within(store, manifest.window_days, is_quiet)
    tables = [
        *(read_table(store, night.table, [DOC_ID, TEXT_DIGEST]) for night in past),
        read_published(store, manifest, "documents", [DOC_ID, TEXT_DIGEST]),
    ]
    digests = {
        doc_id: digest for table in tables for doc_id, digest in _rows(table, DOC_ID, TEXT_DIGEST)
    }
    columns = [DOC_ID, CLUSTER_ID, CONFIDENCE, MARGIN]
    assigned = _rows(read_published(store, manifest, "assignments", columns), *columns)
    return {
        digests[doc_id]: (cluster_id, confidence, margin)
        for doc_id, cluster_id, confidence, margin in assigned
        if doc_id in digests
    }


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
