import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.text import keywords as keywords_module
from models.text.keywords import count_terms, counted_keywords, sample_of_clusters
from models.text.language.stop_words import ENGLISH_WORDS

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPANISH = (
    "el perro y la casa de la calle",
    "la batería de el móvil no carga",
    "el vuelo de la mañana sale tarde",
)


def class_keywords(
    texts: list[str],
    labels: np.ndarray,
    n_keywords: int = 10,
    stop_words: frozenset[str] = ENGLISH_WORDS,
) -> dict[int, list[str]]:
    """Count the terms of a sample and find keywords, as a night does."""
    positions = sample_of_clusters(labels)
    counted = count_terms([texts[it] for it in positions])
    return counted_keywords(counted, labels[positions], n_keywords, stop_words)


def planted_texts() -> tuple[list[str], np.ndarray]:
    """Three topics of 20 documents each, among words that all of them use."""
    topics = ("battery charger", "flight delay", "oven cake")
    texts = [f"the thing with my {topic} number {i}" for topic in topics for i in range(20)]
    return texts, np.repeat([0, 1, 2], 20)


def test_keywords_are_the_words_of_the_topic() -> None:
    found = class_keywords(*planted_texts(), n_keywords=3)
    assert {label: set(words) for label, words in found.items()} == {
        0: {"battery", "charger", "battery charger"},
        1: {"flight", "delay", "flight delay"},
        2: {"oven", "cake", "oven cake"},
    }


def test_weights_are_those_of_the_paper() -> None:
    texts = [
        "alpha alpha bravo",
        "alpha charlie",
        "delta delta delta echo",
        "foxtrot",
        "golf bravo",
    ]
    labels = np.array([0, 0, 1, 2, 3])
    counts = [Counter[str]() for _ in range(4)]
    for text, label in zip(texts, labels, strict=True):
        counts[label].update(keywords_module._terms(text))
    totals = sum(counts, Counter[str]())
    mean = totals.total() / len(counts)
    for label, found in class_keywords(texts, labels, n_keywords=99).items():
        weights = {
            term: count * math.log(1 + mean / totals[term]) for term, count in counts[label].items()
        }
        assert found == sorted(weights, key=lambda term: (-round(weights[term], 6), term))


def test_order_of_documents_and_numbers_of_clusters_change_nothing() -> None:
    texts, labels = planted_texts()
    order = np.random.default_rng(0).permutation(60)
    renamed = np.array([7, 3, 5])
    found = class_keywords([texts[i] for i in order], renamed[labels][order])
    expected = class_keywords(texts, labels)
    assert found == {int(renamed[label]): words for label, words in expected.items()}


def test_addresses_html_and_numbers_are_no_keywords() -> None:
    text = (
        "<p class='big'>battery</p> https://example.org/page?id=1 www.example.org 2016 3.5"
        " someone@example.org &nbsp; &amp;quot; quot; #36; 0123456789ab &lt;b&gt;"
    )
    assert class_keywords([text] * 4, np.zeros(4, int)) == {0: ["battery"]}


def test_words_with_digits_are_keywords() -> None:
    assert {"mp3", "covid19", "4g"} <= set(class_keywords(["mp3 covid19 4g"], np.zeros(1, int))[0])


def test_contractions_are_no_keywords() -> None:
    text = "it's what we've got: I don't charge, it didn't charge, they're isn't"
    assert set(class_keywords([text], np.zeros(1, int))[0]) == {"charge", "got", "got charge"}


def test_stop_words_of_another_language_are_found_by_where_they_stand() -> None:
    texts = [text for text in SPANISH for _ in range(10)]
    found = class_keywords(texts, np.repeat([0, 1, 2], 10), n_keywords=20)
    words = {word for terms in found.values() for term in terms for word in term.split()}
    assert not words & {"el", "la", "de"}
    assert {"perro", "batería", "móvil", "vuelo"} <= words


