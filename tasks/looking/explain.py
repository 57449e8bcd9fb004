"""Why a document is in its cluster: examples near it, words it shares, who came second.

Reads  a night's manifest, models, tables and embeddings
Writes nothing
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.core.arrays import Floats
from models.core.threads import one_thread
from models.text.term_search import TermSearch
from tasks.boundary.excerpts import excerpt
from tasks.curating.apply import curated_clusters
from tasks.looking.meaning import vectors_of
from tasks.looking.texts import (
    NotThereError,
    Row,
    WindowTexts,
    clusters_by_id,
    read_texts,
    rows_of,
    whole_text,
    window_tables,
)
from tasks.operating.placing import placer_of
from tasks.store.manifests import Manifest
from tasks.store.storage import Store
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    END,
    EXEMPLAR_DOC_IDS,
    GROUP,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    MARGIN,
    NAME,
    REMARKS,
    START,
    TOPIC_ID,
)

_NEAREST: Final = 5
"""As many as a cluster has: where all are its own, its place is plain."""

_CHARS: Final = 200
"""Of a text that is quoted: a line or two."""


@dataclass(frozen=True)
class Candidate:
    """A cluster that a document is in, or could be in.

    Parameters
    ----------
    shared_terms
        Keywords of the cluster that the document holds, the most telling first.
    membership
        What the night's models alone find; None for short remarks, which no model places.
    """

    cluster_id: str
    name: str
    topic_id: str | None
    shared_terms: list[str]
    membership: float | None


@dataclass(frozen=True)
class NearExemplar:
    """A document that shows a cluster, and its cosine to the one that is explained."""

    doc_id: str
    cluster_id: str
    name: str
    cosine: float
    text: str


@dataclass(frozen=True)
class SaidPassage:
    """A passage of the document, and the theme that it is about."""

    text: str
    cluster_id: str
    name: str
    confidence: float


@dataclass(frozen=True)
class Explanation:
    """Why a document is where it is.

    Parameters
    ----------
    confidence, margin, is_outlier, is_new
        As published; the margin is how far the runner-up stayed behind.
    runner_up
        The best other cluster by the models alone, which do not see the document's neighbours.
    """

    feed: str
    night: str
    doc_id: str
    text: str
    cluster: Candidate
    confidence: float
    margin: float
    is_outlier: bool
    is_new: bool
    runner_up: Candidate | None
    exemplars: list[NearExemplar]
    passages: list[SaidPassage]


@one_thread()
def explain(store: Store, doc_id: str) -> Explanation:
    """Explain a document of a published night's window.

    Raises
    ------
    NotThereError
        If the window has no such document.
    CannotAssignError
        If the manifest does not say what the labels of the night's models mean.
    DamagedFileError
        If a table, a model or a vector is damaged.
    """
    manifest = store.read_manifest()
    nights = window_tables(store, manifest)
    texts, assigned = (
        read_texts(store, nights),
        rows_of(store, manifest, "assignments", DOC_ID, doc_id),
    )
    if not assigned or doc_id not in texts.digest_of:
        raise NotThereError(
            f"document {doc_id!r} is not in the window of night {manifest.night} of feed"
            f" {manifest.feed!r}; `nightfold search` finds ids by what texts say"
        )
    row, clusters = assigned[0], clusters_by_id(store, manifest)
    own, text = row[CLUSTER_ID], texts.text(doc_id)
    vector = vectors_of(store, manifest, [texts.digest_of[doc_id]])
    q = {} if own == REMARKS else _memberships(store, manifest, vector, text, row.get(GROUP))
    second = runner_up(q, own, clusters)
    return Explanation(
        feed=manifest.feed,
        night=manifest.night,
        doc_id=doc_id,
        text=excerpt(text, _CHARS),
        cluster=candidate(clusters[own], text, q),
        confidence=row[CONFIDENCE],
        margin=row[MARGIN],
        is_outlier=row[IS_OUTLIER],
        is_new=row[IS_NEW],
        runner_up=candidate(clusters[second], text, q) if second else None,
        exemplars=_exemplars(store, manifest, texts, clusters, (doc_id, vector)),
        passages=passages(
            rows_of(store, manifest, "mentions", DOC_ID, doc_id),
            whole_text(store, nights, doc_id),
            clusters,
        ),
    )


def runner_up(q: Mapping[str, float], own: str, clusters: Mapping[str, Row]) -> str | None:
    """Return the cluster other than its own with the highest membership; None without any."""
    others = {it: share for it, share in q.items() if it != own and it in clusters}
    return max(others, key=lambda it: (others[it], it)) if others else None


def candidate(cluster: Row, text: str, q: Mapping[str, float]) -> Candidate:
    """Describe a cluster from the side of a document."""
    keywords = cluster[KEYWORDS] or []
    membership = q.get(cluster[CLUSTER_ID])
    return Candidate(
        cluster_id=cluster[CLUSTER_ID],
        name=cluster[NAME],
        topic_id=cluster.get(TOPIC_ID),
        shared_terms=[it for it in keywords if TermSearch([it]).first_in(text)],
        membership=None if membership is None else round(membership, 4),
    )


def nearest(x: Floats, X: Floats) -> list[tuple[int, float]]:
    """Return the rows of a matrix with the highest cosine to a vector, and these.

    Parameters
    ----------
    x, X
        Of length 1, shapes (embedding_dim,) and (n_texts, embedding_dim).
    """
    cosines = X @ x
    order = np.argsort(-cosines, kind="stable")[:_NEAREST]
    return [(int(it), round(float(cosines[it]), 4)) for it in order]


def passages(rows: Sequence[Row], text: str, clusters: Mapping[str, Row]) -> list[SaidPassage]:
    """Describe the passages of a document, those of one passage too; see the table `mentions`."""
    return [
        SaidPassage(
            text=excerpt(text if row[START] is None else text[row[START] : row[END]], _CHARS),
            cluster_id=row[CLUSTER_ID],
            name=clusters[row[CLUSTER_ID]][NAME],
            confidence=round(row[CONFIDENCE], 4),
        )
        for row in rows
    ]


def _memberships(
    store: Store, manifest: Manifest, vector: Floats, text: str, group: str | None
) -> dict[str, float]:
    """Return what the night's models find, by the clusters that a person has made of theirs."""
    placer = placer_of(store, manifest, group)
    shares: list[float] = placer.memberships(placer.lay_out(vector, [text]))[0].tolist()
    ids = curated_clusters(manifest.curation, placer.cluster_ids, [text] * len(shares))
    found: dict[str, float] = defaultdict(float)
    for cluster_id, share in zip(ids, shares, strict=True):
        found[cluster_id] += share
    return dict(found)


def _exemplars(
    store: Store,
    manifest: Manifest,
    texts: WindowTexts,
    clusters: Mapping[str, Row],
    of: tuple[str, Floats],
) -> list[NearExemplar]:
    """Find the exemplars of all clusters that are nearest to a document, itself left out."""
    doc_id, vector = of
    pairs: list[tuple[Any, Row]] = [
        (it, row)
        for row in clusters.values()
        for it in row[EXEMPLAR_DOC_IDS]
        if it != doc_id and it in texts.digest_of
    ]
    if not pairs:
        return []
    X = vectors_of(store, manifest, [texts.digest_of[it] for it, _ in pairs])
    return [
        NearExemplar(
            doc_id=pairs[place][0],
            cluster_id=pairs[place][1][CLUSTER_ID],
            name=pairs[place][1][NAME],
            cosine=cosine,
            text=excerpt(texts.text(pairs[place][0]), _CHARS),
        )
        for place, cosine in nearest(vector[0], X)
    ]
