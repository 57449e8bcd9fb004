"""Lay rows out on a plane so that near ones come to lie near each other: t-SNE, by openTSNE.

References
----------
van der Maaten, Hinton (2008), Visualizing Data using t-SNE. Linderman et al. (2019), Fast
interpolation-based t-SNE. Böhm, Berens, Kobak (2022), Attraction-Repulsion Spectrum, for why a
lasting exaggeration shows clusters as UMAP does.
"""

from typing import Final

import numpy as np
from scipy import sparse

from models.core.arrays import Floats, normalise_rows
from models.core.graph import nearest_neighbours
from models.core.projection import Projection
from models.plane.placing import place_beside

MOST_LAID_OUT: Final = 30_000
"""Rows that are laid out together: the cost of their neighbours grows with the square. What goes
beyond is placed beside them."""

_COMPONENTS: Final = 50
"""Principal components that neighbours are looked for in: an eighth of the embedding's width."""

NEIGHBOURS: Final = 15
_FEWEST: Final = 8
"""Rows: of fewer, the first two principal components show all that there is to see."""

_START_SPREAD: Final = 1e-4
"""Standard deviation of a start, as openTSNE has it."""

_EARLY_ROUNDS, _EARLY_EXAGGERATION = 125, 12
_ROUNDS: Final = 250
_LARGE: Final = 10_000
_MOST_EXAGGERATION: Final = 2.0
"""From `_LARGE` rows on the attraction grows with their number, up to twice: it keeps clusters
apart, which else fill the plane without a gap. Of few rows it would make dots."""

_FEWEST_INTERPOLATED: Final = 4_000
"""Rows from which on forces are interpolated on a grid, which is slower below."""


def lay_out(X: Floats, start: Floats | None, random_state: int) -> Floats:
    """Compute positions of rows on a plane; the same bits for the same arguments.

    Parameters
    ----------
    X
        Rows of length one, shape (n_samples, n_features).
    start
        Positions to go on from, shape (n_samples, 2); None to begin from the principal components.
    random_state
        Seed of the choice of rows where there are more than `MOST_LAID_OUT`.

    Returns
    -------
    Shape (n_samples, 2).
    """
    if len(X) <= MOST_LAID_OUT:
        return _lay_out_all(X, start)
    rng = np.random.default_rng(random_state)
    chosen = np.sort(rng.choice(len(X), MOST_LAID_OUT, replace=False))
    rest = np.setdiff1d(np.arange(len(X)), chosen)
    positions = np.empty((len(X), 2), dtype=np.float32)
    positions[chosen] = _lay_out_all(X[chosen], None if start is None else start[chosen])
    space = Projection.fit(X[chosen], _COMPONENTS)
    parts = (X[start : start + MOST_LAID_OUT] for start in range(0, len(X), MOST_LAID_OUT))
    near = np.concatenate([normalise_rows(space.transform(part)) for part in parts])
    positions[rest] = place_beside(near[rest], near[chosen], positions[chosen], random_state)
    return positions


def _lay_out_all(X: Floats, start: Floats | None) -> Floats:
    if not len(X):
        return np.empty((0, 2), dtype=np.float32)
    components = components_of(X)
    if len(X) < _FEWEST:
        return components[:, :2] if start is None else start
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    affinities = PrecomputedAffinities(_affinities(components), normalize=False)
    method = "fft" if len(X) >= _FEWEST_INTERPOLATED else "bh"
    begin = _spread(components[:, :2]) if start is None else start.astype(np.float64)
    embedding = TSNEEmbedding(begin, affinities, negative_gradient_method=method, n_jobs=1)
    if start is None:
        embedding = embedding.optimize(
            n_iter=_EARLY_ROUNDS, exaggeration=_EARLY_EXAGGERATION, momentum=0.5
        )
    exaggeration = float(np.clip(len(X) / _LARGE, 1, _MOST_EXAGGERATION))
    embedding = embedding.optimize(n_iter=_ROUNDS, exaggeration=exaggeration, momentum=0.8)
    return np.asarray(embedding, dtype=np.float32)


def components_of(X: Floats) -> Floats:
    """Return the principal components of rows, two at least."""
    found = Projection.fit(X, _COMPONENTS).transform(X)
    lacking = max(0, 2 - found.shape[1])
    return np.pad(found, ((0, 0), (0, lacking)))


def _affinities(components: Floats) -> sparse.csr_matrix:
    """Join every row to its nearest neighbours, both ways, all with one weight."""
    found = nearest_neighbours(normalise_rows(components), NEIGHBOURS).indices
    n_samples, kept = found.shape
    ends = np.repeat(np.arange(n_samples), kept), found.ravel()
    graph = sparse.csr_matrix((np.ones(found.size), ends), shape=(n_samples, n_samples))
    graph = graph + graph.T
    return graph / graph.sum()


def _spread(positions: Floats) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    wide = positions.astype(np.float64)
    return wide / max(float(wide[:, 0].std()), 1e-12) * _START_SPREAD