def test_stop_words_that_are_given_are_left_out() -> None:
    texts, labels = planted_texts()
    found = class_keywords(
        texts, labels, 3, frozenset({"battery", "thing", "with", "my", "number"})
    )
    assert found[0] == ["charger"]


def test_words_without_spaces_between_them_are_found() -> None:
    texts = ["送餐太慢了，等了两个小时"] * 3 + ["汤洒了一半，包装很差"] * 3
    found = class_keywords(texts, np.repeat([0, 1], 3))
    assert {"送餐", "小时"} <= set(found[0])
    assert "包装" in found[1]
    assert not any(" " in word for words in found.values() for word in words)


def test_a_word_that_marks_one_cluster_out_is_no_stop_word() -> None:
    texts = ["book novel"] * 60 + ["book"] * 6 + ["movie"] * 54 + ["book"] * 4 + ["radio"] * 56
    assert "book" in class_keywords(texts, np.repeat([0, 1, 2], 60))[0]


def test_a_word_that_marks_one_of_two_clusters_out_is_no_stop_word() -> None:
    texts = ["book novel"] * 30 + ["novel"] * 30 + ["book movie"] * 6 + ["movie"] * 54
    assert "book" in class_keywords(texts, np.repeat([0, 1], 60))[0]


def test_words_in_scripts_with_vowel_signs_stay_whole() -> None:
    texts = ["हिन्दी भाषा", "над городом метеорит"]
    found = class_keywords(texts, np.array([0, 1]))
    assert {"हिन्दी", "भाषा"} <= set(found[0])
    assert "метеорит" in found[1]


def test_a_cluster_of_stop_words_gets_its_most_frequent_words() -> None:
    assert class_keywords(["the of the", "the of and"], np.zeros(2, int)) == {
        0: ["the", "of", "and"]
    }


def test_a_cluster_without_a_word_gets_none() -> None:
    texts = ["battery", "", "123 456 !"]
    assert class_keywords(texts, np.array([0, 1, 1])) == {0: ["battery"], 1: []}
    assert class_keywords(texts[1:], np.array([0, 0])) == {0: []}


def test_outliers_get_no_keywords() -> None:
    assert class_keywords(["battery", "noise"], np.array([0, -1])) == {0: ["battery"]}
    assert class_keywords(["noise"], np.array([-1])) == {}
    assert class_keywords([], np.zeros(0, int)) == {}


@given(
    texts=st.lists(st.text(max_size=20), min_size=1, max_size=8),
    labels=st.lists(st.integers(-1, 3), min_size=8, max_size=8),
)
@STEADY
def test_any_text_gives_keywords_for_every_cluster(texts: list[str], labels: list[int]) -> None:
    found = class_keywords(texts, np.array(labels[: len(texts)]), n_keywords=3)
    assert set(found) == set(labels[: len(texts)]) - {-1}
    for label, words in found.items():
        members = [text for text, own in zip(texts, labels, strict=False) if own == label]
        assert len(words) == len(set(words)) <= 3
        assert bool(words) == any(list(keywords_module.words_of(text)) for text in members)


def test_large_clusters_are_sampled_evenly_and_small_ones_read_whole() -> None:
    labels = np.repeat([0, 1, -1], [100_000, 30, 5])
    positions = sample_of_clusters(labels)
    in_large = positions[labels[positions] == 0]
    assert len(in_large) == 10_000
    assert np.unique(np.diff(in_large)).tolist() == [10]
    assert positions[10_000:].tolist() == list(range(100_000, 100_030))


@pytest.mark.parametrize(("labels", "n_keywords"), [([0, 0], 5), ([0], 0)])
def test_keywords_refuse_what_makes_no_sense(labels: list[int], n_keywords: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        counted_keywords(count_terms(["battery"]), np.array(labels), n_keywords)


def test_clusters_of_any_size_give_keywords() -> None:
    """Twenty clusters of 1,027 texts once overran the sample by one, by rounding."""
    labels = np.repeat(np.arange(20), 1027)
    found = class_keywords([f"word{label} again" for label in labels], labels, n_keywords=1)
    assert sorted(found) == list(range(20))
