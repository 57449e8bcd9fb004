"""Counts of terms: what scikit-learn's counter finds, text by text."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from models.text.lexical.term_counts import TERMS, Analyzer, count_known_terms, learn_terms

# A busy machine must not fail a property.
STEADY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ODD = [
    "the Battery drains; the battery swells",
    "  two   spaces\tand a\u00a0tab ",
    "a bb ccc dddd",
    "ȺȾ İstanbul Straße ΣΑΣ",
    "日本語 テキスト",
    "aaa aaaa aaa",
    "",
]
TEXTS = st.lists(
    st.text(st.sampled_from("abcÄİ ς\n\u2003.-日"), max_size=25).map(lambda it: it + " zebra"),
    min_size=1,
    max_size=8,
)


def by_scikit_learn(
    texts: list[str], analyzer: Analyzer, vocabulary: list[str] | None = None
) -> tuple[list[str], sparse.csr_matrix]:
    counter = CountVectorizer(**TERMS[analyzer], vocabulary=vocabulary, dtype=np.float32)
    counts = counter.fit_transform(texts)
    return list(counter.get_feature_names_out()), counts


@given(texts=TEXTS, analyzer=st.sampled_from(["word", "char_wb"]))
@STEADY
def test_terms_are_counted_as_by_scikit_learn(texts: list[str], analyzer: Analyzer) -> None:
    terms, counts = learn_terms([*texts, *ODD], analyzer)
    expected, of_each = by_scikit_learn([*texts, *ODD], analyzer)
    assert terms == expected
    np.testing.assert_array_equal(counts.toarray(), of_each.toarray())


@given(texts=TEXTS, analyzer=st.sampled_from(["word", "char_wb"]))
@STEADY
def test_terms_of_a_vocabulary_are_counted_as_by_scikit_learn(
    texts: list[str], analyzer: Analyzer
) -> None:
    vocabulary, _ = by_scikit_learn(ODD, analyzer)
    counts = count_known_terms([*texts, ""], analyzer, vocabulary)
    _, expected = by_scikit_learn([*texts, ""], analyzer, vocabulary)
    np.testing.assert_array_equal(counts.toarray(), expected.toarray())


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_counts_come_in_the_order_of_the_terms(analyzer: Analyzer) -> None:
    texts = ["zebra yacht apple", "apple zebra"]
    terms, counts = learn_terms(texts, analyzer)
    for found in (counts, count_known_terms(texts, analyzer, terms)):
        assert found.dtype == np.float32
        for row in range(2):
            assert (np.diff(found[[row]].indices) > 0).all()


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_texts_without_a_term_have_none(analyzer: Analyzer) -> None:
    terms, counts = learn_terms(["", " \n"], analyzer)
    assert (terms, counts.shape) == ([], (2, 0))
    assert count_known_terms(["", " \n"], analyzer, ["bat"]).nnz == 0
