import pytest

from models.text.term_search import TermSearch, terms_in


def first(listed: str, text: str) -> str | None:
    return TermSearch(terms_in(listed)).first_in(text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("recall", "A RECALL!"),
        ("recall", "two recalls so far"),
        ("recalls", "one recall"),
        ("bug", "bugs everywhere"),
        ("glass", "a broken glass"),
        ("log in", "I cannot log-in"),
        ("log in", "cannot log\nin"),
        ("log in", "cannot logs in"),
        ("wi-fi", "the Wi-Fi is gone"),
        ("don't", "they don\u2019t answer"),
        ("c++", "written in C++, sadly"),
        ("straße", "in der STRASSE"),
        ("refund", "my __refund__ please"),
        ("退款", "我要退款不行"),
        ("환불", "환불을 받고"),
        ("返金", "すぐ返金して"),
    ],
)
def test_a_term_is_found_whatever_its_case_its_plural_and_its_gaps(term: str, text: str) -> None:
    assert first(term, text) == term


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("recall", "recalled"),
        ("refund", "a prerefund"),
        ("ga", "gas"),
        ("glass", "glas"),
        ("log in", "in the log"),
        ("c++", "c"),
        ("कार", "कारें"),
        ("退款", "退 了款"),
    ],
)
def test_a_part_of_a_word_is_another_word(term: str, text: str) -> None:
    assert first(term, text) is None


def test_of_several_terms_the_first_of_the_list_is_named() -> None:
    assert terms_in(" recall,  log   in ,recall") == ["recall", "log in"]
    assert first("recall, refund", "a refund after the recall") == "recall"
    assert first("recall, refund", "a refund") == "refund"
