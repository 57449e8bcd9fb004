"""Place the passages of every document among tonight's clusters: which themes it mentions.

Reads  the window's texts and documents, the passages, tonight's models, assignments and clusters
Writes mentions (MENTIONED), clusters with the number of documents that mention each
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from models.core.arrays import AnyFloats, Floats
from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.placement import NightModels, Placer, load_placer
from tasks.clusters.refine import Refined
from tasks.curating.apply import curated_clusters
from tasks.curating.curate import Curated
from tasks.frame.stage import stage
from tasks.mentions.rows import (
    NOTHING,
    Placed,
    anchors_of,
    in_whole_texts,
    mention_rows,
    with_mentions,
)
from tasks.preparing.texts.cut_column import read_cut_texts
from tasks.reporting.describe import Described
from tasks.reporting.evaluate import Evaluation
from tasks.store.embeddings import matrix_of
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table, load_model, read_table
from tasks.vectors.items import Window, read_window
from tasks.vectors.passages import Passages, distinct_texts
from tasks.vectors.views import Views
from validation.tables.columns import CLUSTER_ID, DOC_ID, EMBEDDING, POSITION, TEXT, TEXT_DIGEST

_AT_ONCE: Final = 4_096
"""Passages whose lexical views are in memory together."""


class Found(BaseModel):
    """Tonight's clusters as they were found: what knows them, and which document is in which."""

    model_config = ConfigDict(frozen=True)

    models: NightModels
    assignments: Ref
    clusters: Ref


def found_clusters(
    views: Views,
    refined: Refined,
    evaluation: Evaluation,
    described: Described,
    settings: ClusteringSettings,
) -> Found:
    """Put together what places new texts in tonight's clusters."""
    models = NightModels(
        clustering=refined.models["clustering"],
        lexical=views.models["lexical"],
        identity=described.models["identity"],
        settings=settings,
        published=evaluation.published,
        cluster_ids=described.cluster_ids,
        whole_of=described.whole_of,
    )
    tables = described.tables
    return Found(models=models, assignments=tables["assignments"], clusters=tables["clusters"])


@stage("mention", version=1)
@one_thread()
def mention(
    store: Store,
    nights: list[NightTable],
    views: Views,
    passages: Passages,
    found: Found,
    curated: Curated,
) -> Curated:
    """Place every passage; the clusters come back with how many documents mention each.

    The models know the clusters as they were found; what a person has decided about these goes for
    passages, too.
    """
    window = read_window(store, views.window)
    there = read_table(store, found.clusters, [CLUSTER_ID])[CLUSTER_ID].to_pylist()
    placer = load_placer(partial(load_model, store), found.models, frozenset(there))
    as_found, _ = _parted(read_table(store, found.assignments), len(window.documents))
    placed = _placed(store, window, views, passages, placer, as_found)
    placed = _curated(placed, curated)
    everything = read_table(store, curated.tables["assignments"])
    assigned, of_remarks = _parted(everything, len(window.documents))
    clusters = read_table(store, curated.tables["clusters"])
    rows = mention_rows(window, assigned, placed)
    if views.remarks:
        remarks = read_window(store, views.remarks.window)
        rows = pa.concat_tables([rows, mention_rows(remarks, of_remarks, NOTHING)])
    rows = in_whole_texts(rows, _cut_documents(store, nights))
    counted = with_mentions(clusters, everything, rows)
    tables = {
        "mentions": keep_table(store, "mention", rows),
        "clusters": keep_table(store, "mention", counted),
    }
    return curated.model_copy(update={"tables": {**curated.tables, **tables}})


def _curated(placed: Placed, curated: Curated) -> Placed:
    """Put passages where their clusters have gone by the rules of a person."""
    texts = placed.passages[TEXT].to_pylist()
    clusters = curated_clusters(curated.curation, placed.cluster_ids.to_pylist(), texts)
    return replace(placed, cluster_ids=pa.array(clusters, pa.string()))


def _parted(assigned: pa.Table, n_themes: int) -> tuple[pa.Table, pa.Table]:
    """Part the assignments into those of themes, which come first, and those of remarks."""
    return assigned.slice(0, n_themes), assigned.slice(n_themes)


def _placed(
    store: Store,
    window: Window,
    views: Views,
    passages: Passages,
    placer: Placer,
    assigned: pa.Table,
) -> Placed:
    """Place the passages of the texts that have several."""
    table = read_table(store, passages.passages)
    if not len(table):
        return NOTHING
    distinct = distinct_texts(table)
    vectors = matrix_of(read_table(store, passages.items, [EMBEDDING])[EMBEDDING])
    X = matrix_of(read_table(store, views.items, [EMBEDDING])[EMBEDDING])
    whole, anchors = anchors_of(
        len(X), table[POSITION].to_numpy(), assigned, window.documents, placer.cluster_ids
    )
    q = _memberships(placer, vectors, distinct[TEXT].to_pylist(), X[whole], anchors)
    of_passages = pc.index_in(table[TEXT_DIGEST], distinct[TEXT_DIGEST].combine_chunks())
    winners = pa.array(placer.cluster_ids).take(pa.array(q.argmax(axis=1)))
    return Placed(table, winners.take(of_passages.combine_chunks()), q.max(axis=1)[of_passages])


def _memberships(
    placer: Placer, vectors: Floats, texts: list[str], X: Floats, anchors: AnyFloats
) -> Floats:
    """Compute the memberships of passages from those that the models find of them."""
    from models.core.memberships import recentred

    starts = range(0, len(texts), _AT_ONCE)
    parts = (slice(start, start + _AT_ONCE) for start in starts)
    q = np.vstack([placer.memberships(vectors[it], texts[it]) for it in parts])
    return recentred(np.vstack([vectors, X]), q.astype(np.float32), anchors)


def _cut_documents(store: Store, nights: Iterable[NightTable]) -> dict[str, str]:
    """Read the whole texts of the documents of which only a part is embedded."""
    found: dict[str, str] = {}
    for night in nights:
        cut = read_cut_texts(store, night.table)
        if cut is None:
            continue
        documents = read_table(store, night.table, [DOC_ID, TEXT]).filter(pc.is_valid(cut))
        found |= zip(documents[DOC_ID].to_pylist(), documents[TEXT].to_pylist(), strict=True)
    return found
