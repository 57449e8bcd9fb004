"""The rows of the table `emergence`: tonight's documents of clusters beside what was expected."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from models.core.arrays import Integers, Labels
from validation.tables.columns import CLUSTER_ID, IS_ALARM, KIND
from validation.tables.insight_schemas import EMERGENCE, EXPECTED, HIGH, LOW, N_NEW, Z


def count_by_night(labels: Labels, nights: Integers, shape: tuple[int, int]) -> Integers:
    """Count the documents of every cluster that came on every night.

    The documents of the nights before are counted in the clusters that they are in tonight, so that
    a cluster that was split, merged or found anew has a history all the same.

    Parameters
    ----------
    labels, nights
        Position of every document's cluster and night, shape (n_documents,).
    shape
        How many clusters and nights there are.
    """
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (labels, nights), 1)
    return counts


def emergence_table(
    counts: Integers, nights: Sequence[date], cluster_ids: Sequence[str], tonight: date
) -> pa.Table:
    """Lay out what is new or more than usual; no rows where there is nothing to compare.

    Parameters
    ----------
    counts
        Documents of every cluster on every night of the window, shape (n_clusters, n_nights).
    nights
        Those of the window, oldest first; nights without documents tell nothing of clusters.
    cluster_ids
        Of all clusters.
    tonight
        Which night it is: on a quiet one it is not in the window.
    """
    from models.insight.emergence import find_emergence

    is_there = counts.sum(axis=0) > 0
    there = [night for night, is_kept in zip(nights, is_there, strict=True) if is_kept]
    if len(there) < 2 or there[-1] != tonight:
        return EMERGENCE.empty_table()
    found = find_emergence(counts[:, is_there], there)
    columns = {
        CLUSTER_ID: cluster_ids,
        N_NEW: counts[:, is_there][:, -1],
        EXPECTED: found.expected,
        LOW: found.low,
        HIGH: found.high,
        Z: found.z,
        KIND: found.kinds,
        IS_ALARM: found.is_alarm,
    }
    return pa.table([columns[name] for name in EMERGENCE.names], schema=EMERGENCE)
