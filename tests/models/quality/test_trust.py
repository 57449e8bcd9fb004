"""The bands of the silhouette, and what is said of each."""

from itertools import pairwise

import pytest

from models.quality.trust import (
    BANDS,
    MEASURED_WEIGHTS,
    foreign_sentence,
    trust_in,
    trust_sentence,
)


@pytest.mark.parametrize(
    ("silhouette", "word"),
    [
        (-1.0, "low"),
        (0.0215, "low"),
        (0.0216, "fair"),
        (0.0451, "fair"),
        (0.0452, "high"),
        (1.0, "high"),
    ],
)
def test_the_word_follows_the_silhouette(silhouette: float, word: str) -> None:
    assert trust_in(silhouette).word == word


def test_a_better_word_promises_more() -> None:
    assert [band.word for band in BANDS] == ["high", "fair", "low"]
    for better, worse in pairwise(BANDS):
        assert better.start > worse.start
        assert better.nmi_floor > worse.nmi_floor


@pytest.mark.parametrize(
    ("silhouette", "start"),
    [
        (
            0.187,
            "high: in our tests on eight English benchmark sets, 9 of 10 clusterings with a"
            " silhouette of at least 0.045 matched the true labels with an NMI of at least 0.67;"
            " this one has 0.187.",
        ),
        (
            0.031,
            "fair: in our tests on eight English benchmark sets, 9 of 10 clusterings with a"
            " silhouette between 0.022 and 0.045 matched the true labels with an NMI of at least"
            " 0.49; this one has 0.031.",
        ),
        (
            -0.2,
            "low: in our tests on eight English benchmark sets, 9 of 10 clusterings with a"
            " silhouette below 0.022 matched the true labels with an NMI of at least 0.17; this one"
            " has -0.200.",
        ),
    ],
)
def test_the_sentence_says_what_was_measured_and_on_what(silhouette: float, start: str) -> None:
    sentence = trust_sentence(silhouette, MEASURED_WEIGHTS)
    assert sentence.startswith(start)
    assert "in other languages, were not tested" in sentence


def test_nothing_is_promised_for_another_encoder() -> None:
    for weights in ("0" * 64, ""):
        sentence = trust_sentence(0.5, weights)
        assert sentence.startswith("unknown: ")
        assert "all-MiniLM-L6-v2 only" in sentence
        assert "NMI" not in sentence


def test_without_a_silhouette_nothing_is_promised() -> None:
    assert trust_sentence(None, MEASURED_WEIGHTS).startswith("unknown: the silhouette is undefined")


def test_texts_in_languages_that_the_encoder_has_not_learnt_are_told() -> None:
    assert foreign_sentence({}) is None
    assert foreign_sentence({"fr": 0.1, "de": 0.09}) is None
    said = foreign_sentence({"fr": 0.15, "de": 0.05})
    assert said is not None
    assert said.startswith(
        "low: the encoder has not learnt the language of many texts (15% in fr, 5% in de)"
    )
    assert "multilingual" in said
