"""How often terms stand in texts: words, or the n-grams of characters inside of words."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from models.text.language.segmentation import with_spaces

Analyzer = Literal["word", "char_wb"]


def _spaced_out(text: str) -> str:
    """Prepare a text for the counter of words, which finds them between spaces."""
    return with_spaces(text.lower())


TERMS: Final[
    Mapping[Analyzer, Mapping[str, Any]]
] = {  # character n-grams inside words: also the stems and the typos of unseen words
    "word": {"analyzer": "word", "stop_words": "english", "preprocessor": _spaced_out},
    "char_wb": {"analyzer": "char_wb", "ngram_range": (3, 5)},
}
"""Parameters of scikit-learn's counter for each kind of term."""


def learn_terms(texts: Sequence[str], analyzer: Analyzer) -> tuple[list[str], sparse.csr_matrix]:
    """Learn the terms of texts, and count every one in every text.

    Parameters
    ----------
    texts
        Any.
    analyzer
        What a term is: ``"word"``, or ``"char_wb"`` for three to five characters of a word.

    Returns
    -------
    The terms, sorted, and how often each stands in each text, shape (n_texts, n_terms).
    """
    find_terms = _vectorizer(analyzer).build_analyzer()
    if not any(find_terms(text) for text in texts):
        return [], _nothing(texts, 0)
    if analyzer == "char_wb":
        return _of_parts(texts)
    return _learnt(_vectorizer(analyzer), texts)


def count_known_terms(
    texts: Sequence[str], analyzer: Analyzer, vocabulary: list[str]
) -> sparse.csr_matrix:
    """Count the terms of a vocabulary in every text, shape (n_texts, n_terms)."""
    if not any(map(str.strip, texts)):
        return _nothing(texts, len(vocabulary))
    if analyzer == "char_wb":
        return _of_parts(texts, vocabulary)[1]
    return _vectorizer(analyzer, vocabulary).transform(texts)


def words_of(text: str) -> list[str]:
    """Cut a text into the words that are counted."""
    return list(_find_words()(text))


@cache
def _find_words() -> Callable[[str], Sequence[str]]:
    find: Callable[[str], Sequence[str]] = _vectorizer("word").build_analyzer()
    return find


def _of_parts(
    texts: Sequence[str], vocabulary: list[str] | None = None
) -> tuple[list[str], sparse.csr_matrix]:
    """Count n-grams: of each different part once, then by how often the parts stand in the texts.

    Parts lie between white space, beyond which no n-gram reaches. Of titles it takes less than half
    of the time that it takes to go through all of them letter by letter, and counts the same.
    """
    parts, in_texts = _learnt(CountVectorizer(analyzer=str.split, dtype=np.float32), texts)
    counter = _vectorizer("char_wb", vocabulary)
    if vocabulary is None:
        vocabulary, in_parts = _learnt(counter, parts)
    else:
        in_parts = counter.transform(parts)
    counts = sparse.csr_matrix(in_texts @ in_parts)
    counts.sort_indices()
    return vocabulary, counts


def _nothing(texts: Sequence[str], n_terms: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((len(texts), n_terms), dtype=np.float32)


def _learnt(counter: CountVectorizer, texts: Sequence[str]) -> tuple[list[str], sparse.csr_matrix]:
    """Learn the terms of texts, and count them."""
    counts = counter.fit_transform(texts)
    counts.sort_indices()
    return list(counter.get_feature_names_out()), counts


def _vectorizer(analyzer: Analyzer, vocabulary: list[str] | None = None) -> CountVectorizer:
    """Make the counter of terms; without a vocabulary it learns one."""
    return CountVectorizer(**TERMS[analyzer], vocabulary=vocabulary, dtype=np.float32)
