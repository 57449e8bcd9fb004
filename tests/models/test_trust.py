"""The bands of the silhouette, and what is said of each."""

from itertools import pairwise

import pytest

from models.trust import BANDS, trust_in, trust_sentence


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


def test_the_sentence_says_word_figure_and_floor() -> None:
    assert trust_sentence(0.031) == (
        "fair: with a silhouette like 0.031, nine in ten clusterings of labelled texts"
        " had an NMI of 0.49 or more"
    )


def test_without_a_silhouette_nothing_is_promised() -> None:
    assert trust_sentence(None).startswith("not known")
