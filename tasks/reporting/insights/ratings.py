"""The rows of the table `ratings`: how clusters are rated, and how that has changed."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.core.arrays import Labels
from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from validation.tables.columns import CLUSTER_ID
from validation.tables.insight_schemas import (
    CHANGE,
    HIGH,
    IMPACT,
    LOW,
    MEAN_RATING,
    N_RATED,
    RATINGS,
)

logger = logging.getLogger(__name__)

_EXAMPLE_CHARS: Final = 60


def rating_table(
    ratings: NDArray[np.float64],
    labels: Labels,
    cluster_ids: Sequence[str],
    before: Mapping[str, float],
) -> pa.Table:
    """Lay out how every cluster is rated; no rows where no document is.

    Parameters
    ----------
    ratings
        NaN for a document without one, shape (n_documents,).
    labels
        Position of every document's cluster, shape (n_documents,).
    cluster_ids
        Of all clusters.
    before
        Cluster → mean on the last night.
    """
    from models.insight.rating import rate_clusters

    if np.isnan(ratings).all():
        return RATINGS.empty_table()
    found = rate_clusters(ratings, labels, len(cluster_ids))
    figures = {MEAN_RATING: found.mean, LOW: found.low, HIGH: found.high, IMPACT: found.impact}
    change = found.mean - [before.get(it, np.nan) for it in cluster_ids]
    columns = {CLUSTER_ID: pa.array(cluster_ids, pa.string()), N_RATED: pa.array(found.n)}
    columns |= {name: _with_nulls(it) for name, it in (figures | {CHANGE: change}).items()}
    return pa.table([columns[name] for name in RATINGS.names], schema=RATINGS)


def rating_facts(
    names: Sequence[str], ratings: NDArray[np.float64], unread: Sequence[str]
) -> dict[str, Any]:
    """Return what the manifest tells of the ratings, and log it; nothing where there is no column.

    Parameters
    ----------
    names
        Columns of ratings.
    ratings
        NaN for a document without one, shape (n_documents,).
    unread
        Values that are no number.
    """
    if not names:
        return {}
    n_rated = int((~np.isnan(ratings)).sum())
    where = " and ".join(map(repr, names))
    logger.info("%s of %s documents have a rating in %s", n_rated, len(ratings), where)
    if unread:
        logger.warning(
            "%s in %s no number and counted as none, for instance %s",
            *(counted(len(unread), "rating"), f"{where} {'is' if len(unread) == 1 else 'are'}"),
            repr(excerpt(unread[0], _EXAMPLE_CHARS)),
        )
    return {
        "rating": {
            "columns": list(names),
            "n_rated": n_rated,
            "n_unread": len(unread),
            "mean": float(np.nanmean(ratings)) if n_rated else None,
        }
    }


def _with_nulls(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
