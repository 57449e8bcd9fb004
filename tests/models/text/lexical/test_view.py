from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from models.text.lexical import view as module
from models.text.lexical.term_counts import TERMS, Analyzer, words_of
from models.text.lexical.view import LexicalView

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOPICS = (
    "battery charger cable power adapter voltage socket plug",
    "flight airport delay luggage pilot runway ticket gate",
    "recipe oven flour butter sugar dough cake bread",
)
SMALL_TEXTS = st.lists(
    st.lists(st.sampled_from(["the", "of", "zebra", "yacht", "xenon"]), max_size=4).map(" ".join),
    min_size=1,
    max_size=12,
)


def planted_texts(n_texts: int = 90, n_words: int = 5, seed: int = 0) -> list[str]:
    """Texts of three topics in turn, each of words of its topic."""
    rng = np.random.default_rng(seed)
    words = [topic.split() for topic in TOPICS]
    return [" ".join(rng.choice(words[i % 3], n_words)) for i in range(n_texts)]


def test_view_equals_the_pipeline_of_scikit_learn() -> None:
    texts = planted_texts()
    tfidf = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=3, max_df=0.3)
    svd = TruncatedSVD(6, random_state=0)
    expected = normalize(svd.fit_transform(tfidf.fit_transform(texts)))
    view = LexicalView(n_components=6)
    rows = view.fit_transform(texts)
    assert view.vocabulary_ == list(tfidf.get_feature_names_out())
    np.testing.assert_allclose(rows @ rows.T, expected @ expected.T, atol=1e-4)


def test_texts_of_one_topic_are_closer_than_texts_of_two() -> None:
    rows = LexicalView(n_components=3).fit_transform(planted_texts())
    cosines = rows @ rows.T
    same = np.equal.outer(np.arange(90) % 3, np.arange(90) % 3)
    assert cosines[same].min() > cosines[~same].max()


@given(texts=SMALL_TEXTS, n_components=st.integers(1, 4))
@STEADY
def test_rows_are_of_length_one_or_zero_on_any_small_corpus(
    texts: list[str], n_components: int
) -> None:
    view = LexicalView(n_components)
    rows = view.fit_transform(texts)
    lengths = np.linalg.norm(rows, axis=1)
    assert rows.dtype == np.float32
    assert len(rows) == len(texts)
    assert 1 <= rows.shape[1] <= max(1, min(n_components, len(texts), len(view.vocabulary_) - 1))
    assert np.all(np.isclose(lengths, 0) | np.isclose(lengths, 1, atol=1e-5))


def test_one_document_has_a_direction() -> None:
    np.testing.assert_allclose(LexicalView().fit_transform(["battery charger"]), [[1]], rtol=1e-6)


def test_identical_documents_have_one_direction() -> None:
    rows = LexicalView().fit_transform(["battery charger"] * 3)
    np.testing.assert_allclose(rows, np.ones((3, 1)), rtol=1e-6)


@pytest.mark.parametrize("texts", [["the of and", "it is"], ["", "   "], ["? !"]])
def test_texts_without_a_term_give_one_column_of_zeros(texts: list[str]) -> None:
    rows = LexicalView().fit_transform(texts)
    assert rows.shape == (len(texts), 1)
    assert not rows.any()


def test_limits_stay_where_most_documents_hold_a_term() -> None:
    texts = [*planted_texts(), "hapax"]
    vocabulary = LexicalView().fit(texts).vocabulary_
    assert "hapax" not in vocabulary
    assert "battery" in vocabulary


def test_the_lower_limit_is_relaxed_before_the_upper_one() -> None:
    texts = [f"common unique{i}" for i in range(10)]
    assert LexicalView().fit(texts).vocabulary_ == [f"unique{i}" for i in range(10)]
    assert LexicalView().fit(["common"] * 10).vocabulary_ == ["common"]


def test_only_the_most_frequent_terms_are_kept_and_ties_follow_the_alphabet() -> None:
    texts = ["delta delta delta", "alpha", "charlie", "bravo"]
    view = LexicalView(max_features=2, min_df=1, max_df=1.0).fit(texts)
    assert view.vocabulary_ == ["alpha", "delta"]


def test_a_text_without_known_terms_is_a_row_of_zeros() -> None:
    view = LexicalView(n_components=3).fit(planted_texts())
    assert not view.transform(["zebra", ""]).any()
    assert view.transform([]).shape == (0, 3)


