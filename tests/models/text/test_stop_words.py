"""Which languages a feed has, and the words that say nothing in them."""

import pytest

from models.text.stop_words import ENGLISH_WORDS, languages_of, stop_words_of

ENGLISH = "The kettle leaks at the handle and nobody answers my letters."
FRENCH = "La bouilloire fuit et personne ne répond à mes courriers depuis hier."
GERMAN = "Der Wasserkocher ist undicht und niemand antwortet auf meine Briefe."
CHINESE = "这个水壶一直在漏水，我写的信没有人回复，客服也联系不上，太差了。"


def test_the_languages_of_a_feed_are_told_the_most_used_first() -> None:
    texts = [ENGLISH] * 40 + [FRENCH] * 60 + [CHINESE] * 20
    assert languages_of(texts) == ["fr", "en", "zh"]


@pytest.mark.parametrize("texts", [[], ["ok"] * 50, [GERMAN] * 14])
def test_where_no_language_is_told_it_is_english(texts: list[str]) -> None:
    assert languages_of(texts) == ["en"]


def test_a_language_of_one_text_in_a_hundred_counts_and_of_fewer_does_not() -> None:
    assert languages_of([ENGLISH] * 1480 + [GERMAN] * 15) == ["en", "de"]
    assert languages_of([ENGLISH] * 1600 + [GERMAN] * 15) == ["en"]


def test_a_sample_is_read_evenly() -> None:
    assert languages_of(([FRENCH] + [ENGLISH] * 9) * 1_000) == ["en", "fr"]


def test_stop_words_are_those_of_all_languages_and_always_of_english() -> None:
    assert stop_words_of(("en",)) == ENGLISH_WORDS
    both = stop_words_of(("fr", "de"))
    assert {"depuis", "und", "the", "didn"} <= both
    assert "bouilloire" not in both
    assert stop_words_of(("no such",)) == ENGLISH_WORDS


def test_words_of_problems_in_english_are_no_stop_words() -> None:
    assert not {"help", "problem", "page", "room", "test", "change"} & stop_words_of(("en", "fr"))
