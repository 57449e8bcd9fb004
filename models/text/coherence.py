"""Whether the keywords of a cluster stand in the same documents."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from models.text.keywords import TermCounts, counted_keywords


def clustering_coherence(counted: TermCounts, labels: NDArray[np.integer]) -> float | None:
    """Compute the mean keyword coherence of the clusters, with keywords found for the purpose.

    Parameters
    ----------
    counted
        Terms of the documents, as counted by `models.text.keywords.count_terms`.
    labels
        Cluster of each document, shape (n_texts,); negative ones are outliers.

    Returns
    -------
    From -1 to 1, higher is better, or None where no cluster has two words.
    """
    return mean_coherence(keyword_coherence(counted, counted_keywords(counted, labels)))


def keyword_coherence(
    counted: TermCounts, keywords: Mapping[int, Sequence[str]]
) -> dict[int, float]:
    r"""Compute the mean normalised pointwise mutual information of each cluster's keywords.

    .. math::
        NPMI(v, w) = \frac{\log \frac{p(v, w)}{p(v) p(w)}}{-\log p(v, w)}

    where p is the share of the documents, of all clusters, that hold the word or both. It is -1 for
    words that never meet, 0 for words that meet by chance, 1 for words that never part. Pairs of
    words among the keywords count as their words, each once: a pair would always meet its halves.

    Parameters
    ----------
    counted
        Terms of the documents, as counted by `models.text.keywords.count_terms`.
    keywords
        For each cluster its keywords.

    Returns
    -------
    For each cluster from -1 to 1; NaN for one with fewer than two words.

    References
    ----------
    Bouma (2009), Normalized (Pointwise) Mutual Information in Collocation Extraction, eq. 6.
    Röder, Both, Hinneburg (2015), Exploring the Space of Topic Coherence Measures, section 3.
    """
    words = {cluster: _single_words(found) for cluster, found in keywords.items()}
    known = sorted(set().union(*words.values()))
    place = {word: position for position, word in enumerate(known)}
    shares = _shares(counted, known)
    return {
        cluster: _mean_npmi(shares, [place[word] for word in chosen])
        for cluster, chosen in words.items()
    }


def mean_coherence(coherence: Mapping[int, float]) -> float | None:
    """Average over the clusters that have words; None without any."""
    known = [value for value in coherence.values() if not np.isnan(value)]
    return float(np.mean(known)) if known else None


def _single_words(keywords: Sequence[str]) -> list[str]:
    """List the words of keywords, each once, in their order."""
    return list(dict.fromkeys(word for keyword in keywords for word in keyword.split(" ")))


def _shares(counted: TermCounts, words: Sequence[str]) -> NDArray[np.float64]:
    """Compute the share of the documents that hold two words, shape (n_words, n_words)."""
    n_texts = counted.counts.shape[0]
    columns = np.searchsorted(counted.terms, np.array(words, dtype=np.str_))
    holds = (counted.counts[:, columns] > 0).astype(np.float64)
    return np.asarray((holds.T @ holds).toarray() / max(1, n_texts))


def _mean_npmi(shares: NDArray[np.float64], words: Sequence[int]) -> float:
    """Average over the pairs of words; NaN without any."""
    pairs = [_npmi(shares[v, w], shares[v, v], shares[w, w]) for v, w in combinations(words, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def _npmi(both: float, first: float, second: float) -> float:
    """Compute the NPMI of two words from the shares of documents that hold them."""
    if both == 0:
        return -1.0
    return 1.0 if both == 1 else float(np.log(both / (first * second)) / -np.log(both))
