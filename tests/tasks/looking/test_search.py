"""What a search finds, and in which order. With a real encoder: tests/flows/cli/looking/test_look.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tasks.looking import lines, search
from tasks.looking.search import Hit, NothingToSearchError, fused, word_scores, words_of
from tasks.store.storage import Store


def test_a_search_has_distinct_words() -> None:
    assert words_of("Wi-Fi, wi-fi  DON'T die!") == ["wi-fi", "don't", "die"]
    with pytest.raises(NothingToSearchError, match=r"a search needs a word, got '\.\.\.'"):
        words_of("...")


def test_a_rare_word_weighs_more_than_a_frequent_one() -> None:
    texts = ["the battery", "the router", "the charger", "batteries and battery and battery"]
    scores = word_scores(["the", "battery"], texts)
    assert scores[0] > scores[3] > scores[1] == scores[2] > 0


def test_what_is_found_by_both_comes_first() -> None:
    cosines = np.array([0.1, 0.9, 0.8, 0.0], dtype=np.float32)
    assert fused([1.0, 0.0, 0.5, 0.0], cosines, 2) == [
        Hit(2, "both", pytest.approx(0.8)),
        Hit(0, "word", pytest.approx(0.1)),
    ]
    found = fused([0.0] * 4, cosines, 2)
    assert [(it.place, it.by) for it in found] == [(1, "meaning"), (2, "meaning")]


def test_without_meaning_only_words_count() -> None:
    assert fused([0.0, 1.0, 2.0], None, 5) == [Hit(2, "word", None), Hit(1, "word", None)]


def test_a_search_by_word_alone_says_so(
    store: Store,
    publish_night: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c"], window=["b"])
    monkeypatch.setattr(search, "query_vector", lambda *_: (None, "no encoder here"))
    found = search.search(store, "text of c", 5)
    assert found.documents[0].doc_id == "c"
    assert not found.by_meaning
    assert "by word alone, not by meaning: no encoder here" in lines.searched(found)
