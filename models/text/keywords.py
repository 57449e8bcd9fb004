"""Keywords of clusters: the words and pairs of words that set each of them apart."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from models.core.arrays import evenly_spaced
from models.text.language.segmentation import HAN, segmented
from models.text.language.stop_words import ENGLISH_WORDS

# Keywords need no more: time and memory stay flat however many documents there are.
_MAX_TEXTS: Final = 20_000
_MAX_CHARS: Final = 2_000

# A word that is common in most clusters and nowhere much more so tells none of them apart.
_COMMON_SHARE: Final = 0.05
_TELLING_RATIO: Final = 3.0

# Vowel signs of many scripts are marks, which `\w` leaves out.
MARKS: Final = "".join(
    chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in {"Mn", "Mc"}
)
_WORD: Final = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}])+")
_NOISE: Final = re.compile(
    r"(?:https?|ftp)://\S+|www\.\S+|\S+@\S+\.\w+"  # addresses
    r"|<[a-z/!][^<>]{0,500}>|&[a-z]+;|&?(?:#\d+|#x[0-9a-f]+|amp|apos|gt|lt|nbsp|quot);",  # HTML
    re.IGNORECASE,
)


class TermCounts(NamedTuple):
    """How often each document holds each word and each pair of words."""

    terms: NDArray[np.str_]  # (n_terms,), by the alphabet
    counts: sparse.csr_matrix  # (n_texts, n_terms)


def count_terms(texts: Sequence[str]) -> TermCounts:
    """Count the terms that may be keywords, in the beginning of every text."""
    if not any(next(words_of(text), None) for text in texts):
        return TermCounts(np.array([], dtype=np.str_), sparse.csr_matrix((len(texts), 0)))
    vectorizer = CountVectorizer(analyzer=_terms, dtype=np.float32)
    counts = vectorizer.fit_transform(texts)
    return TermCounts(vectorizer.get_feature_names_out(), counts)


def counted_keywords(
    counted: TermCounts,
    labels: NDArray[np.integer],
    n_keywords: int = 10,
    stop_words: frozenset[str] = ENGLISH_WORDS,
) -> dict[int, list[str]]:
    r"""Find the words and pairs of words that set each cluster apart.

    The weight of term :math:`t` in cluster :math:`c` is

    .. math:: W_{t,c} = tf_{t,c} \log(1 + A / tf_t)

    where :math:`tf_{t,c}` is the count of t in c, :math:`tf_t` its count in all clusters and A the
    mean number of terms in a cluster.

    Addresses, HTML and numbers are no words. Stop words are left out, and words that are common in
    most clusters alike. A cluster that has nothing else gets its most frequent words.

    Parameters
    ----------
    counted
        Of the documents; see `count_terms`.
    labels
        Cluster of each document, shape (n_texts,); negative ones are outliers and are left out.
    n_keywords
        Keywords for each cluster, at most.
    stop_words
        Words that say nothing in the languages of the texts.

    Returns
    -------
    For each cluster its keywords, the most telling first, ties by the alphabet; none for a cluster
    without any word.

    Raises
    ------
    ValueError
        If there are not as many labels as documents, or ``n_keywords`` is below 1.

    References
    ----------
    Grootendorst (2022), BERTopic: Neural topic modeling with a class-based TF-IDF procedure, eq. 2.
    """
    if len(labels) != counted.counts.shape[0]:
        raise ValueError(
            f"labels must be as many as documents ({counted.counts.shape[0]}), got {len(labels)}"
        )
    if n_keywords < 1:
        raise ValueError(f"n_keywords must be at least 1, got {n_keywords}")
    inside = labels >= 0
    terms, counts = counted.terms, counted.counts[inside]
    clusters, codes = np.unique(labels[inside], return_inverse=True)
    keywords: dict[int, list[str]] = {int(cluster): [] for cluster in clusters}
    if len(terms) == 0 or len(clusters) == 0:
        return keywords
    members = sparse.csr_matrix((np.ones(len(codes), np.float32), (codes, np.arange(len(codes)))))
    untold = stop_words | _common_words(terms, counts, members)
    telling = np.array([untold.isdisjoint(term.split(" ")) for term in terms])
    class_counts = (members @ counts).tocsr()
    weights = _class_tfidf(class_counts)
    for code, cluster in enumerate(clusters):
        chosen = _best(weights[[code]], telling, n_keywords)
        if len(chosen) == 0:
            single = np.array([" " not in term for term in terms])
            chosen = _best(class_counts[[code]], single, n_keywords)
        keywords[int(cluster)] = [str(terms[i]) for i in chosen]
    return keywords


def sample_of_clusters(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Choose evenly spaced documents of every cluster, of each as many at the most.

    Returns
    -------
    Positions of the documents that words are counted in, cluster by cluster.
    """
    clusters = np.unique(labels[labels >= 0])
    n_each = max(50, _MAX_TEXTS // max(1, len(clusters)))
    chosen = []
    for cluster in clusters:
        positions = np.flatnonzero(labels == cluster)
        chosen.append(positions[evenly_spaced(len(positions), n_each)])
    return np.concatenate([np.zeros(0, np.int64), *chosen])


def words_of(text: str) -> Iterator[str]:
    """Split the beginning of a text into words of two characters or more, most of them letters."""
    for word in _WORD.findall(_NOISE.sub(" ", text[:_MAX_CHARS]).lower()):
        if HAN.search(word):
            yield from _words_without_spaces(word)
        elif word.isalpha() or 2 * sum(map(str.isdigit, word)) <= len(word):
            yield word


def _words_without_spaces(run: str) -> Iterator[str]:
    """Yield the words of a run of ideographs; those of one character tell little."""
    for word in segmented(run):
        if len(word) > 1 and word.isalpha():
            yield word


def _terms(text: str) -> list[str]:
    """List the words of a text, and the pairs of words that stand side by side."""
    words = list(words_of(text))
    told = [word for word in words if word not in ENGLISH_WORDS]
    return words + [
        f"{first} {second}"
        for first, second in pairwise(told)
        if first != second and not HAN.search(first + second)
    ]


def _common_words(
    terms: NDArray[np.str_], counts: sparse.csr_matrix, members: sparse.csr_matrix
) -> frozenset[str]:
    """Find words that most clusters hold alike, whatever the language."""
    if members.shape[0] < 2:
        return frozenset()
    sizes = np.asarray(members.sum(axis=1))
    shares = sparse.csc_matrix((members @ (counts > 0).astype(np.float32)).multiply(1 / sizes))
    common = np.flatnonzero((shares >= _COMMON_SHARE).getnnz(axis=0) > len(sizes) / 2)
    dense = shares[:, common].toarray()
    middle = np.quantile(dense, 0.5, axis=0, method="lower")
    alike = dense.max(axis=0, initial=0) < _TELLING_RATIO * middle
    return frozenset(str(terms[i]) for i in common[alike])


def _class_tfidf(class_counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Weigh counts of terms in clusters, shape (n_clusters, n_terms), by c-TF-IDF."""
    totals = np.asarray(class_counts.sum(axis=0))  # (1, n_terms)
    mean = class_counts.sum() / class_counts.shape[0]
    return sparse.csr_matrix(class_counts.multiply(np.log1p(mean / np.maximum(totals, 1))))


def _best(row: sparse.csr_matrix, allowed: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Choose the columns of largest weight in one row; columns are sorted by the alphabet."""
    row.sort_indices()
    columns = row.indices[allowed[row.indices]]
    weights = row.data[allowed[row.indices]]
    return np.asarray(columns[np.argsort(-weights, kind="stable")[:n]], dtype=np.int64)


def stems(term: str) -> frozenset[str]:
    """Take the words of a term without a plural s, and of ideographs each two side by side."""
    words = term.split(" ")
    if HAN.search(term):
        return frozenset(map("".join, pairwise(term)))
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in words)
