"""Texts in TOML: quoted they come back as they were, and no comment ends early."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boundary.toml_text import toml_comment, toml_groups, toml_settings, toml_string

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


def test_settings_are_read_back_as_they_were() -> None:
    settings = {
        "night": date(2026, 3, 1),
        "window_days": 14,
        "ratio": 0.5,
        "a key": ["x\x01", "\u202e"],
        "http": {"next": "link", "headers_from": {"X-Api.Key": "KEY", "Accept": "A"}, "on": True},
        "sql": {"since": "id"},
    }
    lines = [*toml_settings(settings), *toml_groups(settings)]
    assert all(line.isprintable() for line in lines)
    assert tomllib.loads("\n".join(lines)) == settings
