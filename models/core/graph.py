"""The neighbour graph of a feed, and what it smooths.

Pure functions over dense float32 rows: exact cosine neighbours in blocks, a symmetric graph of
them, and a random walk on that graph that pulls each document towards its neighbourhood.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from models.core.arrays import Floats, Integers, evenly_spaced, normalise_rows
from models.core.devices import CPU, map_on

BLOCK_CELLS: Final = 8_000_000
"""Similarities in a block: 32 MB."""

_BLOCKS_OF_A_PIECE: Final = 16
"""Blocks that are made in the same memory, one after the other. Were it given back after each, what
is found would lie between the blocks, and a search among 50,000 rows lost 3.7 GB in such gaps."""

MOST_BLOCKS: Final = 4
"""Blocks held at once: more cores would save little time for their memory."""

_BUNDLE: Final = 8
"""Similarities of a bundle: as many are compared at once."""

_FEWEST_BUNDLED: Final = 10_000
"""Similarities of a row from which on bundles save more than they cost: a quarter of the time that
it takes to find twenty of 20,000, a half for five of 30,000."""

SMOOTHING_ROUNDS: Final = 4

FEWEST_NEIGHBOURS: Final = 5
MOST_NEIGHBOURS: Final = 20
"""Neighbours that a row of few and of many is joined to; see `scaled_neighbours`."""


class Neighbours(NamedTuple):
    """The nearest neighbours of every row, nearest first, the row itself left out."""

    indices: Integers  # (n_samples, n_neighbors)
    similarities: Floats  # cosine, same shape


def scaled_neighbours(n_samples: int) -> int:
    """Return to how many neighbours a row is joined where there may be few: a third of √n.

    Twenty neighbours of a hundred rows lie in many clusters; from 3,600 rows on it is twenty.
    """
    return min(MOST_NEIGHBOURS, max(FEWEST_NEIGHBOURS, round(math.sqrt(n_samples) / 3)))


def nearest_neighbours(
    X: Floats, n_neighbors: int, device: torch.device = CPU, first: int = 0
) -> Neighbours:
    """Find the exact cosine neighbours of every row, or of those from one on, among all.

    Parameters
    ----------
    X
        Rows of length one, shape (n_samples, n_features).
    n_neighbors
        Neighbours to keep; at most ``n_samples - 1`` are there to be found.
    device
        Where to compare the rows, all of which it must hold.
    first
        Rows before it are found, but none are sought for them.

    Returns
    -------
    Indices and similarities, each of shape (n_samples - first, min(n_neighbors, n_samples - 1)).
    """
    rows = torch.from_numpy(np.ascontiguousarray(X)).to(device)
    return _search(rows[first:], rows, min(n_neighbors, len(X) - 1), device, itself=first)


def nearest_among(
    X: Floats, known: Floats, n_neighbors: int, device: torch.device = CPU
) -> Neighbours:
    """Find the nearest of known rows to each of others.

    Parameters
    ----------
    X, known
        Rows of length one, shapes (n_samples, n_features) and (n_known, n_features); one is known
        at least.
    n_neighbors
        To keep of each; no more than there are known.
    device
        Where to compare the rows, all of which it must hold.

    Returns
    -------
    Positions among the known and similarities, each of shape (n_samples, n_kept), nearest first.
    """
    rows, others = (torch.from_numpy(np.ascontiguousarray(it)).to(device) for it in (X, known))
    return _search(rows, others, min(n_neighbors, len(known)), device)


def _search(
    rows: Tensor, known: Tensor, kept: int, device: torch.device, itself: int | None = None
) -> Neighbours:
    """Find the nearest known rows of every row, block by block.

    Parameters
    ----------
    rows, known
        On the device, shapes (n_samples, n_features) and (n_known, n_features).
    kept
        Neighbours of each.
    device
        Where to compare them.
    itself
        Where the first row is among the known, if the rows are these from one on: none is its own
        neighbour.

    Returns
    -------
    Among the known, nearest first, each of shape (n_samples, kept).
    """
    block = max(1, BLOCK_CELLS // max(1, len(known)))
    similarities = torch.empty((len(rows), kept), dtype=rows.dtype)
    indices = torch.empty((len(rows), kept), dtype=torch.int64)

    def search(first: int) -> None:
        room = torch.empty((block, len(known)), dtype=rows.dtype, device=device)
        for start in range(first, min(first + _BLOCKS_OF_A_PIECE * block, len(rows)), block):
            part = slice(start, start + block)
            cosines = torch.mm(rows[part], known.T, out=room[: len(rows[part])])
            if itself is not None:
                # The diagonal that begins at the block's first row: each row beside itself.
                cosines[:, itself + start :].fill_diagonal_(-torch.inf)
            similarities[part], indices[part] = greatest(cosines, kept)

    pieces = range(0, len(rows), _BLOCKS_OF_A_PIECE * block)
    map_on(device, search, pieces, at_once=MOST_BLOCKS)
    return Neighbours(indices.numpy(), similarities.numpy())


def greatest(cosines: Tensor, kept: int) -> tuple[Tensor, Tensor]:
    """Find the greatest similarities of every row.

    A processor looks for them in bundles: those with the greatest maxima hold all of them.

    Parameters
    ----------
    cosines
        Shape (n_rows, n_columns).
    kept
        At most n_columns.

    Returns
    -------
    Similarities and columns, each of shape (n_rows, kept), the greatest first, in main memory.
    """
    n_columns = cosines.shape[1]
    n_bundles = n_columns // _BUNDLE
    if cosines.device.type != "cpu" or n_columns < _FEWEST_BUNDLED or kept > n_bundles:
        best = cosines.topk(kept, dim=1)
        return best.values.cpu(), best.indices.cpu()
    # A bundle is a column of each of so many slices, and one of the last columns is one, too.
    in_bundles = n_bundles * _BUNDLE
    maxima = cosines[:, :in_bundles].view(-1, _BUNDLE, n_bundles).amax(dim=1)
    bundles = maxima.topk(kept, dim=1, sorted=False).indices
    starts = torch.arange(0, in_bundles, n_bundles)
    among = (bundles[:, :, None] + starts).flatten(start_dim=1)
    rest = torch.arange(in_bundles, n_columns).expand(len(among), -1)
    among = torch.cat([among, rest], dim=1)
    best = cosines.gather(1, among).topk(kept, dim=1)
    return best.values, among.gather(1, best.indices)


def neighbour_graph(neighbours: Neighbours, n_neighbors: int) -> sparse.csr_array:
    """Join every row to its nearest neighbours, both ways, and make the graph a random walk.

    Parameters
    ----------
    neighbours
        As found by `nearest_neighbours`.
    n_neighbors
        How many of them become edges.

    Returns
    -------
    Row-stochastic matrix of shape (n_samples, n_samples): D⁻¹(W + Wᵀ)/2 with W the positive
    cosines. A row without a positive neighbour is empty.
    """
    indices = neighbours.indices[:, :n_neighbors]
    weights = np.maximum(neighbours.similarities[:, :n_neighbors], 0.0)
    n_samples, kept = indices.shape
    starts = np.arange(0, n_samples * kept + 1, max(kept, 1))[: n_samples + 1]
    if kept == 0:
        return sparse.csr_array((n_samples, n_samples), dtype=np.float32)
    directed = sparse.csr_array(
        (weights.ravel(), indices.ravel(), starts), shape=(n_samples, n_samples)
    )
    symmetric = ((directed + directed.T) * 0.5).tocsr()
    degrees = np.asarray(symmetric.sum(axis=1)).ravel()
    scale = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    walk = sparse.diags_array(scale.astype(np.float32)) @ symmetric
    return sparse.csr_array(walk, dtype=np.float32)


def smooth(X: Floats, walk: sparse.csr_array, rounds: int) -> Floats:
    """Pull every row towards the mean of its neighbourhood, several times.

    Each round is S ← normalise(S/2 + P S); a row without neighbours keeps its direction.
    """
    smoothed = X
    for _ in range(rounds):
        smoothed = normalise_rows(0.5 * smoothed + walk @ smoothed)
    return smoothed


def neighbourhood_means(X: Floats, n_neighbors: int, device: torch.device = CPU) -> Floats:
    """Smooth rows of length one, shape (n_samples, n_features), over their own neighbour graph."""
    walk = neighbour_graph(nearest_neighbours(X, n_neighbors, device), n_neighbors)
    return smooth(X, walk, SMOOTHING_ROUNDS)


def smooth_over_some(X: Floats, n_neighbors: int, most: int, device: torch.device = CPU) -> Floats:
    """Smooth rows over the neighbour graph of some of them, which costs less than that of all.

    Those in the graph are smoothed as `neighbourhood_means` does. Each of the others is joined to
    its nearest in the graph, and is drawn to their mean as in a round of `smooth`.

    Parameters
    ----------
    X
        Rows of length one, shape (n_samples, n_features).
    n_neighbors
        Neighbours that a row is joined to.
    most
        Rows in the graph, evenly spaced; all, where they are no more.
    device
        Where to compare the rows.
    """
    if len(X) <= most:
        return neighbourhood_means(X, n_neighbors, device)
    joined = evenly_spaced(len(X), most)
    means = neighbourhood_means(X[joined], n_neighbors, device)
    rest = np.setdiff1d(np.arange(len(X)), joined)
    smoothed = np.empty_like(X)
    smoothed[joined] = means
    for start in range(0, len(rest), most):
        at = rest[start : start + most]
        near = nearest_among(X[at], X[joined], n_neighbors, device)
        smoothed[at] = normalise_rows(0.5 * X[at] + means_of(near, means))
    return smoothed


def means_of(near: Neighbours, values: Floats) -> Floats:
    """Average what neighbours have, each weighted by its cosine where that is above 0.

    Parameters
    ----------
    near
        Of n rows, among those that have values.
    values
        Shape (n_known, n_values).

    Returns
    -------
    Shape (n, n_values); zeros for a row without a positive neighbour.
    """
    weights = np.maximum(near.similarities, 0.0)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    means = np.zeros((len(weights), values.shape[1]), dtype=np.float32)
    for indices, weight in zip(near.indices.T, weights.T, strict=True):
        means += weight[:, None] * values[indices]
    return means
