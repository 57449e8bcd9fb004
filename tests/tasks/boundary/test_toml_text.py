"""Texts in TOML: quoted they come back as they were, and no comment ends early."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boundary.toml_text import toml_comment, toml_string

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXTS)
def test_a_string_comes_back(text: str) -> None:
    quoted = toml_string(text)
    assert quoted.isprintable()
    assert tomllib.loads(f"key = {quoted}") == {"key": text}


@given(st.text(max_size=20))
def test_a_comment_stays_one(text: str) -> None:
    assert tomllib.loads(toml_comment(f"{text}\nkey = 1")) == {}


def test_half_a_surrogate_pair_is_no_toml() -> None:
    with pytest.raises(UnicodeEncodeError):
        toml_string("\ud800id")
