"""Which theme each passage speaks of: what a model says of it, the passages near it, its words."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from models.core.arrays import AnyFloats, Floats, Integers, normalise_rows
from models.core.graph import scaled_neighbours, smooth_over_some
from models.core.lloyd import cluster_means
from models.core.memberships import memberships, recentred
from models.text.deciding_words import decide_by_terms, decide_by_words

_MOST_JOINED: Final = 10_000
"""Passages that are joined to a graph; more are smoothed beside these."""

_FEWEST_JOINED: Final = 100
"""Of fewer, the nearest passages are of other themes."""


class CutTexts(NamedTuple):
    """Passages that differ.

    Attributes
    ----------
    X
        Their embeddings, rows of length one, shape (n_passages, embedding_dim).
    fused
        What neighbours are looked for among: rows of length one, shape (n_passages, any).
    texts
        What they say.
    n_documents
        That have each, shape (n_passages,).
    """

    X: Floats
    fused: Floats
    texts: Sequence[str]
    n_documents: Integers


def themes_of_passages(
    passages: CutTexts,
    q: Floats,
    known: Floats,
    names: Mapping[int, Sequence[str]],
    stop_words: Collection[str],
) -> AnyFloats:
    """Find how much each passage belongs to each cluster of whole documents.

    A model that has learnt from whole documents is sure of hardly any sentence. So clusters get
    centroids among the passages; these are smoothed over their neighbours, as documents are before
    they are clustered, and belong where they then lie; and the words decide of those in between:
    first the words that set each cluster's passages apart, then those of its name, so that a
    passage that holds the name of a theme is in it, unless there is much against it.

    Parameters
    ----------
    passages
        See `CutTexts`.
    q
        What the model says of them, shape (n_passages, n_clusters).
    known
        See `models.core.memberships.recentred`.
    names
        Label of a cluster → the terms of its name.
    stop_words
        Words that say nothing in the languages of the texts.

    Returns
    -------
    Memberships of the same shape; rows sum to 1.
    """
    labels = recentred(passages.X, q, known).argmax(axis=1)
    smoothed = _smoothed(passages.fused)
    centroids = normalise_rows(cluster_means(smoothed, labels, q.shape[1]))
    near = memberships(smoothed @ centroids.T)
    said = decide_by_words(near, passages.texts, passages.n_documents, stop_words)
    return decide_by_terms(said, passages.texts, names)


def _smoothed(X: Floats) -> Floats:
    """Pull passages towards their neighbours, where there are enough of them."""
    if len(X) < _FEWEST_JOINED:
        return X
    return smooth_over_some(X, scaled_neighbours(len(X)), _MOST_JOINED)
