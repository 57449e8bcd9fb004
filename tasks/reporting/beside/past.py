"""The nights before one, as far as they can still be read: sizes, names, events, figures."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tasks.store.manifests import ManifestError
from tasks.store.storage import DamagedFileError, Ref, Store, read_table
from validation.tables.columns import (
    CLUSTER_ID,
    EXEMPLAR_DOC_IDS,
    EXEMPLAR_TEXTS,
    MENTIONS,
    NAME,
    SIZE,
)

logger = logging.getLogger(__name__)

_NIGHTS: Final = 30
"""A month: what a sparkline has room for."""

_COLUMNS: Final = (CLUSTER_ID, NAME, SIZE, MENTIONS, EXEMPLAR_DOC_IDS, EXEMPLAR_TEXTS)


@dataclass(frozen=True)
class PastView:
    """What is shown of another night.

    Parameters
    ----------
    night
        As YYYY-MM-DD.
    counts
        Where its rows went.
    clusters
        Its clusters by id: name, size, mentions, and documents that show them.
    events
        Rows of its table `cluster_events`.
    metrics
        Rows of its table `metrics`.
    """

    night: str
    counts: Mapping[str, int]
    clusters: Mapping[str, Mapping[str, Any]]
    events: list[dict[str, Any]]
    metrics: list[dict[str, Any]]


def read_past(store: Store) -> list[PastView]:
    """Read the last nights up to this one, oldest first; what cannot be read is left out, aloud."""
    nights = [it for it in store.published_nights() if it <= store.night][-_NIGHTS:]
    return list(_readable(store, nights))


def _readable(store: Store, nights: list[Any]) -> Iterator[PastView]:
    for night in nights:
        try:
            yield _read(store.on(night))
        except (ManifestError, DamagedFileError, KeyError) as error:
            logger.warning("night %s is left out of the report: %s", night, error)


def _read(night: Store) -> PastView:
    manifest = night.read_manifest()
    clusters = _rows(night, manifest.tables["clusters"])
    return PastView(
        night=manifest.night,
        counts=manifest.counts,
        clusters={row[CLUSTER_ID]: row for row in clusters},
        events=_rows(night, manifest.tables["cluster_events"], all_columns=True),
        metrics=manifest.metrics,
    )


def _rows(night: Store, ref: Ref, all_columns: bool = False) -> list[dict[str, Any]]:
    """Return rows of a table; nights of an older nightfold lack columns."""
    table = read_table(night, ref)
    kept = [it for it in table.column_names if all_columns or it in _COLUMNS]
    rows: list[dict[str, Any]] = table.select(kept).to_pylist()
    return rows
