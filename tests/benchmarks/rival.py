"""Cluster ids as other tools hand them on: by the cosine of centroids alone."""

from collections.abc import Sequence
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_COSINE: Final = 0.7
"""BERTopic's `merge_models` takes topics that are closer than this for one."""

Centroids = NDArray[np.floating]


class GreedyIds:
    """Every cluster takes over the nearest cluster of the last night, the closest pairs first."""

    def __init__(self) -> None:
        self._numbers = count()
        self._ids: list[str] = []
        self._centroids: Centroids | None = None

    def take(self, centroids: Centroids) -> list[str]:
        """Give tonight's clusters their ids.

        Parameters
        ----------
        centroids
            Rows of length 1, shape (n_clusters, embedding_dim).
        """
        ids = dict(self._closest(centroids))
        named = [ids.get(row) or f"r-{next(self._numbers):03d}" for row in range(len(centroids))]
        self._ids, self._centroids = named, centroids
        return named

    def _closest(self, centroids: Centroids) -> list[tuple[int, str]]:
        if self._centroids is None:
            return []
        cosines = centroids @ self._centroids.T
        pairs: list[tuple[int, str]] = []
        while cosines.size and cosines.max() >= MIN_COSINE:
            row, column = np.unravel_index(cosines.argmax(), cosines.shape)
            cosines[row, :] = cosines[:, column] = -np.inf
            pairs.append((int(row), self._ids[column]))
        return pairs


class MergedIds:
    """As BERTopic's `merge_models`: the nearest id ever, with the centroid that it was born with.

    Two clusters of tonight that are nearest to the same id become one.
    """

    def __init__(self) -> None:
        self._born: list[Centroids] = []

    def take(self, centroids: Centroids) -> list[str]:
        """Give tonight's clusters their ids; as for `GreedyIds`."""
        return [f"m-{number:03d}" for number in self._nearest(centroids)]

    def _nearest(self, centroids: Centroids) -> Sequence[int]:
        known = np.array(self._born)
        chosen = []
        for centroid in centroids:
            cosines = known @ centroid if len(known) else np.empty(0)
            if len(cosines) and cosines.max() >= MIN_COSINE:
                chosen.append(int(cosines.argmax()))
            else:
                self._born.append(centroid)
                chosen.append(len(self._born) - 1)
        return chosen
