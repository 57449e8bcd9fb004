from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.boundary.surrogates import encodable, is_encodable


@given(st.text(st.characters()))
@settings(deadline=None)
def test_encodable_changes_nothing_but_lone_surrogates(text: str) -> None:
    has_lone_surrogate = any("\ud800" <= mark <= "\udfff" for mark in text)
    assert (encodable(text) == text) == (not has_lone_surrogate)
    encodable(text).encode()


@given(st.text(st.sampled_from("aé\ud83d\ude00\U0001f600")))
def test_a_text_can_be_encoded_if_it_has_no_half_character(text: str) -> None:
    assert is_encodable(text) == (encodable(text) == text)
    assert is_encodable(text) != any("\ud800" <= char <= "\udfff" for char in text)
