"""Clusters in a language that few other texts of a feed are in, and what says nothing there."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from models.core.arrays import Labels
from models.text.keywords import TermCounts
from models.text.language.stop_words import only_in
from models.text.language.told import tell_languages

_READ: Final = 20
"""Texts of a cluster whose language is told: the majority of so many is seldom chance."""
_FEWEST: Final = 4
_MOST: Final = 0.5


def languages_of_clusters(
    texts: Sequence[str], labels: Labels, known: Collection[str]
) -> dict[int, str]:
    """Return the clusters that are mostly in a language which the feed is not known for.

    Parameters
    ----------
    texts
        Of the window; those too short to tell the language of are passed over.
    labels
        Cluster of each text, shape (n_texts,); negative ones are in none.
    known
        Languages of the feed: see `language_shares` in `models.text.language.told`, which leaves
        out those of few texts.

    Returns
    -------
    Label → ISO 639-1 code.
    """
    found = {}
    for label in np.unique(labels[labels >= 0]):
        told = tell_languages([texts[it] for it in np.flatnonzero(labels == label).tolist()], _READ)
        (language, count), *_ = [*Counter(told).most_common(1), ("", 0)]
        if language not in known and count >= max(_FEWEST, _MOST * len(told)):
            found[int(label)] = language
    return found


def words_of_clusters(
    counted: TermCounts, labels: Labels, languages: Mapping[int, str]
) -> frozenset[str]:
    """Return the stop words of the languages of clusters that say nothing in the other clusters.

    "die" is an article in German and tells something in English: a word counts as one only where
    most documents that hold it are in clusters of its language.

    Parameters
    ----------
    counted
        Of the documents; see `models.text.keywords.count_terms`.
    labels
        Cluster of each document, shape (n_texts,).
    languages
        Of `languages_of_clusters`.
    """
    held = counted.counts > 0
    anywhere = np.asarray(held.sum(axis=0)).ravel()
    found: set[str] = set()
    for language in sorted(set(languages.values())):
        own = [label for label, it in languages.items() if it == language]
        there = np.asarray(held[np.isin(labels, own)].sum(axis=0)).ravel()
        mostly = counted.terms[2 * there > anywhere]
        found |= only_in(language).intersection(mostly.tolist())
    return frozenset(found)
