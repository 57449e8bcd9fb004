"""The fused view of a document: what its sentence means beside which terms it uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, in_16_bits, normalise_rows

LEXICAL_WEIGHT: Final = 0.9
"""Weight of all lexical views together beside the semantic one. At .6 and at 1.2 clusterings match
the labels of seven benchmark sets less well on the mean, and at .6 names describe clusters of
reviews less well. Short requests of 77 kinds and long posts would rather have .6."""

FOREIGN_LEXICAL_WEIGHT: Final = 1.8
"""The same where the encoder has not learnt the language of the texts, so that their words say more
than its vectors. At .9 labels in Chinese and Vietnamese are met less well, and names cover fewer of
the documents; at 3.6 names cover fewer again."""


@dataclass(frozen=True)
class Projection:
    """Principal components: rows are centred, then projected."""

    mean: Floats  # (n_features,)
    components: Floats  # (n_features, n_components), columns orthonormal but for 16 bits

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
        kept = min(n_components, X.shape[1], max(len(X) - 1, 1))
        components = _directions(centred)[:, :kept]
        kept_components = np.ascontiguousarray(components, dtype=np.float32)
        return cls(mean.astype(np.float32), in_16_bits(kept_components))

    def transform(self, X: Floats) -> Floats:
        """Project rows, shape (n_samples, n_features) to (n_samples, n_components)."""
        return np.asarray((X - self.mean) @ self.components, dtype=np.float32)


def _directions(centred: NDArray[np.float32]) -> NDArray[np.float64]:
    """Find orthonormal directions, that of the largest variance first.

    Where the covariance would be larger than the rows that it is of, from the rows: the same
    directions, sooner by as much.
    """
    n_samples, n_features = centred.shape
    if n_samples < n_features:
        rows = centred.astype(np.float64)
        return np.asarray(np.linalg.svd(rows, full_matrices=False)[2].T)
    covariance = (centred.T @ centred).astype(np.float64) / n_samples
    return np.linalg.eigh(covariance)[1][:, ::-1]


@dataclass(frozen=True)
class FusedView:
    """Centred sentence embeddings beside the lexical views, in one space of unit rows."""

    dims: tuple[int, ...]  # widths of the views in X, the semantic one first
    semantic_mean: Floats  # (dims[0],)
    projection: Projection
    lexical_weight: float = LEXICAL_WEIGHT

    @classmethod
    def fit(
        cls,
        X: Floats,
        dims: Sequence[int],
        n_components: int,
        lexical_weight: float = LEXICAL_WEIGHT,
    ) -> Self:
        """Learn the centre of the semantic view and the principal components of all views.

        Parameters
        ----------
        X
            The views side by side, shape (n_samples, sum of dims).
        dims
            Widths of the views, the semantic one first.
        n_components
            See `Projection.fit`.
        lexical_weight
            Of all lexical views together, beside the semantic one.
        """
        mean = normalise_rows(X[:, : dims[0]]).mean(axis=0, dtype=np.float64).astype(np.float32)
        fused = fuse(split(X, dims, mean), lexical_weight)
        return cls(tuple(dims), mean, Projection.fit(fused, n_components), lexical_weight)

    def split(self, X: Floats) -> list[Floats]:
        """Return the views one by one, each with rows of length one; see `split`."""
        return split(X, self.dims, self.semantic_mean)

    def transform(self, X: Floats) -> Floats:
        """Fuse the views and project, shape (n_samples, n_components), rows of length one."""
        return self.fuse(self.split(X))

    def fuse(self, views: Sequence[Floats]) -> Floats:
        """Do what `transform` does, with views that were split already."""
        return normalise_rows(self.projection.transform(fuse(views, self.lexical_weight)))


def split(X: Floats, dims: Sequence[int], semantic_mean: Floats) -> list[Floats]:
    """Cut X into its views, rows of length one; the first loses its common direction."""
    semantic, *lexical = np.split(X, np.cumsum(dims)[:-1], axis=1)
    centred = normalise_rows(normalise_rows(semantic) - semantic_mean)
    return [centred, *(normalise_rows(view) for view in lexical)]


def fuse(views: Sequence[Floats], lexical_weight: float) -> NDArray[np.float32]:
    """Put the semantic view and the weighted lexical views side by side, rows of length one."""
    semantic, *lexical = views
    weight = np.float32(lexical_weight / np.sqrt(max(len(lexical), 1)))
    return normalise_rows(np.hstack([semantic, *(weight * view for view in lexical)]))
