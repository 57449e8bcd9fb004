"""Which documents hold which terms: what names are chosen by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.text.keywords import TermCounts

_FEWEST_DOCUMENTS: Final = 3
"""A term of fewer is an accident, or one person's word."""

Held = NDArray[np.bool_]
"""Which texts hold something, shape (n_texts,)."""


@dataclass(frozen=True)
class TermTable:
    """The terms that may name a cluster, and the texts that hold them.

    Parameters
    ----------
    terms
        Words, and pairs of words that stand side by side in some text, by the alphabet.
    held
        Whether a text holds a term, shape (n_texts, n_terms). A pair is held where both of its
        words stand in the text: a reader who looks for them finds them.
    weights
        Documents that each text stands for, shape (n_texts,).
    """

    terms: list[str]
    held: sparse.csc_matrix
    weights: NDArray[np.float64]

    @cached_property
    def column_of(self) -> dict[str, int]:
        """Term → its column."""
        return {term: column for column, term in enumerate(self.terms)}

    def documents_of(self, texts: Held) -> NDArray[np.float64]:
        """Count the documents among some texts that hold each term, shape (n_terms,)."""
        return np.asarray(self.held.T @ np.where(texts, self.weights, 0.0))

    def holding(self, terms: Collection[str]) -> Held:
        """Return which texts hold all words of one of the terms; unknown words are in none."""
        held = np.zeros(len(self.weights), dtype=bool)
        for term in terms:
            columns = [self.column_of.get(word, -1) for word in term.split(" ")]
            if min(columns) >= 0:
                held |= self.columns(columns).all(axis=0)
        return held

    def columns(self, chosen: Sequence[int]) -> NDArray[np.bool_]:
        """Return which texts hold each of some terms, shape (n_chosen, n_texts)."""
        return np.asarray(self.held[:, chosen].toarray().T > 0)


def term_table(
    counted: TermCounts, weights: NDArray[np.float64], stop_words: Collection[str]
) -> TermTable:
    """Find the terms of texts: no stop words, no digits, in three documents at least.

    Parameters
    ----------
    counted
        Of different texts.
    weights
        Documents that each stands for, shape (n_texts,).
    stop_words
        Words that say nothing.
    """
    holds = sparse.csc_matrix(counted.counts > 0, dtype=np.float64)
    n_documents = dict(zip(counted.terms.tolist(), holds.T @ weights, strict=True))
    kept = [
        column
        for column, (term, n_holding) in enumerate(n_documents.items())
        if n_holding >= _FEWEST_DOCUMENTS
        and _may_name(term, stop_words)
        and _stands_so(term, n_documents)
    ]
    terms = [str(counted.terms[column]) for column in kept]
    return TermTable(terms, _with_both_words(terms, holds[:, kept]), weights)


def _may_name(term: str, stop_words: Collection[str]) -> bool:
    words = term.split(" ")
    return all(word not in stop_words and not any(map(str.isdigit, word)) for word in words)


def _stands_so(term: str, n_documents: Mapping[str, float]) -> bool:
    """Return whether the words of a pair stand in this order more often than in the other."""
    other = " ".join(reversed(term.split(" ")))
    return other == term or (n_documents[term], other) > (n_documents.get(other, 0), term)


def _with_both_words(terms: list[str], holds: sparse.csc_matrix) -> sparse.csc_matrix:
    """Let a pair be held by every text that holds both of its words."""
    column_of = {term: column for column, term in enumerate(terms)}
    pairs = [
        (column, *(column_of.get(word, -1) for word in term.split(" ")))
        for column, term in enumerate(terms)
        if " " in term
    ]
    known = [(column, first, second) for column, first, second in pairs if min(first, second) >= 0]
    if not known:
        return holds
    columns, firsts, seconds = (list(part) for part in zip(*known, strict=True))
    both = holds[:, firsts].multiply(holds[:, seconds]).tocsc()
    single = sorted(set(range(len(terms))) - set(columns))
    order = np.argsort([*single, *columns])
    return sparse.csc_matrix(sparse.hstack([holds[:, single], both]).tocsc()[:, order])