def test_a_text_outside_the_space_has_no_direction() -> None:
    texts = [text for i, text in enumerate(planted_texts()) if i % 3 == 0] + ["zulu yankee"] * 4
    rows = LexicalView(n_components=2, max_df=1.0).fit_transform(texts)
    assert rows[:-4].all()
    assert not rows[-4:].any()


def test_fit_transform_gives_what_transform_gives_later() -> None:
    texts = planted_texts()
    view = LexicalView(n_components=4)
    assert view.fit_transform(texts).tobytes() == view.transform(texts).tobytes()


@pytest.mark.parametrize("texts", [planted_texts(), ["one battery"], ["the of"]])
def test_a_saved_view_transforms_as_before(tmp_path: Path, texts: list[str]) -> None:
    view = LexicalView(n_components=4)
    before = view.fit_transform(texts)
    view.save(tmp_path)
    loaded = LexicalView.load(tmp_path)
    assert loaded.transform(texts).tobytes() == before.tobytes()
    assert vars(loaded).keys() == vars(view).keys()


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_a_view_of_few_documents_takes_less_room_and_shows_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analyzer: Analyzer
) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(letters) for letters in rng.choice(list("abcdefghijklmno"), (60, 8))]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(40)]
    small = LexicalView(n_components=20, min_df=1, analyzer=analyzer).fit(texts)
    monkeypatch.setattr(module, "_WORTH_IT", 0.0)
    large = LexicalView(n_components=20, min_df=1, analyzer=analyzer).fit(texts)
    assert (small.space_ is None, large.space_ is None) == (False, True)
    sizes = []
    for name, view in (("small", small), ("large", large)):
        view.save(tmp_path / name)
        loaded = LexicalView.load(tmp_path / name)
        assert loaded.transform(texts).tobytes() == view.transform(texts).tobytes()
        sizes.append((tmp_path / name / "model.safetensors").stat().st_size)
    assert sizes[0] < 0.6 * sizes[1]
    rows, expected = (view.transform(texts) for view in (small, large))
    np.testing.assert_allclose(rows @ rows.T, expected @ expected.T, atol=0.02)


def test_fitting_twice_saves_the_same_bytes(tmp_path: Path) -> None:
    texts = planted_texts()
    for name in ("first", "second"):
        LexicalView(n_components=4).fit(texts).save(tmp_path / name)
    for file in ("model.safetensors", "model.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_signs_do_not_depend_on_the_seed_of_the_solver() -> None:
    texts = planted_texts()
    views = [LexicalView(n_components=3, random_state=seed).fit(texts) for seed in range(3)]
    for view in views:
        largest = np.abs(view.components_).argmax(axis=1)
        assert (view.components_[np.arange(3), largest] > 0).all()
        np.testing.assert_allclose(view.components_, views[0].components_, atol=1e-2)


@pytest.mark.parametrize(
    "wrong",
    [{"n_components": 0}, {"max_features": 0}, {"min_df": 0}, {"max_df": 0}, {"max_df": 1.1}],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        LexicalView(**wrong)


def test_no_text_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="texts must hold at least one"):
        LexicalView().fit([])


def test_a_view_that_was_not_fitted_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="fitted before it transforms"):
        LexicalView().transform(["battery"])
    with pytest.raises(NotFittedError, match="fitted before it is saved"):
        LexicalView().save(tmp_path)


def test_character_n_grams_see_through_endings_and_typos() -> None:
    texts = [
        "charging stopped",
        "charger stops",
        "chargers stoped",
        "delivery late",
        "late deliveries",
    ]
    rows = LexicalView(n_components=3, min_df=1, max_df=1.0, analyzer="char_wb").fit_transform(
        texts
    )
    similar = rows @ rows.T
    assert similar[0, 2] > 0.3 > similar[0, 3]  # they have no word in common
    assert similar[1, 2] > 0.9
    assert similar[3, 4] > 0.9


def test_a_view_of_characters_comes_back_as_one(tmp_path: Path) -> None:
    texts = planted_texts()
    view = LexicalView(n_components=4, analyzer="char_wb").fit(texts)
    view.save(tmp_path)
    np.testing.assert_array_equal(
        LexicalView.load(tmp_path).transform(texts), view.transform(texts)
    )


def test_ideographs_are_cut_into_words_and_other_texts_are_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert words_of("iPhone电池漏水") == ["iphone", "电池", "漏水"]
    texts = planted_texts()
    rows = LexicalView(n_components=6).fit_transform(texts)
    plain = {"analyzer": "word", "stop_words": "english"}
    monkeypatch.setitem(TERMS, "word", plain)  # type: ignore[index]
    np.testing.assert_array_equal(LexicalView(n_components=6).fit_transform(texts), rows)
