"""Place documents in the clusters of a published night, without training anything.

Reads  the documents to place; a night's manifest, models, assignments and clusters
Writes nothing but scratch
"""

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from models.core.arrays import Floats
from tasks.groups.values import group_of
from tasks.operating.placeable import Placeable
from tasks.operating.placing import Placement, place, read_published
from tasks.operating.trial import Trial
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.texts.cleaning import embedded_text
from tasks.reading.sources.urls import without_query
from tasks.reporting.insights.window_columns import column_as_text
from tasks.store.history import read_history
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    CUT_TEXT,
    DOC_ID,
    GROUP,
    IS_KNOWN,
    MARGIN,
    NAME,
    REUSED_ON,
    TEXT,
    TEXT_DIGEST,
    TITLE,
)
from validation.tables.stage_schemas import PLACEMENTS

Key = tuple[str | None, str]
"""Group and text digest: a text of two groups is in a cluster of each. A remark is in no group."""


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
    n_ungrouped
        Documents of values that a night in groups has no group for: they have none either.
    """

    table: pa.Table
    n_refused: int
    n_withdrawn: int
    n_ungrouped: int = 0


def assign(store: Store, feed: str, scratch: Path, kind: Placeable) -> Placed:
    """Place every document of a feed in a cluster of a published night, with its confidence.

    One that was clustered that night gets what was published for it. Any other is placed by the
    night's models: its labels come from a graph over the whole window, which a new one is not in,
    so the models can disagree with what was published for the few documents between two clusters.

    Parameters
    ----------
    store
        The night.
    feed
        As for a run.
    scratch
        An empty folder.
    kind
        What the documents of the night are.

    Raises
    ------
    FeedError, DataValidationError
        As in a run.
    CannotAssignError
        If the encoder is another one, or the night has no models for it.
    """
    manifest = store.read_manifest()
    trial = kind.trial(feed, manifest.config, scratch)
    trial.verdict.require_sound(without_query(feed), so="nothing is placed")
    documents, n_refused, n_withdrawn = prepare_documents(
        trial, manifest.config, [it.name for it in manifest.groups]
    )
    inside = documents.filter(pc.is_valid(documents[GROUP])) if manifest.groups else documents
    known = read_known(store, manifest)
    encode = partial(kind.encode, store, manifest, trial)
    found = known | _placed(store, manifest, inside, known, encode)
    clusters = read_published(store, manifest, "clusters", [CLUSTER_ID, NAME])
    names = dict(_rows(clusters, CLUSTER_ID, NAME))
    rows = [
        _placement(doc_id, found[key], names, key in known)
        for doc_id, key in zip(inside[DOC_ID].to_pylist(), _keys(inside, known), strict=True)
    ]
    table = pa.Table.from_pylist(rows, schema=PLACEMENTS)
    return Placed(table, n_refused, n_withdrawn, len(documents) - len(inside))


def _keys(documents: pa.Table, known: Container[Key]) -> list[Key]:
    """Return what each document is known by: a remark is in no group."""
    keys = _rows(documents, GROUP, TEXT_DIGEST)
    return [key if (None, key[1]) not in known else (None, key[1]) for key in keys]


def _placed(
    store: Store,
    manifest: Manifest,
    documents: pa.Table,
    known: Container[Key],
    encode: Callable[[Mapping[str, str]], Floats],
) -> dict[Key, Placement]:
    """Place the documents that are not known, those of each group by its own models."""
    texts: dict[str | None, dict[Key, str]] = {}
    embedded = starmap(embedded_text, _rows(documents, TITLE, TEXT))
    for key, text in zip(_keys(documents, known), embedded, strict=True):
        if key not in known:
            texts.setdefault(key[0], {})[key] = text
    found: dict[Key, Placement] = {}
    for group, own in texts.items():
        vectors = partial(encode, {digest: text for (_, digest), text in own.items()})
        placed = place(store, manifest, vectors, list(own.values()), group)
        found |= zip(own, placed, strict=True)
    return found


def prepare_documents(
    trial: Trial, config: Mapping[str, Any], groups: Collection[str] = ()
) -> tuple[pa.Table, int, int]:
    """Prepare the documents of a feed as a night does.

    Its raw rows are in scratch, so that memory holds no more than the documents.

    Parameters
    ----------
    trial
        Of the feed.
    config
        Of the run whose night it is.
    groups
        Names of the night's groups; none where it was not clustered by a column.

    Returns
    -------
    Its documents, with the group that each is in (null where there is none), how many rows were
    refused, and how many are withdrawn. A row that repeats the id and the text of another counts
    once.
    """
    by = config["clustering"]["by"] if groups else None
    documents, n_withdrawn = _prepared(trial, PrepareSettings(**config["prepare"]), by)
    own = [group_of(it, groups) for it in documents[GROUP].to_pylist()]
    documents = documents.set_column(len(documents.schema) - 1, GROUP, pa.array(own, pa.string()))
    is_sound = [bool(text) and not reused for text, reused in _rows(documents, TEXT, REUSED_ON)]
    n_refused = len(trial.refused) + is_sound.count(False)
    return documents.filter(pa.array(is_sound, pa.bool_())), n_refused, n_withdrawn


def _prepared(trial: Trial, settings: PrepareSettings, by: str | None) -> tuple[pa.Table, int]:
    """Prepare rows as those of a first night; return its documents, and how many rows withdraw.

    Their texts are those that are embedded: of mails, what is left of them. The column `group` has
    their values in the column that they are grouped by.
    """
    plan = trial.plan(settings)
    columns = [DOC_ID, TITLE, TEXT, TEXT_DIGEST, REUSED_ON]
    kept = columns if plan.repeated is None else [*columns, CUT_TEXT]
    documents, n_withdrawn = [_kept(plan.schemas()["candidates"].empty_table(), kept, by)], 0
    for part in trial.parts(plan, settings):
        documents.append(_kept(part["candidates"], kept, by))
        n_withdrawn += len(part["withdrawn"])
    table = pa.concat_tables(documents)
    if plan.repeated is not None:
        texts = pc.coalesce(table[CUT_TEXT], table[TEXT])
        table = table.set_column(columns.index(TEXT), table.schema.field(TEXT), texts)
    return table.select([*columns, GROUP]), n_withdrawn


def _kept(candidates: pa.Table, columns: list[str], by: str | None) -> pa.Table:
    values = column_as_text(candidates, by) if by else None
    if values is None:
        values = pa.nulls(len(candidates), pa.string())
    return candidates.select(columns).append_column(GROUP, values)


def read_known(store: Store, manifest: Manifest) -> dict[Key, Placement]:
    """Return what was published for every text of the night's window, group by group."""
    is_quiet = not manifest.counts["read"]
    past = read_history(store).documents_within(store, manifest.window_days, is_quiet)
    tables = [
        *(read_table(store, night.table, [DOC_ID, TEXT_DIGEST]) for night in past),
        read_published(store, manifest, "documents", [DOC_ID, TEXT_DIGEST]),
    ]
    digests = {
        doc_id: digest for table in tables for doc_id, digest in _rows(table, DOC_ID, TEXT_DIGEST)
    }
    columns = [DOC_ID, CLUSTER_ID, CONFIDENCE, MARGIN, *([GROUP] if manifest.groups else [])]
    assigned = _rows(read_published(store, manifest, "assignments", columns), *columns)
    return {
        (next(iter(group), None), digests[doc_id]): (cluster_id, confidence, margin)
        for doc_id, cluster_id, confidence, margin, *group in assigned
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
