"""The fused view of a document: what its sentence means beside which words it uses."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.graph import Floats, normalise_rows

LEXICAL_WEIGHT: Final = 0.6
"""Weight of the lexical view beside the semantic one; .3 and .9 measured no better."""


@dataclass(frozen=True)
class Projection:
    """Principal components: rows are centred, then projected."""

    mean: Floats  # (n_features,)
    components: Floats  # (n_features, n_components), orthonormal columns

    @classmethod
    def fit(cls, X: Floats, n_components: int) -> Self:
        """Find the directions of largest variance.

        Parameters
        ----------
        X
            Shape (n_samples, n_features).
        n_components
            Directions to keep; fewer are kept where X has fewer features or samples.
        """
        mean = X.mean(axis=0, dtype=np.float64)
        centred = np.asarray(X - mean, dtype=np.float32)
        covariance = (centred.T @ centred).astype(np.float64) / max(len(X), 1)
        _, vectors = np.linalg.eigh(covariance)
        kept = min(n_components, X.shape[1], max(len(X) - 1, 1))
        components = vectors[:, ::-1][:, :kept]
        return cls(mean.astype(np.float32), np.ascontiguousarray(components, dtype=np.float32))

    def transform(self, X: Floats) -> Floats:
        """Project rows, shape (n_samples, n_features) to (n_samples, n_components)."""
        return np.asarray((X - self.mean) @ self.components, dtype=np.float32)


@dataclass(frozen=True)
class FusedView:
    """Centred sentence embeddings beside the lexical view, in one space of unit rows."""

    semantic_dim: int
    semantic_mean: Floats  # (semantic_dim,)
    projection: Projection

    @classmethod
    def fit(cls, X: Floats, semantic_dim: int, n_components: int) -> Self:
        """Learn the centre of the semantic view and the principal components of both."""
        directions = normalise_rows(X[:, :semantic_dim])
        mean = directions.mean(axis=0, dtype=np.float64).astype(np.float32)
        projection = Projection.fit(fuse(X, semantic_dim, mean), n_components)
        return cls(semantic_dim, mean, projection)

    def split(self, X: Floats) -> list[Floats]:
        """Give the views one by one: semantic, then lexical where there is one."""
        views = [centre(X[:, : self.semantic_dim], self.semantic_mean)]
        if X.shape[1] > self.semantic_dim:
            views.append(normalise_rows(X[:, self.semantic_dim :]))
        return views

    def transform(self, X: Floats) -> Floats:
        """Fuse the views and project, shape (n_samples, n_components), rows of length one."""
        fused = fuse(X, self.semantic_dim, self.semantic_mean)
        return normalise_rows(self.projection.transform(fused))


def centre(semantic: Floats, mean: Floats) -> Floats:
    """Take the common direction out of sentence embeddings; rows of length one."""
    return normalise_rows(normalise_rows(semantic) - mean)


def fuse(X: Floats, semantic_dim: int, semantic_mean: Floats) -> NDArray[np.float32]:
    """Put the centred semantic view and the weighted lexical view side by side."""
    semantic = centre(X[:, :semantic_dim], semantic_mean)
    lexical = normalise_rows(X[:, semantic_dim:])
    return normalise_rows(np.hstack([semantic, np.float32(LEXICAL_WEIGHT) * lexical]))
