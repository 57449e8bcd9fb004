"""Texts of which a clustering is not sure: the words that clusters are named by decide."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import AnyFloats, Integers, parts_of, top_two
from models.text.keywords import count_terms, sample_of_clusters, words_of
from models.text.names import documents_of_sample, terms_of_clusters
from models.text.term_table import term_table

_STILL_POSSIBLE: Final = 0.1
"""Of the membership in its own cluster, what a text must have in another one to go there. The lower
it is, the more of a cluster its name describes; at .05 clusters no longer match the themes that
people have given to reviews better than without."""

_HAIR: Final = 1e-5
"""Above the rounding of 32 bits, and nothing to a reader."""


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
    return decide_by_terms(q, texts, _terms(labels, texts, n_documents, stop_words))


def decide_by_terms(
    q: AnyFloats, texts: Sequence[str], terms: Mapping[int, Sequence[str]]
) -> AnyFloats:
    """Let unsure texts go where their words say, by the names that clusters have already.

    Parameters
    ----------
    q, texts
        See `decide_by_words`.
    terms
        Label of a cluster → the terms of its name; none of a cluster that has no name.

    Returns
    -------
    See `decide_by_words`.
    """
    labels = q.argmax(axis=1)
    unsure = _unsure(q)
    goals = [labels[:0]]
    for part in parts_of(len(unsure)):
        at = unsure[part]
        holds = _holding(terms, [texts[it] for it in at], q.shape[1])
        goals.append(_goals(q[at], labels[at], holds))
    goal = np.concatenate(goals)
    goes = goal != labels[unsure]
    goes &= ~np.isin(labels[unsure], _emptied(labels, labels[unsure][goes]))
    return _raised(q, unsure[goes], labels[unsure][goes], goal[goes])


def _unsure(q: AnyFloats) -> Integers:
    """Return the rows in which a second membership is high enough to count."""
    if q.shape[1] < 2:
        return np.zeros(0, dtype=np.int64)
    confidence, margin = top_two(q)
    return np.flatnonzero(confidence - margin >= _STILL_POSSIBLE * confidence)


def _terms(
    labels: Integers, texts: Sequence[str], n_documents: Integers, stop_words: Collection[str]
) -> Mapping[int, Sequence[str]]:
    """Find the terms that the clusters are named by, in a sample of their texts."""
    sample = sample_of_clusters(labels)
    counted = count_terms([texts[it] for it in sample])
    weights = documents_of_sample(labels, n_documents, sample)
    return terms_of_clusters(term_table(counted, weights, stop_words), labels[sample])


def _holding(
    terms: Mapping[int, Sequence[str]], texts: Sequence[str], n_clusters: int
) -> NDArray[np.bool_]:
    """Return which texts hold all words of a term of each cluster, (n_texts, n_clusters).

    In the texts themselves: a table of all terms of a million titles would be 4 gigabytes.
    """
    by_word: dict[str, list[tuple[frozenset[str], int]]] = {}
    for label, own in terms.items():
        for term in own:
            words = term.split(" ")
            by_word.setdefault(words[0], []).append((frozenset(words), label))
    holds = np.zeros((len(texts), n_clusters), dtype=bool)
    for row, text in enumerate(texts):
        there = set(words_of(text))
        for word in there & by_word.keys():
            for needed, label in by_word[word]:
                holds[row, label] |= needed <= there
    return holds


def _goals(q: AnyFloats, own: Integers, holds: NDArray[np.bool_]) -> Integers:
    """Return where each text belongs: in its own cluster, or in one whose name it holds."""
    elsewhere = holds & (q >= _STILL_POSSIBLE * q.max(axis=1, keepdims=True))
    goes = elsewhere.any(axis=1) & ~holds[np.arange(len(own)), own]
    return np.where(goes, np.where(elsewhere, q, -1).argmax(axis=1), own)


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
