"""A space of terms as the documents that span it, which often take less room than its directions.

A truncated SVD of the weights of terms, ``X = U diag(s) V``, finds directions ``V`` of many terms
each, of which hardly any is zero. Each of the documents it is fitted on holds few terms, so ``X``
is small, and ``V = diag(1 / s) U' X`` follows from it and ``U``.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer


@dataclass(frozen=True)
class TermSpace:
    """Directions of a space of terms, as combinations of the documents that it was fitted on."""

    occurrences: NDArray[np.unsignedinteger]
    """Places of terms in the vocabulary, document after document, each as often as it occurs there;
    shape (n_occurrences,)."""
    lengths: NDArray[np.int32]
    """Occurrences in each document, shape (n_documents,)."""
    weights: NDArray[np.float16]
    """Of the documents in each direction, shape (n_documents, width): left singular vectors. What
    32 bits would add is less than the error of a randomised solver."""

    @classmethod
    def of(cls, counts: sparse.csr_matrix, left: NDArray[np.floating]) -> Self:
        """Make a space of the terms of documents and of what an SVD found in their weights.

        Parameters
        ----------
        counts
            Of terms, shape (n_documents, n_terms).
        left
            Left singular vectors, shape (n_documents, width).
        """
        fits = counts.shape[1] <= np.iinfo(np.uint16).max + 1
        places = counts.indices.astype(np.uint16 if fits else np.uint32)
        return cls(
            occurrences=np.repeat(places, counts.data.astype(np.int64)),
            lengths=np.asarray(counts.sum(axis=1), dtype=np.int32).ravel(),
            weights=left.astype(np.float16),
        )

    def directions(self, idf: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the right singular vectors, shape (width, n_terms), the same on every call.

        Each has length one, but for those of no singular value, which are zero.

        Parameters
        ----------
        idf
            Inverse document frequencies, shape (n_terms,).
        """
        rows = weigh(self._counts(len(idf)), idf)
        found: NDArray[np.float32] = rows.T @ self.weights.astype(np.float32)
        values = np.linalg.norm(found, axis=0)
        # What is smaller than the last bit of the weights is their rounding.
        least = values.max() * np.finfo(self.weights.dtype).eps
        inverse = np.divide(1, values, out=np.zeros_like(values), where=values > least)
        found *= inverse
        return found.T

    def turned(self, signs: NDArray[np.float32]) -> Self:
        """Return the space with some directions turned round, by a sign each."""
        return replace(self, weights=(self.weights * signs).astype(np.float16))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.tensors().values())

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name."""
        return dict(vars(self))

    def _counts(self, n_terms: int) -> sparse.csr_matrix:
        """Return counts of terms, shape (n_documents, n_terms)."""
        ones = np.ones(len(self.occurrences), dtype=np.float32)
        ends = np.concatenate([[0], np.cumsum(self.lengths)])
        shape = (len(self.lengths), n_terms)
        counts = sparse.csr_matrix((ones, self.occurrences.astype(np.int32), ends), shape=shape)
        counts.sum_duplicates()
        return counts


def weigh(counts: sparse.csr_matrix, idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """Weigh counts of terms by ``1 + log(count)`` and ``idf``; rows of length one, or empty."""
    tfidf = TfidfTransformer(sublinear_tf=True)
    tfidf.idf_ = idf
    return tfidf.transform(counts)
