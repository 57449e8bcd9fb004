"""Where clusters are over-represented: which values their documents have more often than others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, hypergeom

from models.core.arrays import Integers, Labels

Doubles = NDArray[np.float64]

FALSE_SHARE: Final = 0.05
"""Of all that is said to be over-represented, how much may be chance."""

_FEWEST_OF_VALUE: Final = 10
"""Documents of a value, or of a cluster: of fewer even a share of all proves little, and each value
that is looked at makes the proof of the others harder."""

_FEWEST_FOUND: Final = 3
"""Documents of a cluster that have the value: two are no pattern to a reader."""

_LEAST_LIFT: Final = 1.2
"""In a large feed a share of 51 % is surely more than one of 50 %, and no news to a reader."""

_MOST_VALUES: Final = 50
"""Of a column: the most frequent ones."""

_LEAST_COVER: Final = 0.5
"""Share of a column's values that must be frequent: a column of ids or texts is no category."""


@dataclass(frozen=True)
class Excess:
    """One value that a cluster has more often than the feed.

    Parameters
    ----------
    column, cluster, value
        Positions of the column, of the cluster, and of the value in it.
    n
        Documents of the cluster that have it.
    share, overall_share
        Of the documents with any value in the column: those of the cluster, and all.
    p, q
        One-sided p-value of Fisher's exact test, and the same corrected for all that was tested.
    """

    column: int
    cluster: int
    value: int
    n: int
    share: float
    overall_share: float
    p: float
    q: float

    @property
    def lift(self) -> float:
        """How many times as frequent the value is in the cluster as in the feed."""
        return self.share / self.overall_share


def frequent_values(counts: Integers) -> Integers:
    """Return which values of a column are looked at; none of a column that is no category.

    Parameters
    ----------
    counts
        Documents of every value, shape (n_values,).
    """
    frequent = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    frequent = frequent[counts[frequent] >= _FEWEST_OF_VALUE]
    is_category = len(counts) > 1 and counts[frequent].sum() >= _LEAST_COVER * counts.sum()
    return np.sort(frequent) if is_category else frequent[:0]


def find_excesses(columns: Sequence[Integers], labels: Labels, n_clusters: int) -> list[Excess]:
    """Find the values that clusters have more often than chance explains.

    Every frequent value of every column is tested in every cluster of some size, by Fisher's exact
    test against the other documents, and all tests are corrected together.

    Parameters
    ----------
    columns
        Of each the position of every document's value, -1 where it has none, shape (n_documents,).
    labels
        Cluster of every document, shape (n_documents,).
    n_clusters
        Clusters that there are.

    Returns
    -------
    The surest first.

    References
    ----------
    Benjamini, Hochberg (1995), Controlling the false discovery rate.
    """
    tested = [
        it
        for place, values in enumerate(columns)
        for it in _tests_of(place, values, labels, n_clusters)
    ]
    if not tested:
        return []
    corrected = false_discovery_control([it.p for it in tested])
    found = [
        Excess(**vars(it) | {"q": float(q)})
        for it, q in zip(tested, corrected, strict=True)
        if q <= FALSE_SHARE and it.n >= _FEWEST_FOUND and it.lift >= _LEAST_LIFT
    ]
    return sorted(found, key=lambda it: (it.p, -it.lift, it.column, it.cluster, it.value))


def _tests_of(place: int, values: Integers, labels: Labels, n_clusters: int) -> list[Excess]:
    """Test every frequent value of a column in every cluster of some size."""
    has_value = values >= 0
    if not has_value.any():
        return []
    n_values = int(values.max()) + 1
    flat = labels[has_value] * n_values + values[has_value]
    table = np.bincount(flat, minlength=n_clusters * n_values).reshape(n_clusters, n_values)
    sizes, counts = table.sum(axis=1), table.sum(axis=0)
    clusters, kept = np.flatnonzero(sizes >= _FEWEST_OF_VALUE), frequent_values(counts)
    p = _p_values(table, clusters, kept)
    return [
        Excess(
            column=place,
            cluster=int(cluster),
            value=int(value),
            n=int(table[cluster, value]),
            share=float(table[cluster, value] / sizes[cluster]),
            overall_share=float(counts[value] / sizes.sum()),
            p=float(p[row, column]),
            q=1.0,
        )
        for row, cluster in enumerate(clusters)
        for column, value in enumerate(kept)
    ]


def _p_values(table: Integers, clusters: Integers, kept: Integers) -> Doubles:
    """Return how likely so many documents or more would be by chance; 1 where there are few.

    The exact sum is long, and a count below its expectation is never over-represented.
    """
    found = table[np.ix_(clusters, kept)]
    sizes, counts = table.sum(axis=1)[clusters][:, None], table.sum(axis=0)[kept][None, :]
    p = np.ones(found.shape)
    rows, columns = np.nonzero(found * table.sum() > sizes * counts)
    p[rows, columns] = hypergeom.sf(
        found[rows, columns] - 1, table.sum(), counts[0, columns], sizes[rows, 0]
    )
    return p
