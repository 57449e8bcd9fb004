"""Passages belong where they, their neighbours and their words say, not where a model guesses."""

import numpy as np
import pytest

from models.core.arrays import Floats, Integers, normalise_rows
from models.core.graph import neighbourhood_means, scaled_neighbours
from models.core.memberships import memberships, recentred
from models.text import passage_themes as module
from models.text.passage_themes import CutTexts, themes_of_passages

STOP_WORDS = ("the", "is", "was")
NOBODY = np.zeros((3, 6), dtype=np.float32)
"""No whole texts."""


def three_themes(n_each: int, noise: float) -> tuple[CutTexts, Integers]:
    """Return passages of three themes, in turn, each a text of its own."""
    rng = np.random.default_rng(0)
    theme = np.arange(3 * n_each) % 3
    drawn = np.eye(6)[theme] + rng.normal(0, noise, (3 * n_each, 6))
    texts = [f"passage {it} says nothing" for it in range(3 * n_each)]
    X = normalise_rows(drawn.astype(np.float32))
    return CutTexts(X, X, texts, np.ones(3 * n_each, dtype=np.int64)), theme


def guessed(theme: Integers, share: float) -> Floats:
    """Return what a model says that is wrong about some."""
    rng = np.random.default_rng(1)
    said = np.where(rng.random(len(theme)) < share, rng.integers(3, size=len(theme)), theme)
    return np.full((len(theme), 3), 0.2, dtype=np.float32) + 0.4 * np.eye(3, dtype=np.float32)[said]


def placed(passages: CutTexts, q: Floats, names: dict[int, list[str]]) -> Integers:
    found = themes_of_passages(passages, q, NOBODY, names, STOP_WORDS)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-4)
    return np.asarray(found.argmax(axis=1))


def test_a_model_that_guesses_is_put_right() -> None:
    passages, theme = three_themes(100, noise=0.3)
    q = guessed(theme, share=0.6)
    assert (q.argmax(axis=1) == theme).mean() < 0.7
    assert (placed(passages, q, {}) == theme).mean() > 0.95


def test_passages_are_drawn_to_their_neighbours_before_they_are_placed() -> None:
    passages, theme = three_themes(100, noise=0.6)
    passages = passages._replace(fused=three_themes(100, noise=0.5)[0].X)
    q = guessed(theme, share=0.6)
    drawn = neighbourhood_means(passages.fused, scaled_neighbours(300))
    labels = recentred(passages.X, q, NOBODY).argmax(axis=1)
    means = np.stack([drawn[labels == it].mean(axis=0) for it in range(3)])
    expected = memberships(drawn @ normalise_rows(means).T)
    found = themes_of_passages(passages, q, NOBODY, {}, STOP_WORDS)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_beside_a_graph_of_some_it_is_much_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    passages, theme = three_themes(100, noise=0.3)
    q = guessed(theme, share=0.6)
    monkeypatch.setattr(module, "_MOST_JOINED", 120)
    assert (placed(passages, q, {}) == theme).mean() > 0.95


def test_few_passages_are_not_drawn_to_others() -> None:
    passages, _ = three_themes(8, noise=0.1)
    assert module._smoothed(passages.X) is passages.X
    many, _ = three_themes(40, noise=0.1)
    assert not np.array_equal(module._smoothed(many.X), many.X)


def test_a_passage_between_themes_goes_where_its_words_say() -> None:
    passages, theme = three_themes(8, noise=0.05)
    words = ("battery", "parcel", "screen")
    texts = [f"the {words[it]} {row}" for row, it in enumerate(theme)]
    X = np.vstack([passages.X, normalise_rows(np.array([[1, 0.95, 0, 0, 0, 0]], np.float32))])
    q = np.vstack([guessed(theme, 0), [[0.5, 0.4, 0.1]]]).astype(np.float32)
    ones = np.ones(len(X), dtype=np.int64)
    nothing, parcel = (
        placed(CutTexts(X, X, [*texts, said], ones), q, {})[-1]
        for said in ("it was late", "the parcel was late")
    )
    assert (nothing, parcel) == (0, 1)


def test_the_names_that_people_see_have_the_last_word() -> None:
    passages, theme = three_themes(8, noise=0.05)
    X = np.vstack([passages.X, normalise_rows(np.array([[1, 0.95, 0, 0, 0, 0]], np.float32))])
    q = np.vstack([guessed(theme, 0), [[0.5, 0.4, 0.1]]]).astype(np.float32)
    texts = [*passages.texts, "a refund, please"]
    cut = CutTexts(X, X, texts, np.ones(len(X), dtype=np.int64))
    assert placed(cut, q, {})[-1] == 0
    assert placed(cut, q, {1: ["refund", "money back"]})[-1] == 1
