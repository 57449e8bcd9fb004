"""Texts of which a clustering is not sure: the words that clusters are named by decide."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import AnyFloats, Integers
from models.text.keywords import count_terms, sample_of_clusters
from models.text.names import documents_of_sample, terms_of_clusters
from models.text.term_table import TermTable, term_table

_STILL_POSSIBLE: Final = 0.1
"""Of the membership in its own cluster, what a text must have in another one to go there. The lower
it is, the more of a cluster its name describes; at .05 clusters no longer match the themes that
people have given to reviews better than without."""

_HAIR: Final = 1e-5
"""Above the rounding of 32 bits, and nothing to a reader."""


class _Named(NamedTuple):
    """Some texts, and the clusters whose names they hold."""

    positions: Integers  # (n_some,), among all texts
    holds: NDArray[np.bool_]  # (n_some, n_clusters)


def decide_by_words(
    q: AnyFloats,
    texts: Sequence[str],
    n_documents: Integers,
    stop_words: Collection[str],
) -> AnyFloats:
    """Let unsure texts go where their words say that they belong.

    A text that holds no term of its cluster's name, and some of another's in which its membership
    is not much lower, goes there: that membership is raised to the one in its own cluster, so that
    the text is as little sure of the one as of the other. No cluster loses all of its texts.

    Parameters
    ----------
    q
        Memberships, shape (n_texts, n_clusters).
    texts
        Different ones.
    n_documents
        That have each text, shape (n_texts,).
    stop_words
        Words that say nothing in the languages of the texts.

    Returns
    -------
    Memberships of the same shape and type; q is left as it is.
    """
    labels = q.argmax(axis=1)
    possible = q >= _STILL_POSSIBLE * q.max(axis=1, keepdims=True)
    unsure = np.flatnonzero(possible.sum(axis=1) > 1)
    named = _named(labels, unsure, texts, n_documents, stop_words, q.shape[1])
    at, own = named.positions, labels[named.positions]
    elsewhere = named.holds & possible[at]
    goes = elsewhere.any(axis=1) & ~named.holds[np.arange(len(at)), own]
    goal = np.where(elsewhere, q[at], -1).argmax(axis=1)
    goes &= ~np.isin(own, _emptied(labels, own[goes]))
    return _raised(q, at[goes], own[goes], goal[goes])


def _named(
    labels: Integers,
    unsure: Integers,
    texts: Sequence[str],
    n_documents: Integers,
    stop_words: Collection[str],
    n_clusters: int,
) -> _Named:
    """Name the clusters by a sample of their texts, and find what the unsure ones hold."""
    sample = sample_of_clusters(labels)
    positions = np.union1d(sample, unsure)
    counted = count_terms([texts[it] for it in positions])
    weights = np.zeros(len(texts))
    weights[sample] = documents_of_sample(labels, n_documents, sample)
    table = term_table(counted, weights[positions], stop_words)
    terms = terms_of_clusters(table, labels[positions])
    is_unsure = np.isin(positions, unsure)
    return _Named(positions[is_unsure], _holding(table, terms, n_clusters)[is_unsure])


def _holding(
    table: TermTable, terms: Mapping[int, Sequence[str]], n_clusters: int
) -> NDArray[np.bool_]:
    """Return which texts hold a term of each cluster's name, shape (n_texts, n_clusters)."""
    holds = np.zeros((len(table.weights), n_clusters), dtype=bool)
    for label, own in terms.items():
        holds[:, label] = table.holding(own)
    return holds


def _emptied(labels: Integers, left: Integers) -> Integers:
    """Return the clusters that would have no text where so many have left."""
    n_labels = int(labels.max(initial=0)) + 1
    sizes, leaving = (np.bincount(it, minlength=n_labels) for it in (labels, left))
    return np.flatnonzero((leaving > 0) & (leaving >= sizes))


def _raised(q: AnyFloats, at: Integers, own: Integers, goal: Integers) -> AnyFloats:
    """Raise the memberships of some texts in their goals above all others, by a hair."""
    decided = q.copy()
    rows = q[at]
    rows[np.arange(len(at)), goal] = q[at, own] * (1 + _HAIR)
    decided[at] = rows / rows.sum(axis=1, keepdims=True)
    return decided
