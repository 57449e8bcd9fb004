"""How many rows differ: there can be no more clusters than that."""

from typing import Literal

from models.core.arrays import Floats
from validation.errors import SettingError


def count_distinct_rows(X: Floats, limit: int) -> int:
    """Count the distinct rows of X (n_samples, n_features), up to a limit."""
    distinct: set[bytes] = set()
    for row in X:
        distinct.add((row + 0.0).tobytes())  # + 0.0: -0.0 and 0.0 are one value in two bytes
        if len(distinct) >= limit:
            break
    return len(distinct)


def check_n_clusters(n_clusters: int | Literal["auto"], X: Floats) -> None:
    """Reject more clusters than X, (n_samples, n_features), has distinct rows.

    Raises
    ------
    SettingError
        With both numbers.
    """
    if n_clusters == "auto":
        return
    n_distinct = count_distinct_rows(X, limit=n_clusters)
    if n_distinct < n_clusters:
        raise SettingError(
            "n_clusters must be at most the number of distinct rows, "
            f"got n_clusters={n_clusters} for {n_distinct} distinct rows of n_samples={len(X)}"
        )
