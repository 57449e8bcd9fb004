"""Place the passages of every document among tonight's clusters: which themes it mentions.

Reads  the window's texts and documents, the passages, tonight's models, assignments and clusters
Writes mentions (MENTIONED), clusters with the number of documents that mention each
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from models.core.arrays import Floats
from models.core.threads import one_thread
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.placement import NightModels, Placer, load_placer
from tasks.clusters.refine import Refined
from tasks.curating.apply import curated_clusters
from tasks.curating.curate import Curated
from tasks.frame.stage import stage
from tasks.mentions.parts import CutPart, cut_part
from tasks.mentions.rows import (
    NOTHING,
    Placed,
    in_whole_texts,
    mention_rows,
    whole_texts_of,
    with_mentions,
)
from tasks.preparing.texts.cut_column import read_cut_texts
from tasks.reporting.describe import Described
from tasks.reporting.evaluate import Evaluation
from tasks.store.history import NightTable
from tasks.store.storage import ModelRef, Ref, Store, keep_table, load_model, read_table
from tasks.vectors.items import Window, read_window
from tasks.vectors.matrices import read_matrix
from tasks.vectors.passages import Passages, distinct_texts
from tasks.vectors.views import Views
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    EMBEDDING,
    NAME,
    POSITION,
    TEXT,
    TEXT_DIGEST,
)

_AT_ONCE: Final = 4_096
"""Passages whose lexical views are in memory together."""


class FoundPart(BaseModel):
    """Tonight's clusters as they were found, all of them or those of a group."""

    model_config = ConfigDict(frozen=True)

    models: NightModels
    clusters: Ref
    n_texts: int
    """Distinct texts in them: those of the parts follow each other in the window."""


class Found(BaseModel):
    """What knows tonight's clusters as they were found, and which document is in which."""

    model_config = ConfigDict(frozen=True)

    parts: list[FoundPart]
    """One for each group; a single one where all documents are clustered together."""
    assignments: Ref


def found_clusters(
    views: Views,
    refined: Refined,
    evaluation: Evaluation,
    described: Described,
    settings: ClusteringSettings,
) -> FoundPart:
    """Put together what places new texts in tonight's clusters."""
    models = NightModels(
        clustering=refined.models["clustering"],
        lexical=views.models.get("lexical", ModelRef(files={})),
        identity=described.models["identity"],
        settings=settings,
        published=evaluation.published,
        cluster_ids=described.cluster_ids,
        whole_of=described.whole_of,
    )
    return FoundPart(
        models=models, clusters=described.tables["clusters"], n_texts=views.window.texts.rows
    )


@stage("mention", version=4)
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
    as_found, _ = _parted(read_table(store, found.assignments), len(window.documents))
    placed = _curated(_placed(store, window, views, passages, found, as_found), curated)
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
    found: Found,
    assigned: pa.Table,
) -> Placed:
    """Place the passages of the texts that have several, each by the models of its part."""
    table = read_table(store, passages.passages)
    if not len(table):
        return NOTHING
    vectors = read_matrix(store, passages.items, EMBEDDING)
    X = read_matrix(store, views.items, EMBEDDING)
    placed, first = [], 0
    for part in found.parts:
        texts = range(first, first + part.n_texts)
        cut = cut_part(texts, X, window.documents, assigned, (table, vectors))
        if len(cut.passages):
            named = _named(store, part)
            placer = load_placer(partial(load_model, store), part.models, named.keys())
            placed.append(_placed_part(cut, placer, named, tuple(views.languages)))
        first += part.n_texts
    return Placed(
        table,
        pa.concat_arrays([cluster_ids for cluster_ids, _ in placed]),
        np.concatenate([confidence for _, confidence in placed]),
    )


def _named(store: Store, part: FoundPart) -> dict[str, str]:
    """Read the name of every cluster of a part."""
    clusters = read_table(store, part.clusters, [CLUSTER_ID, NAME])
    ids, names = (clusters[column].to_pylist() for column in (CLUSTER_ID, NAME))
    return dict(zip(ids, names, strict=True))


def _placed_part(
    cut: CutPart, placer: Placer, named: Mapping[str, str], languages: tuple[str, ...]
) -> tuple[pa.Array, Floats]:
    """Return cluster and confidence of every passage."""
    from models.text.language.stop_words import stop_words_of
    from models.text.names import terms_of
    from models.text.passage_themes import CutTexts, themes_of_passages

    distinct, digests = distinct_texts(cut.passages), cut.passages[TEXT_DIGEST].combine_chunks()
    texts, positions = distinct[TEXT].to_pylist(), cut.passages[POSITION].to_numpy()
    whole = whole_texts_of(len(cut.X), positions, cut.assigned, cut.documents, placer.cluster_ids)
    of_passages = pc.index_in(digests, distinct[TEXT_DIGEST].combine_chunks()).to_numpy()
    n_documents = np.bincount(cut.documents[POSITION].to_numpy(), minlength=len(cut.X))
    said, fused = _seen(placer, cut.vectors, texts)
    passages = CutTexts(
        X=cut.vectors,
        fused=fused,
        texts=texts,
        n_documents=np.bincount(of_passages, n_documents[positions]).astype(np.int64),
    )
    q = themes_of_passages(
        passages,
        said,
        whole @ cut.X,
        {it: terms_of(named[name]) for it, name in enumerate(placer.cluster_ids) if name in named},
        stop_words_of(languages),
    )
    winners = pa.array(placer.cluster_ids, pa.string()).take(pa.array(q.argmax(axis=1)))
    return winners.take(pa.array(of_passages)), q.max(axis=1)[of_passages]


def _seen(placer: Placer, vectors: Floats, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """Return what the models say of passages, and the rows in which alike ones are near."""
    q, fused = [], []
    for start in range(0, len(texts), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        X = placer.lay_out(vectors[some], texts[some])
        q.append(placer.memberships(X).astype(np.float32))
        fused.append(placer.fuse(X))
    return np.vstack(q), np.vstack(fused)


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
