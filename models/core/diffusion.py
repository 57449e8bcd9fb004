"""Diffusion coordinates: where a random walk on the neighbour graph tells rows apart."""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import eigsh

from models.core.arrays import Floats, normalise_rows
from models.core.graph import nearest_neighbours

N_NEIGHBORS: Final = 10
"""Edges of a row: with 20 the graph of 1,800 images joins groups that hold but thirty of them."""

N_COORDINATES: Final = 16
"""With as many clusters or fewer every one has its direction; with 24 noise gets weight."""

STEPS: Final = 2
"""Of the walk: directions in which it mixes fast fade by their eigenvalue to this power."""

_FEW_ROWS: Final = 400
"""Up to here all eigenvectors cost less than an iteration for some of them, and never fail."""


def diffusion_coordinates(
    X: Floats, n_coordinates: int = N_COORDINATES, n_neighbors: int = N_NEIGHBORS
) -> Floats:
    r"""Embed rows by the random walk on the graph of their nearest neighbours.

    With :math:`P = D^{-1} W` the walk on the symmetric graph of neighbours by cosine,
    :math:`\psi_l` its eigenvectors and :math:`\lambda_l` their eigenvalues, largest first, t steps:

    .. math::
        u_i = (\lambda_1^t \psi_1(i), \dots, \lambda_d^t \psi_d(i)), \quad
        \lambda_0 = 1 \text{ with the constant } \psi_0 \text{ left out}

    Parameters
    ----------
    X
        Rows of length one, shape (n_samples, n_features).
    n_coordinates
        Directions to keep; fewer where there are too few rows.
    n_neighbors
        Edges of a row.

    Returns
    -------
    Centred rows of length one, shape (n_samples, min(n_coordinates, n_samples - 1)).

    References
    ----------
    Coifman, Lafon (2006), Diffusion maps, eq. 1.
    """
    n_samples = len(X)
    kept = min(n_coordinates, n_samples - 1)
    if kept < 1:
        return np.ones((n_samples, 1), dtype=np.float32)
    graph = _graph(X, n_neighbors)
    scale = 1 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    walk = sparse.diags_array(scale) @ graph @ sparse.diags_array(scale)  # similar to P, symmetric
    values, vectors = _largest(sparse.csr_array(walk), kept + 1)
    order = np.argsort(-values, kind="stable")[1:]
    coordinates = vectors[:, order] * scale[:, None] * np.maximum(values[order], 0.0) ** STEPS
    largest = np.abs(coordinates).argmax(axis=0)
    coordinates *= np.where(coordinates[largest, np.arange(kept)] < 0, -1.0, 1.0)
    return normalise_rows((coordinates - coordinates.mean(axis=0)).astype(np.float32))


def _graph(X: Floats, n_neighbors: int) -> sparse.csr_array:
    """Join every row to its nearest neighbours, both ways, each edge with the same weight."""
    indices = nearest_neighbours(X, n_neighbors).indices
    n_samples, kept = indices.shape
    starts = np.arange(0, n_samples * kept + 1, kept)
    directed = sparse.csr_array(
        (np.ones(indices.size), indices.ravel(), starts), shape=(n_samples, n_samples)
    )
    return sparse.csr_array((directed + directed.T) / 2)


def _largest(symmetric: sparse.csr_array, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues of a matrix and their vectors, from a fixed start."""
    n_samples = symmetric.shape[0]
    if n_samples <= _FEW_ROWS or count >= n_samples:
        values, vectors = np.linalg.eigh(symmetric.toarray())
        return values[-count:], vectors[:, -count:]
    start = np.random.default_rng(0).standard_normal(n_samples)
    found: tuple[np.ndarray, np.ndarray] = eigsh(
        symmetric, k=count, which="LA", v0=start, ncv=min(n_samples - 1, 4 * count)
    )
    return found
