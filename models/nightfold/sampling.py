"""Which rows a fit of very many is made on: a sample in which every kind of row keeps its share."""

import logging
from typing import Final, Literal

import numpy as np

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.lloyd import cluster_means, kmeans, squared_distances
from models.core.threads import map_pieces

logger = logging.getLogger(__name__)

MOST_FITTED: Final = 50_000
"""Rows: the search for the neighbours of each among all grows with the square. It is a quarter of
the processor time of a fit of so many rows, and would be most of one of four times as many."""

MOST_CONTINUED: Final = 20_000
"""Rows that an earlier fit goes on with: what it has learnt is to be kept, and takes fewer. In a
window of 200,000 titles 50,000 took 89 s in place of 54, and as many old ones moved."""

ROWS_PER_CLUSTER: Final = 20
"""Of a sample, on average, at least, where a number of clusters is asked for."""

_CELLS: Final = 256
_ROWS_FOR_CELLS: Final = 20_000
_ROWS_AT_ONCE: Final = 10_000


def rows_to_fit(
    X: Floats, n_clusters: int | Literal["auto"], seed: int, goes_on: bool = False
) -> Integers | slice:
    """Choose the rows that a fit is made on: all, where there are no more than `MOST_FITTED`.

    Rows are put into cells by a coarse k-means, and inside of each in the order of their cosines to
    its centre; of this order every so manieth is taken, from a random first. So each cell, and in
    each the middle and the rim, has its share of the sample to within a row.

    Parameters
    ----------
    X
        What tells kinds of rows apart, shape (n_samples, n_features).
    n_clusters
        To be found; for very many the sample is larger, see `ROWS_PER_CLUSTER`.
    seed
        Of every draw.
    goes_on
        Whether it goes on from an earlier fit: then it is all up to `MOST_CONTINUED`.

    Returns
    -------
    Positions, rising, or all as a slice.

    References
    ----------
    Madow, Madow (1944), On the Theory of Systematic Sampling.
    """
    wanted = MOST_CONTINUED if goes_on else MOST_FITTED
    if n_clusters != "auto":
        wanted = max(wanted, n_clusters * ROWS_PER_CLUSTER)
    if len(X) <= wanted:
        return slice(None)
    logger.info("of %s rows a sample of %s is fitted", f"{len(X):,}", f"{wanted:,}")
    rng = np.random.default_rng(seed)
    order = _by_kind(X, rng)
    steps = (np.arange(wanted) + rng.random()) * (len(X) / wanted)
    return np.sort(order[steps.astype(np.int64)])


def _by_kind(X: Floats, rng: np.random.Generator) -> Integers:
    """Order rows by their cells, and inside of each by the cosine to its centre; positions."""
    seen = rng.choice(len(X), min(_ROWS_FOR_CELLS, len(X)), replace=False)
    known = normalise_rows(X[np.sort(seen)])
    n_cells = min(_CELLS, len(known))
    centers = cluster_means(known, kmeans(known, n_cells, rng), n_cells)

    def placed(start: int) -> tuple[Integers, Floats]:
        distances = squared_distances(normalise_rows(X[start : start + _ROWS_AT_ONCE]), centers)
        cells = distances.argmin(axis=1)
        return cells, distances[np.arange(len(cells)), cells]

    found = map_pieces(placed, range(0, len(X), _ROWS_AT_ONCE))
    cells, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return np.asarray(np.lexsort((distances, cells)))
