"""How far the feed has drifted since the last full fit: the measures and their limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from models.core.arrays import Floats

_MIN_NOVEL: Final = 30
"""Texts of a new theme, at least: a few strange ones in a small feed are none."""


class RefitSettings(BaseModel):
    """When the model is fitted from scratch instead of continuing from last night's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_nights: PositiveInt = Field(
        7, description="Nights between full fits; 1 means a full fit every night."
    )
    max_new_share: float = Field(
        0.4,
        gt=0,
        le=1,
        description="Share of the window's texts that arrived since the last full fit.",
    )
    max_far_share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Share of these new texts that are far from every known cluster.",
    )
    max_novel_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of these new texts that form a new theme.",
    )
    max_size_shift: float = Field(
        0.25,
        gt=0,
        description="Population stability index of the cluster sizes.",
    )
    max_centroid_movement: float = Field(
        0.25,
        gt=0,
        le=2,
        description="Cosine distance between the centroids of a cluster's old and new texts.",
    )
    max_unknown_words: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Share of words unknown at the last full fit, above the usual share.",
    )


class Figure(BaseModel):
    """One measure of drift."""

    model_config = ConfigDict(frozen=True)

    measure: str
    value: float
    limit: float

    @property
    def is_alarm(self) -> bool:
        """Whether the limit is passed."""
        return self.value > self.limit


@dataclass(frozen=True)
class WindowSince:
    """The window's texts, seen from the last full fit.

    Parameters
    ----------
    X
        Embeddings with rows of length 1, shape (n_texts, embedding_dim).
    texts
        In the order of the rows.
    is_new
        Which came after the fit, shape (n_texts,).
    clusters
        Cluster of each text on the last night; None where it had none.
    """

    X: Floats
    texts: list[str]
    is_new: NDArray[np.bool_]
    clusters: Sequence[str | None]


def measure_drift(
    window: WindowSince, known_words: Callable[[], frozenset[str]] | None, settings: RefitSettings
) -> list[Figure]:
    """Measure the texts that came after the last full fit against those that were there.

    Parameters
    ----------
    window
        Its texts.
    known_words
        Loads the vocabulary of the fit; called only where it is needed. None where the documents
        are no texts: their words are not measured.
    settings
        The limits.

    Returns
    -------
    The share of new texts alone, where there are none or nothing to compare them with.
    """
    is_new = window.is_new
    rows = np.flatnonzero(~is_new & np.array([it is not None for it in window.clusters]))
    new_share = Figure(
        measure="new_share",
        value=float(is_new.mean()) if len(rows) else 1.0,
        limit=settings.max_new_share,
    )
    if len(rows) == 0 or not is_new.any():
        return [new_share]
    in_space = [new_share, *_figures_in_space(window, rows, settings)]
    if known_words is None:
        return in_space
    unknown = unknown_words(window.texts, is_new, known_words())
    limit = settings.max_unknown_words
    return [*in_space, Figure(measure="unknown_words", value=unknown, limit=limit)]


def _figures_in_space(
    window: WindowSince, rows: NDArray[np.intp], settings: RefitSettings
) -> list[Figure]:
    """Measure where the new texts lie among the clusters of those at the rows."""
    from models.quality.drift import centroid_movement, count_novel, place, population_stability

    _, labels = np.unique([window.clusters[row] for row in rows], return_inverse=True)
    reference, newcomers = window.X[rows], window.X[window.is_new]
    placement = place(reference, labels, newcomers)
    n_novel = count_novel(reference, newcomers, placement.is_far)
    n_clusters = int(labels.max()) + 1
    max_novel = max(settings.max_novel_share, _MIN_NOVEL / len(newcomers))
    shift = population_stability(labels, placement.clusters, n_clusters)
    movement = centroid_movement(reference, labels, newcomers, placement)
    measured = {
        "far_share": (placement.is_far.mean(), settings.max_far_share),
        "novel_share": (n_novel / len(newcomers), max_novel),
        "size_shift": (shift, settings.max_size_shift),
        "centroid_movement": (movement, settings.max_centroid_movement),
    }
    return [
        Figure(measure=name, value=float(value), limit=limit)
        for name, (value, limit) in measured.items()
    ]


def unknown_words(texts: list[str], is_new: NDArray[np.bool_], vocabulary: frozenset[str]) -> float:
    """Compute the share of words that a fit did not know, beyond that of its own texts."""
    from models.quality.drift import unknown_word_share

    new, old = (
        unknown_word_share([texts[row] for row in np.flatnonzero(side)], vocabulary)
        for side in (is_new, ~is_new)
    )
    return max(0.0, new - old)
