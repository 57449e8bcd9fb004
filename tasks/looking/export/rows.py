"""What is exported of a night: its documents with their clusters' names, and its clusters.

Reads  a night's manifest and tables, the documents of its window
Writes nothing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from tasks.looking.texts import Row, window_tables
from tasks.reporting.night_view import NightView, read_night
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    EXEMPLAR_TEXTS,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    MARGIN,
    NAME,
    SOURCE,
    TEXT,
    TIMESTAMP,
    TITLE,
    TOPIC_ID,
)

_OF_DOCUMENT: Final = (TIMESTAMP, SOURCE, TITLE, TEXT)
_OF_ASSIGNMENT: Final = (CONFIDENCE, MARGIN, IS_OUTLIER, IS_NEW)

_OF_CLUSTER: Final = (
    "size", "share", "growth", "mentions", "status", "kind", "category", "cohesion", "stability",
    "first_seen", "last_seen",
)  # fmt: skip

_MAP: Final = "map"
_PLACE: Final = ("x", "y")


@dataclass(frozen=True)
class Exported:
    """Rows for people and other programs.

    Parameters
    ----------
    documents
        Of the window, in the order of `assignments`.
    clusters
        The largest first.
    has_map
        Whether the documents have places on a map.
    """

    feed: str
    night: str
    documents: list[Row]
    clusters: list[Row]
    has_map: bool


def export(store: Store) -> Exported:
    """Read what is exported of a published night; see `read_night` for errors."""
    view = read_night(store)
    manifest = view.manifest
    said = {
        row[DOC_ID]: row
        for night in window_tables(store, manifest)
        for row in read_table(store, night.table, [DOC_ID, *_OF_DOCUMENT]).to_pylist()
    }
    places = _places(store, manifest)
    assigned = read_table(store, manifest.tables["assignments"]).to_pylist()
    return Exported(
        feed=manifest.feed,
        night=manifest.night,
        documents=document_rows(view, assigned, said, places),
        clusters=[cluster_row(view, row) for row in view.clusters],
        has_map=bool(places),
    )


def document_rows(
    view: NightView,
    assigned: Sequence[Row],
    said: Mapping[str, Row],
    places: Mapping[str, tuple[float, float]],
) -> list[Row]:
    """Put documents and what is known of their clusters together.

    Parameters
    ----------
    view
        The night.
    assigned
        Rows of `assignments`.
    said
        doc_id → its row of `documents`.
    places
        doc_id → where it lies on the map; empty without one.
    """
    clusters = {row[CLUSTER_ID]: row for row in view.clusters}
    rows: list[Row] = []
    for row in assigned:
        doc_id, cluster = row[DOC_ID], clusters[row[CLUSTER_ID]]
        of_cluster = {
            CLUSTER_ID: row[CLUSTER_ID],
            "cluster": cluster[NAME],
            "cluster_title": cluster.get(TITLE),
            TOPIC_ID: row.get(TOPIC_ID),
            "topic": view.topics.get(row[CLUSTER_ID]),
        }
        own = {it: said.get(doc_id, {}).get(it) for it in _OF_DOCUMENT}
        sure = {it: row[it] for it in _OF_ASSIGNMENT}
        x, y = places.get(doc_id, (None, None))
        placed = {"projection_x": x, "projection_y": y} if places else {}
        rows.append({DOC_ID: doc_id, **own, **of_cluster, **sure, **placed})
    return rows


def cluster_row(view: NightView, row: Row) -> dict[str, Any]:
    """Return a cluster as a row without lists: keywords and examples are one text each."""
    return {
        CLUSTER_ID: row[CLUSTER_ID],
        "cluster": row[NAME],
        "cluster_title": row.get(TITLE),
        TOPIC_ID: row.get(TOPIC_ID),
        "topic": view.topics.get(row[CLUSTER_ID]),
        KEYWORDS: ", ".join(row[KEYWORDS] or []),
        **{it: row.get(it) for it in _OF_CLUSTER},
        "examples": " | ".join(row.get(EXEMPLAR_TEXTS) or []),
    }


def _places(store: Store, manifest: Manifest) -> dict[str, tuple[float, float]]:
    """Return where documents lie on the night's map; nothing where it has none."""
    if _MAP not in manifest.tables:
        return {}
    table: pa.Table = read_table(store, manifest.tables[_MAP], [DOC_ID, *_PLACE])
    ids, x, y = (table[it].to_pylist() for it in (DOC_ID, *_PLACE))
    return dict(zip(ids, zip(x, y, strict=True), strict=True))
