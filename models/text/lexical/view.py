"""A lexical view: which terms a document uses, as a dense vector (latent semantic analysis)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from models.core.persistence import load_state, save_state
from models.text.lexical.term_counts import TERMS, Analyzer, count_known_terms, learn_terms
from models.text.lexical.term_space import TermSpace, weigh

_WORTH_IT: Final = 0.5
"""A space that takes more of the room of its components is kept as these: to compute them on every
loading costs up to a quarter of what it does to project the documents."""

# A document outside the space has a projection all the same, of the solver's errors: no direction.
_SMALLEST_NORM = 1e-4


class LexicalView:
    """TF-IDF of words or of character n-grams, reduced by a truncated SVD, rows of length one.

    Terms are counted as ``1 + log(count)``; English stop words are no terms. A term is kept if at
    least ``min_df`` documents and at most a share ``max_df`` of them hold it. Small corpora have
    few such terms: if fewer than half of the documents hold one, ``min_df`` falls to 1, and if
    that is not enough ``max_df`` rises to 1 too. Without any term the view is one column of zeros.

    Parameters
    ----------
    n_components
        Width of the view, at most; it falls to the number of documents or to one less than the
        number of terms, whichever is smaller, and never below 1.
    max_features
        Terms kept, the most frequent first.
    min_df
        Documents that must hold a term.
    max_df
        Share of the documents that may hold a term.
    random_state
        Seed of the randomised SVD.
    analyzer
        What a term is: ``"word"``, or ``"char_wb"`` for three to five characters of a word.

    Attributes
    ----------
    vocabulary_
        The terms, sorted.
    idf_
        Inverse document frequencies, shape (n_terms,).
    components_
        Right singular vectors, shape (width of the view, n_terms). The entry of largest
        size of each is positive, so that signs do not depend on the solver.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Deerwester et al. (1990), Indexing by Latent Semantic Analysis.
    """

    def __init__(
        self,
        n_components: int = 300,
        max_features: int = 50_000,
        min_df: int = 3,
        max_df: float = 0.3,
        random_state: int = 0,
        analyzer: Analyzer = "word",
    ) -> None:
        if analyzer not in TERMS:
            raise ValueError(f"analyzer must be one of {', '.join(TERMS)}, got {analyzer!r}")
        for name, value in (
            ("n_components", n_components),
            ("max_features", max_features),
            ("min_df", min_df),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not 0 < max_df <= 1:
            raise ValueError(f"max_df must be a share in (0, 1], got {max_df}")
        self.n_components = n_components
        self.max_features = max_features
        self.min_df = min_df
        self.max_df = max_df
        self.random_state = random_state
        self.analyzer: Analyzer = analyzer

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn terms, their weights and the space from texts.

        Raises
        ------
        ValueError
            If there is no text.
        """
        if len(texts) == 0:
            raise ValueError("texts must hold at least one text, got none")
        terms, counts = learn_terms(texts, self.analyzer)
        kept = self._choose_terms(counts)
        self.vocabulary_ = [terms[i] for i in kept]
        if not self.vocabulary_:
            return self._set_space(np.zeros(0), np.zeros((1, 0)))
        kept_counts = counts[:, kept]
        idf = TfidfTransformer(sublinear_tf=True).fit(kept_counts).idf_.astype(np.float32)
        width = max(1, min(self.n_components, len(texts), len(kept) - 1))
        left, _, right = randomized_svd(
            weigh(kept_counts, idf),
            width,
            n_iter=5,
            flip_sign=False,
            random_state=self.random_state,
        )
        space = TermSpace.of(kept_counts, left)
        if space.nbytes > _WORTH_IT * right.nbytes:
            return self._set_space(idf, right * _signs(right)[:, None])
        components = space.directions(idf)
        signs = _signs(components)
        return self._set_space(idf, components * signs[:, None], space.turned(signs))

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Project texts; one that shares no term with the view is a row of zeros.

        Returns
        -------
        Rows of length one or zero, shape (n_texts, width of the view).

        Raises
        ------
        NotFittedError
            If nothing was fitted or loaded.
        """
        if not hasattr(self, "components_"):
            raise NotFittedError("LexicalView must be fitted before it transforms")
        if not self.vocabulary_ or len(texts) == 0:
            return np.zeros((len(texts), len(self.components_)), dtype=np.float32)
        counts = count_known_terms(texts, self.analyzer, self.vocabulary_)
        rows = weigh(counts, self.idf_) @ self.components_.T
        rows[np.linalg.norm(rows, axis=1) < _SMALLEST_NORM] = 0
        return np.asarray(normalize(rows), dtype=np.float32)

    def fit_transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Fit, then project the same texts: the same rows as `transform` gives later."""
        return self.fit(texts).transform(texts)

    def save(self, folder: Path) -> None:
        """Write the view as safetensors and JSON; the same view always gives the same bytes."""
        if not hasattr(self, "components_"):
            raise NotFittedError("LexicalView must be fitted before it is saved")
        parameters = {
            "n_components": self.n_components,
            "max_features": self.max_features,
            "min_df": self.min_df,
            "max_df": self.max_df,
            "random_state": self.random_state,
            "analyzer": self.analyzer,
        }
        space = self.space_.tensors() if self.space_ else {"components": self.components_}
        save_state(
            folder,
            {"idf": self.idf_, **space},
            {"parameters": parameters, "vocabulary": self.vocabulary_},
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote: it transforms as it did before."""
        tensors, config = load_state(folder)
        parameters, vocabulary = config["parameters"], config["vocabulary"]
        if not isinstance(parameters, dict) or not isinstance(vocabulary, list):
            raise ValueError(f"{folder} must hold a lexical view, does not")
        view = cls(**parameters)
        view.vocabulary_ = [str(term) for term in vocabulary]
        idf = tensors.pop("idf")
        if "components" in tensors:  # as in all views of an older nightfold
            return view._set_space(idf, tensors["components"])
        space = TermSpace(**tensors)
        return view._set_space(idf, space.directions(idf), space)

    def _choose_terms(self, counts: sparse.csr_matrix) -> NDArray[np.int64]:
        """Choose columns by document frequency; relax the limits where they leave too little."""
        n_texts = counts.shape[0]
        frequencies = counts.getnnz(axis=0)
        kept = np.zeros(0, dtype=np.int64)
        for min_df, max_df in ((self.min_df, self.max_df), (1, self.max_df), (1, 1.0)):
            allowed = (frequencies >= min_df) & (frequencies <= max_df * n_texts)
            kept = self._most_frequent(counts, np.flatnonzero(allowed))
            if 2 * np.count_nonzero(counts[:, kept].getnnz(axis=1)) >= n_texts:
                break
        return kept

    def _most_frequent(
        self, counts: sparse.csr_matrix, kept: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Cut a choice of columns down to ``max_features``, ties by the alphabet."""
        totals = np.asarray(counts.sum(axis=0)).ravel()[kept]
        order = np.argsort(-totals, kind="stable")[: self.max_features]
        return np.sort(kept[order])

    def _set_space(
        self,
        idf: NDArray[np.generic],
        components: NDArray[np.generic],
        space: TermSpace | None = None,
    ) -> Self:
        """Keep what was learnt, in the types and the order that it is saved in."""
        self.space_ = space
        self.idf_ = np.ascontiguousarray(idf, dtype=np.float32)
        self.components_ = np.asarray(components, dtype=np.float32)
        return self


def _signs(components: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by which sign the entry of largest size of each row is positive."""
    largest = np.abs(components).argmax(axis=1)
    signs: NDArray[np.float32] = np.sign(components[np.arange(len(components)), largest])
    return signs
