"""Keyword coherence against numbers worked out by hand, and where there is nothing to pair."""

import math

import numpy as np
import pytest

from models.text.coherence import clustering_coherence, keyword_coherence, mean_coherence
from models.text.keywords import count_terms, counted_keywords

TEXTS = ["apple pie", "apple pie", "apple tree", "pear tree", "pear", "pear jam", "jam", "plum"]


def _npmi(both: float, first: float, second: float) -> float:
    return math.log(both / (first * second)) / -math.log(both)


def test_it_is_the_npmi_of_words_over_documents() -> None:
    found = keyword_coherence(count_terms(TEXTS), {0: ["apple", "pie"], 1: ["pear", "jam"]})
    assert found[0] == pytest.approx(_npmi(2 / 8, 3 / 8, 2 / 8))
    assert found[1] == pytest.approx(_npmi(1 / 8, 3 / 8, 2 / 8))


def test_it_is_the_mean_over_the_pairs() -> None:
    found = keyword_coherence(count_terms(TEXTS), {0: ["apple", "pie", "tree"]})
    pairs = [_npmi(2 / 8, 3 / 8, 2 / 8), _npmi(1 / 8, 3 / 8, 2 / 8), -1.0]
    assert found[0] == pytest.approx(sum(pairs) / 3)


def test_words_that_never_part_score_one_and_words_that_never_meet_minus_one() -> None:
    texts = ["left right", "left right", "up", "down"]
    found = keyword_coherence(count_terms(texts), {0: ["left", "right"], 1: ["up", "down"]})
    assert found == {0: pytest.approx(1.0), 1: -1.0}


def test_words_that_meet_by_chance_score_zero() -> None:
    texts = ["left up", "left down", "right up", "right down"]
    found = keyword_coherence(count_terms(texts), {0: ["left", "up"]})
    assert found[0] == pytest.approx(0.0)


def test_a_pair_of_words_counts_as_its_words_once() -> None:
    counted = count_terms(TEXTS)
    found = keyword_coherence(counted, {0: ["apple pie", "apple", "pie"]})
    assert found == keyword_coherence(counted, {0: ["apple", "pie"]})


def test_a_word_counts_once_in_a_document() -> None:
    often = [f"{text} {text}" for text in TEXTS]
    keywords = {0: ["apple", "pie", "tree"]}
    assert keyword_coherence(count_terms(often), keywords) == keyword_coherence(
        count_terms(TEXTS), keywords
    )


def test_words_in_every_document_never_part() -> None:
    assert keyword_coherence(count_terms(["left right"] * 3), {0: ["left", "right"]}) == {0: 1.0}


def test_clusters_without_two_words_have_no_coherence() -> None:
    found = keyword_coherence(count_terms(TEXTS), {0: ["apple"], 1: [], 2: ["pear", "jam"]})
    assert math.isnan(found[0])
    assert math.isnan(found[1])
    assert mean_coherence(found) == found[2]
    assert mean_coherence({0: math.nan}) is None
    assert mean_coherence(keyword_coherence(count_terms([]), {})) is None


def test_the_coherence_of_a_clustering_is_that_of_its_keywords() -> None:
    labels = np.array([0, 0, 0, 7, 7, 7, 7, 7])
    keywords = counted_keywords(count_terms(TEXTS), labels)
    expected = np.mean(list(keyword_coherence(count_terms(TEXTS), keywords).values()))
    assert clustering_coherence(count_terms(TEXTS), labels) == pytest.approx(expected)


def test_outliers_have_no_keywords() -> None:
    labels = np.array([0, 0, 0, -1, -1, -1, -1, -1])
    counted = count_terms(TEXTS)
    keywords = counted_keywords(count_terms(TEXTS), labels)
    expected = mean_coherence(keyword_coherence(counted, keywords))
    assert clustering_coherence(counted, labels) == pytest.approx(expected)
    assert clustering_coherence(counted, np.full(8, -1)) is None
