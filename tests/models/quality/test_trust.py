"""The word of a clustering, and what is said of it."""

import pytest

from models.quality.trust import (
    FAIR,
    HIGH,
    MEASURED_WEIGHTS,
    foreign_sentence,
    trust_in,
    trust_sentence,
)


@pytest.mark.parametrize(
    ("silhouette", "stability", "word"),
    [
        (*HIGH, "high"),
        (HIGH.silhouette - 0.001, 1.0, "fair"),
        (1.0, HIGH.stability - 0.01, "fair"),
        (*FAIR, "fair"),
        (FAIR.silhouette - 0.001, 1.0, "low"),
        (1.0, FAIR.stability - 0.01, "low"),
    ],
)
def test_the_word_needs_both_figures(silhouette: float, stability: float, word: str) -> None:
    assert trust_in(silhouette, stability) == word


@pytest.mark.parametrize(
    ("silhouette", "stability", "start"),
    [
        (0.187, 0.8, "high: silhouette 0.187, stability 0.80; in our tests on 16 labelled sets"),
        (0.031, 0.5, "fair: silhouette 0.031, stability 0.50; in our tests"),
        (0.187, 0.38, "low: many clusters do not come back when the texts are drawn again (silh"),
        (-0.2, 0.8, "low: clusters hardly stand apart (silhouette -0.200, stability 0.80); in"),
    ],
)
def test_the_sentence_says_what_was_found_and_on_what_it_was_measured(
    silhouette: float, stability: float, start: str
) -> None:
    sentence = trust_sentence(silhouette, stability, MEASURED_WEIGHTS)
    assert sentence.startswith(start)
    assert sentence.endswith("clusterings rated so agreed with people's labels")


def test_nothing_is_promised_for_another_encoder() -> None:
    for weights in ("0" * 64, ""):
        sentence = trust_sentence(0.5, 0.9, weights)
        assert sentence.startswith("unknown: ")
        assert "all-MiniLM-L6-v2 only" in sentence
        assert "agreed" not in sentence


@pytest.mark.parametrize("figures", [(None, 0.9), (0.5, None)])
def test_without_a_figure_nothing_is_promised(figures: tuple[float | None, float | None]) -> None:
    assert trust_sentence(*figures, MEASURED_WEIGHTS).startswith("unknown: the figures are undefin")


def test_texts_in_languages_that_the_encoder_has_not_learnt_are_told() -> None:
    assert foreign_sentence({}) is None
    assert foreign_sentence({"fr": 0.1, "de": 0.09}) is None
    said = foreign_sentence({"fr": 0.15, "de": 0.05})
    assert said is not None
    assert said.startswith(
        "low: the encoder has not learnt the language of many texts (15% in fr, 5% in de)"
    )
    assert "multilingual" in said
