from pathlib import Path

import numpy as np

from models.core.arrays import in_16_bits
from models.text.lexical import LexicalView
from models.text.lexical_views import LexicalViews

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
