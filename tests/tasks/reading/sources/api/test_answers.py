"""What is found in an answer, and what is said of one in which it is not."""

import pytest

from tasks.reading.sources.api.answers import MISSING, at, keys_said, parsed
from tasks.reading.sources.errors import FeedError


def test_a_path_leads_to_a_value_and_a_key_with_a_dot_comes_first() -> None:
    assert at({"a": {"b": 1}, "a.b": 2}, "a.b") == 2
    assert at({"a": {"b": None}}, "a.b") is None
    assert at({"a": []}, "a.b") is MISSING


def test_few_of_many_keys_are_named() -> None:
    said = keys_said({f"key{n}": n for n in range(25)})
    assert said.endswith("'key18', 'key19' and 5 more")


def test_an_answer_that_is_nested_without_end_is_no_json() -> None:
    with pytest.raises(FeedError, match="h must answer with JSON"):
        parsed("h", b"[" * 100_000)
