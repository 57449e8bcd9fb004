"""Names of clusters: few terms that most documents of a cluster hold, and few others do."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Labels
from models.text.cover import CoverSearch, f_beta
from models.text.keywords import TermCounts, stems
from models.text.term_table import Held, TermTable, term_table

UNNAMED: Final = "no words"
"""Name of a cluster whose documents hold no word."""

_SEPARATOR: Final = ", "

_LEAST_SHARE: Final = 0.05
"""Of a cluster's documents, for a term to stand in its name."""

_NEARLY_BEST: Final = 0.8
"""A term may name the clusters that it fits nearly as well as the one that it fits best."""

_N_CONSIDERED: Final = 40
"""Terms that are tried for a cluster; of three that are chosen none stood further back."""

_STILL_FITS: Final = 0.6
"""A name of last night is kept where it describes the cluster so much as well as the best name of
tonight; below that it tells of something that is gone."""

_N_KEYWORDS: Final = 3
"""In the name of a cluster that no term describes: its documents share no word."""


class _Cluster(NamedTuple):
    label: int
    own: Held
    size: float


def name_clusters(
    counted: TermCounts,
    labels: Labels,
    weights: NDArray[np.float64],
    stop_words: Collection[str],
    keywords: Mapping[int, Sequence[str]],
    known: Mapping[int, str],
) -> dict[int, str]:
    """Name every cluster of texts.

    Parameters
    ----------
    counted
        Terms of different texts, of large clusters those of a sample.
    labels
        Cluster of each of these texts, shape (n_texts,).
    weights
        Documents that each stands for, see `documents_of_sample`: what many write counts as often.
    stop_words
        Words that say nothing in the languages of the texts.
    keywords
        Label → keywords of the cluster, which name it where no term describes it.
    known
        Label → name that the cluster had last night; it is kept while it describes the cluster.

    Returns
    -------
    Label → name; no two clusters have one name.
    """
    names = covering_names(term_table(counted, weights, stop_words), labels, known)
    terms = {term for name in names.values() for term in terms_of(name)}
    for label in sorted(keywords.keys() - names.keys()):
        own, used = [it for it in keywords[label] if it not in terms], set(names.values())
        names[label] = next(name for name in _of_keywords(own) if name not in used)
    return names


def covering_names(table: TermTable, labels: Labels, known: Mapping[int, str]) -> dict[int, str]:
    """Name clusters by the terms whose union describes their documents best.

    Large clusters come first, and no term stands in two names: `models.text.cover` has the search.

    Parameters
    ----------
    table
        Terms of the texts.
    labels
        Cluster of each text, shape (n_texts,).
    known
        See `name_clusters`.

    Returns
    -------
    Label → name, its terms by the documents that they cover. A cluster that no term describes has
    no entry.
    """
    clusters = _by_size(labels, table.weights)
    fit = _fit_of_terms(table, clusters)
    owners = {term: label for label, name in known.items() for term in terms_of(name)}
    names: dict[int, str] = {}
    for cluster, of_terms in zip(clusters, fit, strict=True):
        free = [
            column
            for column in _best_first(of_terms)
            if owners.get(table.terms[column], cluster.label) == cluster.label
        ]
        terms, score = CoverSearch(table, free[:_N_CONSIDERED], cluster.own).terms()
        before = known.get(cluster.label, "")
        kept = _fit_of_name(table, cluster, before)
        if name := before if kept and kept >= _STILL_FITS * score else _SEPARATOR.join(terms):
            names[cluster.label] = name
            owners |= dict.fromkeys(terms_of(name), cluster.label)
    return names


def terms_of_clusters(table: TermTable, labels: Labels) -> dict[int, list[str]]:
    """Return the terms of every cluster's name, where one describes it; see `covering_names`."""
    names = covering_names(table, labels, {})
    return {label: terms_of(name) for label, name in names.items()}


def terms_of(name: str) -> list[str]:
    """Return the terms of a name."""
    return name.split(_SEPARATOR)


def documents_of_sample(
    labels: Labels, n_documents: NDArray[np.integer], positions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how many documents each text of a sample stands for, those of its cluster in all.

    Parameters
    ----------
    labels, n_documents
        Cluster of each text, and the documents that have it, shape (n_texts,).
    positions
        Of the sample, see `models.text.keywords.sample_of_clusters`.
    """
    n_clusters = int(labels.max(initial=-1)) + 1
    inside = labels >= 0
    whole = np.bincount(labels[inside], n_documents[inside], n_clusters)
    sampled = np.bincount(labels[positions], n_documents[positions], n_clusters)
    return n_documents[positions] * (whole / np.maximum(sampled, 1))[labels[positions]]


def _by_size(labels: Labels, weights: NDArray[np.float64]) -> list[_Cluster]:
    """Return the clusters, the largest first; of equal ones, the first label."""
    own = {int(label): labels == label for label in np.unique(labels)}
    found = [_Cluster(label, held, float(weights[held].sum())) for label, held in own.items()]
    return sorted(found, key=lambda cluster: (-round(cluster.size, 6), cluster.label))


def _fit_of_terms(table: TermTable, clusters: Sequence[_Cluster]) -> NDArray[np.float64]:
    """Compute how well each term alone describes each cluster, shape (n_clusters, n_terms).

    Terms of too few of the documents are 0, and those that describe another cluster better.
    """
    fit = np.zeros((len(clusters), len(table.terms)))
    everywhere = table.documents_of(np.ones(len(table.weights), dtype=bool))
    for row, cluster in enumerate(clusters):
        inside = table.documents_of(cluster.own)
        is_common = inside >= _LEAST_SHARE * cluster.size
        fit[row] = np.where(is_common, f_beta(inside, everywhere, cluster.size), 0)
    return np.where(fit >= _NEARLY_BEST * fit.max(axis=0, initial=0), fit, 0)


def _best_first(fit: NDArray[np.float64]) -> list[int]:
    """Return the terms that describe a cluster, the best first, equal ones by the alphabet."""
    order = np.argsort(-np.round(fit, 9), kind="stable")
    return [int(column) for column in order if fit[column] > 0]


def _fit_of_name(table: TermTable, cluster: _Cluster, name: str) -> float:
    """Compute how well a name describes a cluster."""
    held = table.holding(terms_of(name))
    inside, everywhere = (table.weights[it].sum() for it in (held & cluster.own, held))
    return float(f_beta(inside, everywhere, cluster.size))


def _of_keywords(keywords: Sequence[str]) -> Iterator[str]:
    """Yield names for a cluster that no term describes, the best first, without end."""
    name = _SEPARATOR.join(_without_repeats(keywords)[:_N_KEYWORDS]) or UNNAMED
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _without_repeats(keywords: Sequence[str]) -> list[str]:
    """Drop what repeats a chosen word; a pair takes the place of the single words it holds."""
    chosen: list[str] = []
    for keyword in keywords:
        words = stems(keyword)
        related = [term for term in chosen if not words.isdisjoint(stems(term))]
        if not related:
            chosen.append(keyword)
        elif len(words) > 1 and all(len(stems(term)) == 1 for term in related):
            chosen[chosen.index(related[0])] = keyword
            chosen = [term for term in chosen if term not in related[1:]]
    return chosen
