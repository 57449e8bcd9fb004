"""How far a feed has drifted from the documents that its model was fitted on.

Reference rows are those of the fit, newcomers came since; a newcomer belongs to the cluster of the
nearest centroid of the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, Integers, evenly_spaced, normalise_rows
from models.core.graph import nearest_among
from models.core.lloyd import cluster_means
from models.text.lexical.term_counts import words_of

FAR_QUANTILE: Final = 0.05
"""A newcomer is far if it is farther out than this share of the cluster's own documents."""

MIN_NEWCOMERS: Final = 30
"""Newcomers in a cluster from which on their centroid means something."""

_NEIGHBOURS: Final = 10
_NEW_NEIGHBOURS: Final = 9

MOST_LOOKED_AT: Final = 5_000
"""Far newcomers: of more, so many stand for all, since each is held against every row."""


@dataclass(frozen=True)
class Placement:
    """Newcomers among the clusters of the reference.

    Attributes
    ----------
    clusters
        Nearest cluster of each newcomer, shape (n_newcomers,).
    is_far
        Whether it is far from that cluster, and so from every other, shape (n_newcomers,).
    """

    clusters: Integers
    is_far: NDArray[np.bool_]


def place(reference: Floats, labels: Integers, newcomers: Floats) -> Placement:
    """Place newcomers by the cosine to the centroids of the reference.

    Parameters
    ----------
    reference, newcomers
        Embeddings of length one, shape (n_samples, embedding_dim) each.
    labels
        Clusters of the reference, from 0 on without gaps, shape (n_reference,).
    """
    centroids = normalise_rows(cluster_means(reference, labels, int(labels.max()) + 1))
    own = (reference * centroids[labels]).sum(axis=1)
    floors = np.array(
        [np.quantile(own[labels == label], FAR_QUANTILE) for label in range(len(centroids))]
    )
    cosines = newcomers @ centroids.T
    clusters = cosines.argmax(axis=1)
    nearest = cosines[np.arange(len(newcomers)), clusters]
    return Placement(clusters, nearest < floors[clusters])


def count_novel(reference: Floats, newcomers: Floats, is_far: NDArray[np.bool_]) -> int:
    """Count far newcomers whose neighbours are newcomers too, nine of ten: the mark of a new theme.

    A stray document is far as well, but it has no such company. Of more than `MOST_LOOKED_AT` far
    ones the count is an estimate, from as many, evenly spaced.
    """
    far = np.flatnonzero(is_far)
    everyone = np.vstack([reference, newcomers])
    if len(far) == 0 or len(everyone) <= _NEIGHBOURS:
        return 0
    kept = far[evenly_spaced(len(far), MOST_LOOKED_AT)]
    # One more than asked for, as every row finds itself.
    found = nearest_among(newcomers[kept], everyone, _NEIGHBOURS + 1).indices
    is_itself = found == (len(reference) + kept)[:, None]
    n_new = ((found >= len(reference)) & ~is_itself).sum(axis=1)
    n_novel = int(np.count_nonzero(n_new >= _NEW_NEIGHBOURS))
    return round(n_novel * len(far) / len(kept))


def population_stability(reference: Integers, newcomers: Integers, n_clusters: int) -> float:
    r"""Measure how the shares of the clusters moved: the population stability index.

    .. math::
        \sum_c (p_c - q_c) \ln \frac{p_c}{q_c} - (k - 1) \left(\frac{1}{n} + \frac{1}{m}\right)

    with the shares p of the n reference rows and q of the m newcomers, each count raised by a half.
    The last term is what chance alone gives; without it small nights would look unstable.

    Parameters
    ----------
    reference, newcomers
        Clusters, shapes (n,) and (m,).
    n_clusters
        k.

    References
    ----------
    Yurdakul (2018), Statistical Properties of Population Stability Index.
    """
    p, q = (
        (np.bincount(labels, minlength=n_clusters) + 0.5) / (len(labels) + 0.5 * n_clusters)
        for labels in (reference, newcomers)
    )
    by_chance = (n_clusters - 1) * (1 / len(reference) + 1 / len(newcomers))
    return max(0.0, float(((p - q) * np.log(p / q)).sum()) - by_chance)


def centroid_movement(
    reference: Floats, labels: Integers, newcomers: Floats, placement: Placement
) -> float:
    """Compute the largest cosine distance between a cluster's old and new centroids.

    Only clusters with `MIN_NEWCOMERS` of both count; 0 where there are none.
    """
    sizes = [
        np.bincount(side, minlength=int(labels.max()) + 1) for side in (labels, placement.clusters)
    ]
    moved = [0.0]
    for label in np.flatnonzero(np.minimum(*sizes) >= MIN_NEWCOMERS):
        old, new = (
            normalise_rows(side.mean(axis=0, keepdims=True))[0]
            for side in (reference[labels == label], newcomers[placement.clusters == label])
        )
        moved.append(1.0 - float(old @ new))
    return max(moved)


def unknown_word_share(texts: Sequence[str], vocabulary: frozenset[str]) -> float:
    """Compute the share of the words, as often as they occur, that the vocabulary lacks."""
    words = [word for text in texts for word in words_of(text)]
    return sum(word not in vocabulary for word in words) / max(len(words), 1)
