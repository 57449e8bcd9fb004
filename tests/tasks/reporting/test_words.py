"""Names of both levels, from one count of the terms."""

import numpy as np

from tasks.reporting.topics import FoundTopics
from tasks.reporting.words import Texts, find_words

STORIES = ("courier parcel late", "courier box broken", "coffee machine leaks")
LABELS = np.arange(30) % 3
GIVEN = Texts([f"{STORIES[it]} n{row}" for row, it in enumerate(LABELS)], LABELS, np.arange(30), ["en"])  # fmt: skip


def test_a_topic_is_named_by_what_its_clusters_share() -> None:
    topics = FoundTopics({0: 4, 1: 4, 2: 7}, {4: "t-1", 7: "t-2"}, {})
    words = find_words(GIVEN, {}, topics)
    assert words.topic_names.keys() == {4, 7}
    assert "courier" in words.topic_names[4]
    assert "coffee" in words.topic_names[7]
    assert words.names.keys() == words.keywords.keys() == {0, 1, 2}


def test_a_topic_keeps_a_name_that_still_describes_it() -> None:
    topics = FoundTopics(
        {0: 4, 1: 4, 2: 7}, {4: "t-1", 7: "t-2"}, {4: "box, courier", 7: "toaster"}
    )
    names = find_words(GIVEN, {}, topics).topic_names
    assert names[4] == "box, courier"
    assert names[7] != "toaster"


def test_without_topics_clusters_have_the_same_names_and_topics_none() -> None:
    alone = find_words(GIVEN, {}, FoundTopics({}, {}, {}))
    under = find_words(GIVEN, {}, FoundTopics({0: 0, 1: 0, 2: 1}, {}, {}))
    assert alone.topic_names == {}
    assert (alone.names, alone.keywords) == (under.names, under.keywords)


def test_a_small_cluster_in_another_language_is_not_named_by_what_says_nothing_there() -> None:
    french = [f"Et pas de remboursement, et pas que pour la bouilloire {row}" for row in range(6)]
    texts = [*(f"{STORIES[it]} n{row}" for row, it in enumerate(LABELS)), *french]
    labels = np.concatenate([LABELS, np.full(6, 3)])
    words = find_words(Texts(texts, labels, np.arange(36), ["en"]), {}, FoundTopics({}, {}, {}))
    assert not {"et", "pas", "de", "que", "pour", "la"} & {
        *words.keywords[3],
        *words.names[3].split(", "),
    }
    assert "bouilloire" in words.keywords[3]


def test_captions_name_clusters_and_topics_by_words_or_by_the_document_that_shows_them() -> None:
    captions = [["dark red", "dark blue", ""][it] for it in LABELS]
    given = Texts(captions, LABELS, np.arange(30), [], {0: "a.png", 1: "b.png", 2: "c.png"})
    words = find_words(given, {}, FoundTopics({0: 4, 1: 4, 2: 7}, {4: "t-1", 7: "t-2"}, {}))
    assert words.names == {0: "red", 1: "blue", 2: "like c.png"}
    assert words.topic_names == {4: "dark", 7: "like c.png"}
    assert find_words(given, {}, FoundTopics({}, {}, {})).topic_names == {}
