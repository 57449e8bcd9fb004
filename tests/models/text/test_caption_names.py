import numpy as np
import pytest

from models.text import caption_names
from models.text.caption_names import name_by_captions

CAPTIONS = [*["dark red small"] * 10, *["dark blue small"] * 10, *["dark red large"] * 10]
LABELS = np.repeat([0, 1, 2], 10)
SHOWN = {0: "a.png", 1: "b.png", 2: "c.png"}
ONES = np.ones(30)


def named(
    captions: list[str], labels: np.ndarray, known: dict[int, str] | None = None
) -> tuple[dict[int, list[str]], dict[int, str]]:
    return name_by_captions(captions, labels, ONES, SHOWN, known or {}, n_keywords=5)


def test_a_name_is_the_words_that_the_documents_have_all_at_once() -> None:
    keywords, names = named(CAPTIONS, LABELS)
    assert names == {0: "red small", 1: "blue", 2: "large"}
    assert keywords == {0: ["red", "small"], 1: ["blue", "small"], 2: ["large", "red"]}


def test_where_no_words_tell_clusters_apart_a_document_names_each() -> None:
    keywords, names = named(["dark small"] * 30, LABELS)
    assert names == {0: "like a.png", 1: "like b.png", 2: "like c.png"}
    assert keywords == {0: [], 1: [], 2: []}


def test_no_two_clusters_have_one_name() -> None:
    captions = [*["red"] * 20, *["blue"] * 10]
    labels = np.array([*[0] * 16, *[1] * 4, *[2] * 10])
    assert named(captions, labels)[1] == {0: "red", 1: "like b.png", 2: "blue"}
    halves = np.array([*[0] * 10, *[1] * 10, *[2] * 10])
    assert named(captions, halves)[1] == {0: "like a.png", 1: "like b.png", 2: "blue"}


def test_a_name_stays_while_it_is_as_good_and_a_document_s_until_words_are() -> None:
    known = {0: "small red", 1: "like z.png", 2: "blue"}
    assert named(CAPTIONS, LABELS, known)[1] == {0: "small red", 1: "blue", 2: "large"}
    assert named(["dark"] * 30, LABELS, known)[1] == {
        0: "like a.png",
        1: "like z.png",
        2: "like c.png",
    }


def test_documents_count_and_not_captions() -> None:
    captions, labels = ["red", "red", "blue", "red"], np.array([0, 0, 0, 1])
    weights = np.array([1.0, 1.0, 20.0, 20.0])
    found = name_by_captions(captions, labels, weights, SHOWN, {}, 5)
    assert found.names == {0: "blue", 1: "red"}


def test_titles_of_thousands_of_files_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caption_names, "_MOST_WORDS", 5)
    captions = [f"{caption} title{number}" for number, caption in enumerate(CAPTIONS)]
    assert len(caption_names._held(captions)) == 5
    assert named(captions, LABELS)[1] == {0: "red small", 1: "blue", 2: "large"}
