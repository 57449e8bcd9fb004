from pathlib import Path

import numpy as np
import pytest

from models.core.arrays import in_16_bits
from models.text.lexical import views as module
from models.text.lexical.view import LexicalView
from models.text.lexical.views import LexicalViews

TOPICS = ("battery charger cable voltage", "flight airport luggage pilot", "recipe oven flour")
RNG = np.random.default_rng(0)
TEXTS = [" ".join(RNG.choice(TOPICS[i % 3].split(), 3)) for i in range(60)]


def test_words_stand_before_characters_each_of_length_one() -> None:
    views = LexicalViews(n_components=4).fit(TEXTS)
    rows = views.transform(TEXTS)
    assert rows.shape == (len(TEXTS), sum(views.dims))
    words, characters = np.split(rows, [views.dims[0]], axis=1)
    np.testing.assert_array_equal(words, in_16_bits(LexicalView(4).fit_transform(TEXTS)))
    np.testing.assert_allclose(np.linalg.norm(characters, axis=1), 1, rtol=1e-3)


def test_an_unseen_form_of_a_word_is_seen_by_its_characters_alone() -> None:
    views = LexicalViews(n_components=4).fit(TEXTS)
    words, characters = np.split(views.transform(["batteries"]), [views.dims[0]], axis=1)
    assert not words.any()
    assert characters.any()


def test_saved_and_loaded_they_transform_alike(tmp_path: Path) -> None:
    views = LexicalViews(n_components=4).fit(TEXTS)
    views.save(tmp_path)
    loaded = LexicalViews.load(tmp_path)
    assert loaded.dims == views.dims
    np.testing.assert_array_equal(loaded.transform(TEXTS), views.transform(TEXTS))


def test_very_many_texts_are_learnt_from_in_part_the_same_part_by_the_same_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = LexicalViews(n_components=4).fit(TEXTS)
    monkeypatch.setattr(module, "MOST_LEARNT_FROM", 30)
    some, again, other = (LexicalViews(4, seed).fit(TEXTS) for seed in (0, 0, 1))
    np.testing.assert_array_equal(some.words.idf_, again.words.idf_)
    assert not np.array_equal(some.words.idf_, whole.words.idf_)
    assert not np.array_equal(some.words.idf_, other.words.idf_)
    assert some.transform(TEXTS).shape == (len(TEXTS), sum(some.dims))
    monkeypatch.setattr(module, "MOST_LEARNT_FROM", len(TEXTS))
    np.testing.assert_array_equal(LexicalViews(4).fit(TEXTS).words.idf_, whole.words.idf_)
