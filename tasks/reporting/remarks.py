"""The cluster of short remarks: every one keeps a place, and none of them is a theme.

Reads  texts, documents and vectors of the remarks, the last night's clusters
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from models.core.arrays import Floats, normalise_rows
from tasks.clusters.window import WindowDocuments, documents_in
from tasks.reporting.quoted import Quoted
from tasks.store.history import PastNight
from tasks.store.storage import Store, read_table
from tasks.vectors.items import Remarks, read_window
from tasks.vectors.matrices import read_matrix
from validation.tables.cluster_schemas import ASSIGNMENTS
from validation.tables.columns import (
    CLUSTER_ID,
    COHESION,
    CONFIDENCE,
    DOC_ID,
    EMBEDDING,
    EXEMPLAR_DOC_IDS,
    EXEMPLAR_TEXTS,
    FIRST_SEEN,
    GROUP,
    GROWTH,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    KIND,
    LAST_SEEN,
    MARGIN,
    NAME,
    REMARKS,
    SHARE,
    SIZE,
    STABILITY,
    STATUS,
    TEXT,
    TOPIC_ID,
)

_NAME: Final = "short remarks"
_N_NAMED: Final = 3
_N_KEYWORDS: Final = 10
_N_EXEMPLARS: Final = 5


@dataclass(frozen=True)
class RemarksTonight:
    """What the cluster of remarks is described from.

    Parameters
    ----------
    texts
        Different ones.
    X
        Their embeddings, shape (n_texts, embedding_dim).
    documents
        The window's that have these texts.
    before
        Row of the cluster on the last night, if there was one.
    """

    texts: list[str]
    X: Floats
    documents: WindowDocuments
    before: Mapping[str, Any] | None


def count_themes(cluster_ids: Iterable[str]) -> int:
    """Count clusters by their ids; that of short remarks is none."""
    return len(set(cluster_ids) - {REMARKS})


def read_remarks(
    store: Store, remarks: Remarks | None, last: PastNight | None
) -> RemarksTonight | None:
    """Read what `set_remarks_apart` has kept; None where nothing was set apart."""
    if remarks is None:
        return None
    window = read_window(store, remarks.window)
    rows = read_table(store, last.clusters).to_pylist() if last else []
    return RemarksTonight(
        texts=window.texts[TEXT].to_pylist(),
        X=read_matrix(store, remarks.items, EMBEDDING),
        documents=documents_in(window.documents, store.night),
        before=next((row for row in rows if row[CLUSTER_ID] == REMARKS), None),
    )


def remarks_row(
    remarks: RemarksTonight, night: str, n_documents: int, languages: Sequence[str]
) -> dict[str, Any]:
    """Describe the cluster of remarks, as a row of the table of clusters.

    Its name says what it is, and what is said most often.

    Parameters
    ----------
    remarks
        The remarks.
    night
        Tonight.
    n_documents
        Documents of the window, those of themes too.
    languages
        Of the window.
    """
    before, size = remarks.before, len(remarks.documents.doc_ids)
    said = _most_said(remarks, languages)
    shown, quoted = _most_frequent(remarks.documents), Quoted(remarks.texts, remarks.documents)
    centroid = normalise_rows(remarks.X.mean(axis=0, keepdims=True))[0]
    return {
        CLUSTER_ID: REMARKS,
        NAME: f"{_NAME}: {', '.join(said[:_N_NAMED])}" if said else _NAME,
        KEYWORDS: said[:_N_KEYWORDS],
        SIZE: size,
        SHARE: size / n_documents,
        GROWTH: size - (before[SIZE] if before else 0),
        COHESION: float(np.mean(remarks.X @ centroid)),
        STABILITY: None,
        EXEMPLAR_DOC_IDS: quoted.doc_ids(shown),
        FIRST_SEEN: before[FIRST_SEEN] if before else night,
        LAST_SEEN: night,
        STATUS: "survived" if before else "born",
        KIND: REMARKS,
        TOPIC_ID: None,
        EXEMPLAR_TEXTS: quoted.texts_of(shown),
        GROUP: None,
    }


def remarks_assignments(remarks: RemarksTonight) -> pa.Table:
    """Lay out the documents that are remarks: each certainly in their cluster, and in no topic."""
    n = len(remarks.documents.doc_ids)
    columns = {
        DOC_ID: remarks.documents.doc_ids,
        CLUSTER_ID: [REMARKS] * n,
        CONFIDENCE: [1.0] * n,
        MARGIN: [1.0] * n,
        IS_OUTLIER: [False] * n,
        IS_NEW: remarks.documents.is_new,
        TOPIC_ID: [None] * n,
        GROUP: [None] * n,
    }
    return pa.table(columns, schema=ASSIGNMENTS)


def _most_said(remarks: RemarksTonight, languages: Sequence[str]) -> list[str]:
    """Return the words that most documents say, the most frequent first, then by the alphabet."""
    from models.text.keywords import words_of
    from models.text.language.stop_words import stop_words_of

    untold = stop_words_of(tuple(languages))
    said: Counter[str] = Counter()
    n_documents = np.bincount(remarks.documents.items, minlength=len(remarks.texts))
    for text, n in zip(remarks.texts, n_documents.tolist(), strict=True):
        said.update(dict.fromkeys(set(words_of(text)) - untold, n))
    return [word for word, _ in sorted(said.items(), key=lambda it: (-it[1], it[0]))]


def _most_frequent(documents: WindowDocuments) -> list[int]:
    """Return the texts that most documents have, the most frequent first."""
    often = Counter(documents.items.tolist())
    return sorted(often, key=lambda item: (-often[item], item))[:_N_EXEMPLARS]
