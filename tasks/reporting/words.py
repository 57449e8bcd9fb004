"""What clusters and topics are called: keywords and names."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.core.arrays import Integers, Labels
from tasks.reporting.topics import FoundTopics

_KEYWORDS: Final = 10


class Texts(NamedTuple):
    """The window's texts."""

    texts: Sequence[str]
    labels: Labels
    """Cluster of each text, shape (n_texts,)."""
    items: Integers
    """Position of the text of each document, shape (n_documents,)."""
    languages: Sequence[str]
    """Those that the texts are in."""
    shown: Mapping[int, str] | None = None
    """Label → the document that shows the cluster best, where the texts are captions of documents
    that are none."""


class Words(NamedTuple):
    """Keywords and names by the labels of clusters and the numbers of topics."""

    keywords: dict[int, list[str]]
    names: dict[int, str]
    topic_names: dict[int, str]


def find_words(given: Texts, kept_names: Mapping[int, str], topics: FoundTopics) -> Words:
    """Find keywords and names; what was known keeps its name while that describes it.

    Parameters
    ----------
    given
        The window's texts.
    kept_names
        Label → name, of the clusters that were there on the last night.
    topics
        Tonight's.
    """
    if given.shown is not None:
        return _words_of_captions(given, given.shown, kept_names, topics)
    from models.text.keywords import count_terms, counted_keywords, sample_of_clusters
    from models.text.language.of_clusters import languages_of_clusters, words_of_clusters
    from models.text.language.stop_words import stop_words_of
    from models.text.names import documents_of_sample, name_clusters

    texts, labels = given.texts, given.labels
    positions = sample_of_clusters(labels)
    counted, own = count_terms([texts[it] for it in positions]), labels[positions]
    elsewhere = languages_of_clusters(texts, labels, given.languages)
    stop_words = stop_words_of(tuple(given.languages)) | words_of_clusters(counted, own, elsewhere)
    keywords = counted_keywords(counted, own, _KEYWORDS, stop_words)
    n_documents = np.bincount(given.items, minlength=len(texts))
    weights = documents_of_sample(labels, n_documents, positions)
    names = name_clusters(counted, own, weights, stop_words, keywords, kept_names)
    if not topics.of_label:
        return Words(keywords, names, {})
    above = np.array([topics.of_label[int(label)] for label in own])
    topic_keywords = counted_keywords(counted, above, _KEYWORDS, stop_words)
    called = name_clusters(counted, above, weights, stop_words, topic_keywords, topics.kept_names)
    return Words(keywords, names, called)


def _words_of_captions(
    given: Texts, shown: Mapping[int, str], kept_names: Mapping[int, str], topics: FoundTopics
) -> Words:
    """Find keywords and names of documents that are no texts, of which words were measured."""
    from models.text.caption_names import name_by_captions

    weights = np.bincount(given.items, minlength=len(given.texts))
    found = name_by_captions(given.texts, given.labels, weights, shown, kept_names, _KEYWORDS)
    if not topics.of_label:
        return Words(*found, {})
    above = np.array([topics.of_label[int(label)] for label in given.labels])
    sizes = np.bincount(given.labels[given.items])
    largest = {
        topic: max(own, key=lambda label: int(sizes[label]))
        for topic, own in _under(topics).items()
    }
    called = name_by_captions(
        *(given.texts, above, weights, {topic: shown[it] for topic, it in largest.items()}),
        *(topics.kept_names, _KEYWORDS),
    )
    return Words(*found, called.names)


def _under(topics: FoundTopics) -> dict[int, list[int]]:
    """Return the labels under each topic."""
    found: dict[int, list[int]] = {}
    for label, topic in topics.of_label.items():
        found.setdefault(topic, []).append(label)
    return found
