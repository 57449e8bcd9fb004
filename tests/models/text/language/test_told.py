"""Which languages a feed has, and which of them an encoder has not learnt."""

import pytest

from models.text.language.told import is_mostly_foreign, language_shares, languages_of, not_learnt

ENGLISH = "The kettle leaks at the handle and nobody answers my letters."
FRENCH = "La bouilloire fuit et personne ne répond à mes courriers depuis hier."
GERMAN = "Der Wasserkocher ist undicht und niemand antwortet auf meine Briefe."
CHINESE = "这个水壶一直在漏水，我写的信没有人回复，客服也联系不上，太差了。"


def test_the_languages_of_a_feed_are_told_the_most_used_first() -> None:
    texts = [ENGLISH] * 40 + [FRENCH] * 60 + [CHINESE] * 20
    assert list(language_shares(texts).items()) == [
        ("fr", 60 / 120),
        ("en", 40 / 120),
        ("zh", 20 / 120),
    ]


@pytest.mark.parametrize("texts", [[], ["ok"] * 50])
def test_of_few_or_short_texts_no_language_is_known(texts: list[str]) -> None:
    assert language_shares(texts) == {}


def test_of_few_texts_a_language_counts_where_it_is_clear() -> None:
    assert language_shares([GERMAN] * 14) == {"de": 1.0}
    assert language_shares([ENGLISH] * 18 + [GERMAN] * 2) == {"en": 0.9, "de": 0.1}
    assert language_shares([ENGLISH] * 19 + [GERMAN]) == {"en": 0.95}


def test_a_language_of_one_text_in_a_hundred_counts_and_of_fewer_does_not() -> None:
    assert list(language_shares([ENGLISH] * 1480 + [GERMAN] * 15)) == ["en", "de"]
    assert list(language_shares([ENGLISH] * 1600 + [GERMAN] * 15)) == ["en"]


def test_a_sample_tells_the_shares_where_sources_take_turns() -> None:
    texts = ([FRENCH] + [ENGLISH] * 9) * 1_000
    shares = language_shares(texts)
    assert shares == language_shares(texts)
    assert shares == {"en": pytest.approx(0.9, abs=0.03), "fr": pytest.approx(0.1, abs=0.03)}


def test_what_an_encoder_has_not_learnt_is_told_where_its_card_names_languages() -> None:
    shares = {"en": 0.6, "fr": 0.3, "zh": 0.1}
    assert not_learnt(shares, ("en",)) == {"fr": 0.3, "zh": 0.1}
    assert not_learnt(shares, ("en", "fr", "zh")) == {}
    assert not_learnt(shares, ("multilingual",)) == {}
    assert not_learnt(shares, ()) == {}


def test_a_feed_is_foreign_where_most_of_it_is() -> None:
    shares = {"en": 0.3, "fr": 0.3, "zh": 0.3}
    assert is_mostly_foreign(shares, ("en",))
    assert not is_mostly_foreign(shares, ("en", "fr"))
    assert not is_mostly_foreign(shares, ())


def test_the_language_of_a_text_is_told_where_the_feed_has_it() -> None:
    texts = ["The parcel came late and was damaged", "ok", None, "Das Paket kam viel zu spät an"]
    assert languages_of(texts, ["en"]) == ["en", None, None, None]
    assert languages_of(texts, ["en", "de"])[3] == "de"


def test_short_texts_in_chinese_japanese_and_korean_tell_their_language() -> None:
    assert language_shares(["送餐太慢了，等了两个小时"] * 20) == {"zh": 1.0}
    assert language_shares(["配達が遅すぎます"] * 20) == {"ja": 1.0}
    assert language_shares(["배달이 너무 늦어요"] * 20) == {"ko": 1.0}
    assert language_shares(["太慢"] * 20) == {}
