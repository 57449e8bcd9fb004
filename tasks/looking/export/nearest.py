"""The nearest documents of each document by meaning, as embedding-atlas reads them.

Reads  a night's manifest, the documents of its window, embeddings
Writes nothing
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.core.arrays import Floats, normalise_rows
from models.core.graph import nearest_neighbours
from models.core.threads import one_thread
from tasks.looking.export.rows import Exported
from tasks.looking.meaning import vectors_of
from tasks.looking.texts import read_texts, window_tables
from tasks.store.storage import Store
from validation.tables.columns import DOC_ID

Nearest = dict[str, list[Any]]
"""`ids`: numbers of rows from 0 on, the row itself first. `distances`: one less the cosine."""

_NEAREST: Final = 15
"""As many as embedding-atlas finds by itself, the row itself among them."""

NONE: Final[Nearest] = {"ids": [], "distances": []}


@one_thread()
def read_nearest(store: Store, found: Exported) -> list[Nearest]:
    """Return the nearest documents of each exported one, in their order.

    Raises
    ------
    DamagedFileError
        If a table or a vector is damaged.
    """
    manifest = store.read_manifest()
    digest_of = read_texts(store, window_tables(store, manifest)).digest_of
    digests = [digest_of.get(row[DOC_ID]) for row in found.documents]
    distinct = list(dict.fromkeys(it for it in digests if it is not None))
    vectors = normalise_rows(vectors_of(store, manifest, distinct))
    return nearest_rows(digests, dict(zip(distinct, vectors, strict=True)))


def nearest_rows(digests: Sequence[str | None], vector_of: Mapping[str, Floats]) -> list[Nearest]:
    """Find the nearest rows of each row.

    Parameters
    ----------
    digests
        Of the texts; None where a prune has taken the text away. Such a row has no neighbour.
    vector_of
        Digest → vector of length one, shape (embedding_dim,).
    """
    there = np.array([at for at, it in enumerate(digests) if it is not None], dtype=np.int64)
    rows = [NONE] * len(digests)
    if not len(there):
        return rows
    X = np.stack([vector_of[it] for it in digests if it is not None])
    near = nearest_neighbours(X, _NEAREST - 1)
    away = np.maximum(0.0, 1.0 - near.similarities)
    for at, others, distances in zip(there.tolist(), there[near.indices], away, strict=True):
        rows[at] = {"ids": [at, *others.tolist()], "distances": [0.0, *distances.tolist()]}
    return rows
