"""Give every document of the window its place on the map, the place of last night where it had one.

Reads  items (embedding), the window's documents, the last night's map
Writes map (MAP)
"""

import logging
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from models.core.arrays import Floats, normalise_rows
from models.core.threads import one_thread
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.matrices import read_matrix
from validation.tables.cluster_schemas import MAP
from validation.tables.columns import DOC_ID, EMBEDDING, POSITION, X_PLACE, Y_PLACE

logger = logging.getLogger(__name__)

_FEWEST_KEPT: Final = 8
"""Documents of the last map that the night still has; with fewer, a map of its own is laid out."""


class MapFacts(BaseModel):
    """How the map of a night came about."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["none", "first", "kept", "again"]
    """Switched off; laid out from nothing; last night's with the new documents placed on it; or
    laid out again from last night's positions."""
    n_documents: int = 0
    n_shared: int = 0
    """Documents that the last map has too."""
    median_displacement: float | None = None
    """Of the shared documents where it was laid out again, as a share of the map's width."""


class Mapped(StageResult):
    """The map of a night; the positions are the table `map`."""

    drawn: MapFacts

    def facts(self) -> dict[str, Any]:
        """Return how the map came about."""
        return {"map": self.drawn.model_dump(mode="json")}


class ReportSettings(BaseModel):
    """The report of a night, and the map in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        True,
        description="Whether each night has a map of its documents, and a report to open in a"
        " browser.",
    )


@stage("map", version=2)
@one_thread()
def map_documents(
    store: Store,
    embedded: Embedded,
    last: Ref | None,
    settings: ReportSettings,
    is_refit: bool,
    random_state: int,
) -> Mapped:
    """Place the documents of the window on a plane, near ones near.

    Parameters
    ----------
    store, embedded
        The window, short remarks too.
    last
        The map of the night before.
    settings
        Whether there is a map.
    is_refit
        Whether the model is fitted from nothing tonight: the map is then laid out again, from last
        night's positions. On other nights old documents keep their places to the bit.
    random_state
        Seed.
    """
    if not settings.enabled:
        nothing = keep_table(store, "map", MAP.empty_table())
        return Mapped(tables={"map": nothing}, drawn=MapFacts(kind="none"))
    documents = read_table(store, embedded.window.documents, [DOC_ID, POSITION])
    X = read_matrix(store, embedded.items, EMBEDDING)
    before = read_table(store, last) if last else MAP.empty_table()
    drawn, table = draw(normalise_rows(X), documents, before, is_refit, random_state)
    logger.info("map of %s documents: %s", f"{drawn.n_documents:,}", drawn.kind)
    return Mapped(tables={"map": keep_table(store, "map", table)}, drawn=drawn)


def draw(
    X: Floats, documents: pa.Table, before: pa.Table, is_refit: bool, random_state: int
) -> tuple[MapFacts, pa.Table]:
    """Draw the map of a window.

    Parameters
    ----------
    X
        Vectors of its texts, of length one.
    documents
        Their ids, and the positions of their texts in X.
    before
        The last map, with the schema `MAP`.
    is_refit, random_state
        See `map_documents`.

    Returns
    -------
    How it came about, and the positions of the documents in order, with the schema `MAP`.
    """
    from models.plane.layout import lay_out
    from models.plane.placing import place_beside
    from models.plane.registration import register
    from models.plane.settling import settle

    texts, known = documents[POSITION].to_numpy(), _known(documents, before)
    n_shared = int(np.isfinite(known[texts, 0]).sum())
    is_known = np.isfinite(known[:, 0])
    if is_known.sum() < _FEWEST_KEPT:
        facts = MapFacts(kind="first", n_documents=len(texts), n_shared=n_shared)
        return facts, _table(documents, lay_out(X, None, random_state))
    places = known.copy()
    places[~is_known] = place_beside(X[~is_known], X[is_known], known[is_known], random_state)
    places = settle(X, places, is_known)
    facts = MapFacts(kind="kept", n_documents=len(texts), n_shared=n_shared)
    if is_refit:
        again = lay_out(X, places, random_state)
        places, way = register(again, again[is_known], known[is_known])
        facts = facts.model_copy(update={"kind": "again", "median_displacement": round(way, 6)})
    return facts, _table(documents, places)


def _known(documents: pa.Table, before: pa.Table) -> Floats:
    """Return the last positions of the window's texts, not a number where a text had none."""
    columns = (before[it].to_pylist() for it in (DOC_ID, X_PLACE, Y_PLACE))
    place_of = {doc_id: (x, y) for doc_id, x, y in zip(*columns, strict=True)}
    positions = documents[POSITION].to_pylist()
    found = np.full((max(positions, default=-1) + 1, 2), np.nan, dtype=np.float32)
    for doc_id, text in zip(documents[DOC_ID].to_pylist(), positions, strict=True):
        if doc_id in place_of:
            found[text] = place_of[doc_id]
    return found


def _table(documents: pa.Table, places: Floats) -> pa.Table:
    """Lay out the positions of the documents, which are those of their texts."""
    own = places[documents[POSITION].to_numpy()]
    x, y = (pa.array(own[:, axis]) for axis in (0, 1))
    return pa.table({DOC_ID: documents[DOC_ID], X_PLACE: x, Y_PLACE: y}, schema=MAP)
