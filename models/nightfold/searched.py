"""The neighbours of a night's rows: searched once, for the latent space and for the clusters."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from models.core.arrays import Floats
from models.core.graph import (
    SMOOTHING_ROUNDS,
    Neighbours,
    nearest_neighbours,
    neighbour_graph,
    smooth,
)
from models.nightfold.partition import MIXING_NEIGHBOURS

_INDICES: Final = "searched_.indices"
_SIMILARITIES: Final = "searched_.similarities"


class Searched(NamedTuple):
    """Neighbours, and of which rows they are."""

    digest: str
    neighbours: Neighbours

    @classmethod
    def of(
        cls, fused: Floats, n_neighbors: int, device: torch.device, earlier: Self | None = None
    ) -> Self:
        """Search, unless an earlier search was for the same rows.

        Parameters
        ----------
        fused
            Rows of length one, shape (n_samples, n_features).
        n_neighbors
            Of every row, at least; never fewer than are mixed with.
        device
            Where to search.
        earlier
            A search for as many, if there was one.
        """
        digest = blake2b(np.ascontiguousarray(fused).data, digest_size=16).hexdigest()
        if earlier is not None and earlier.digest == digest:
            return earlier
        count = max(n_neighbors, MIXING_NEIGHBOURS)
        return cls(digest, nearest_neighbours(fused, count, device))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is kept on disk; a row's number fits into 32 bits."""
        indices, similarities = self.neighbours
        return {_INDICES: indices.astype(np.int32), _SIMILARITIES: similarities}

    @classmethod
    def restored(cls, digest: str, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Undo `arrays`."""
        indices = arrays[_INDICES].astype(np.int64)
        return cls(digest, Neighbours(indices, arrays[_SIMILARITIES]))


def smoothed_rows(fused: Floats, n_neighbors: int, device: torch.device) -> tuple[Searched, Floats]:
    """Search for neighbours, and smooth the rows over the graph of so many of each."""
    searched = Searched.of(fused, n_neighbors, device)
    walk = neighbour_graph(searched.neighbours, n_neighbors)
    return searched, smooth(fused, walk, SMOOTHING_ROUNDS)


def take_neighbours(
    fitted: dict[str, Any], fused: Floats, n_neighbors: int, device: torch.device
) -> Neighbours:
    """Return the neighbours of rows, and take the search out of an estimator's attributes.

    A refined model has no use for it, and it is as large as the feed.
    """
    return Searched.of(fused, n_neighbors, device, fitted.pop("searched_", None)).neighbours
