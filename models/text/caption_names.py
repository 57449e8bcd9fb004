"""Names of clusters of documents that are no texts, from captions of measured words.

A caption says what is measured of a document ("dark red small"). A text is about what any of its
words says, so its cluster is named by a union of terms; a caption's words hold together, so here a
cluster is named by those that its documents have all at once. Where no words tell a cluster apart,
its name is the document that shows it best.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Labels
from models.text.cover import f_beta

LIKE: Final = "like "
"""How a name begins that is a document's."""

_MAX_WORDS: Final = 3

_MOST_WORDS: Final = 500
"""That are looked at: captions share some dozens, and every file may have a title of its own."""

_LEAST_FIT: Final = 0.7
"""F of a name: where it holds all of the cluster and as much again of others, it is .6, and tells
nobody which of the two is meant."""

_LEAST_GAIN: Final = 0.02
"""What a further word must add to F."""

_LIFT: Final = 1.2
"""A keyword is so much more frequent in the cluster than in all documents."""

Held = NDArray[np.bool_]
Weights = NDArray[np.floating] | NDArray[np.integer]


class CaptionNames(NamedTuple):
    """Keywords, the most telling first, and names, no two alike, by the labels of clusters."""

    keywords: dict[int, list[str]]
    names: dict[int, str]


def name_by_captions(
    captions: Sequence[str],
    labels: Labels,
    weights: Weights,
    shown: Mapping[int, str],
    known: Mapping[int, str],
    n_keywords: int,
) -> CaptionNames:
    """Name clusters by what is measured of their documents.

    Parameters
    ----------
    captions, labels
        Words with spaces between them, and the cluster of each; shape (n_documents,).
    weights
        How many documents each stands for, shape (n_documents,).
    shown
        Label → the document that shows the cluster best.
    known
        Label → name on the last night. One of words is kept while it is as good as the best of
        tonight, one of a document as long as no words tell the cluster apart.
    n_keywords
        For each cluster, at most.
    """
    held = _held(captions)
    keywords: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for label in _by_size(labels, weights):
        own = labels == label
        search = _Search(held, own, weights)
        keywords[label] = search.telling(n_keywords)
        name, before = search.name(), known.get(label, "")
        is_like = before.startswith(LIKE) and not name
        if is_like or (name and search.fit_of(before) >= search.fit_of(name)):
            name = before
        names[label] = name if name and name not in names.values() else f"{LIKE}{shown[label]}"
    return CaptionNames(keywords, names)


class _Search:
    """A search for the words that describe one cluster."""

    def __init__(self, held: Mapping[str, Held], own: Held, weights: Weights) -> None:
        self._held, self._own, self._weights = held, own, weights
        self._size = float(weights[own].sum())

    def name(self) -> str:
        """Return the words that describe the cluster best together; empty where none do."""
        chosen: list[str] = []
        best = 0.0
        while len(chosen) < _MAX_WORDS:
            fits = {it: self.fit_of(" ".join([*chosen, it])) for it in self._held.keys() - chosen}
            word = max(sorted(fits), key=fits.__getitem__, default="")
            if not word or fits[word] < best + _LEAST_GAIN:
                break
            chosen.append(word)
            best = fits[word]
        return " ".join(chosen) if best >= _LEAST_FIT else ""

    def fit_of(self, name: str) -> float:
        """Compute how well the documents with all words of a name describe the cluster."""
        words = name.split()
        if not words or not self._held.keys() >= set(words):
            return 0.0
        there = np.logical_and.reduce([self._held[word] for word in words])
        inside, everywhere = (float(self._weights[it].sum()) for it in (there & self._own, there))
        return float(f_beta(inside, everywhere, self._size))

    def telling(self, count: int) -> list[str]:
        """Return the words that are more frequent in the cluster than elsewhere."""
        overall = float(self._weights.sum())
        found = []
        for word, there in self._held.items():
            share = float(self._weights[there & self._own].sum()) / self._size
            if share >= _LIFT * float(self._weights[there].sum()) / overall:
                found.append((-round(self.fit_of(word), 9), word))
        return [word for _, word in sorted(found)[:count]]


def _held(captions: Sequence[str]) -> dict[str, Held]:
    """Return which captions hold each word, of the most frequent words."""
    counts = Counter(word for caption in captions for word in set(caption.split()))
    most = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS]
    found = {word: np.zeros(len(captions), dtype=bool) for word in most}
    for place, caption in enumerate(captions):
        for word in found.keys() & set(caption.split()):
            found[word][place] = True
    return found


def _by_size(labels: Labels, weights: Weights) -> list[int]:
    """Return the labels, that of the largest cluster first."""
    there = [int(label) for label in np.unique(labels[labels >= 0])]
    return sorted(there, key=lambda label: (-float(weights[labels == label].sum()), label))
