"""The words that say nothing in the languages of a feed."""

from models.text.language.stop_words import ENGLISH_WORDS, stop_words_of


def test_stop_words_are_those_of_all_languages_and_always_of_english() -> None:
    assert stop_words_of(("en",)) == ENGLISH_WORDS
    both = stop_words_of(("fr", "de"))
    assert {"depuis", "und", "the", "didn"} <= both
    assert "bouilloire" not in both
    assert stop_words_of(("no such",)) == ENGLISH_WORDS


def test_words_of_problems_in_english_are_no_stop_words() -> None:
    assert not {"help", "problem", "page", "room", "test", "change"} & stop_words_of(("en", "fr"))
