"""Topics over nights: ids that stay, whatever the model numbers them, and new ones that are free."""

import numpy as np

from models.identity.topics import (
    assign_topic_ids,
    match_topics,
    new_topic_ids,
    topic_of_labels,
)


def docs(first: int, last: int) -> frozenset[str]:
    return frozenset(f"d{number}" for number in range(first, last))


KNOWN = {"t-a": docs(0, 10), "t-b": docs(10, 16), "t-c": docs(16, 20)}


def test_topics_keep_their_ids_however_they_are_numbered() -> None:
    members = list(KNOWN.values())
    for numbers in ([0, 1, 2], [2, 0, 1], [7, 3, 5]):
        tonight = dict(zip(numbers, members, strict=True))
        ids = assign_topic_ids(tonight, KNOWN, "2026-03-02")
        assert [ids[number] for number in numbers] == list(KNOWN)


def test_a_topic_that_took_in_another_is_itself() -> None:
    ids = assign_topic_ids({0: docs(0, 16), 1: docs(16, 20)}, KNOWN, "2026-03-02")
    assert ids == {0: "t-a", 1: "t-c"}


def test_of_a_topic_that_was_split_the_larger_part_is_it_and_the_other_is_born() -> None:
    parts = {0: docs(0, 4), 1: docs(4, 10), 2: docs(10, 16), 3: docs(16, 20)}
    ids = assign_topic_ids(parts, KNOWN, "2026-03-02")
    assert ids == {0: "t-20260302-001", 1: "t-a", 2: "t-b", 3: "t-c"}


def test_a_topic_that_shares_less_than_half_with_each_is_another() -> None:
    known = {"t-a": docs(0, 10), "t-b": docs(10, 20), "t-c": docs(20, 30)}
    tonight = {
        0: docs(0, 3) | docs(10, 14) | docs(20, 24),
        1: docs(3, 10) | docs(14, 20) | docs(24, 30),
    }
    assert match_topics(tonight, known) == {1: "t-a"}
    assert match_topics(tonight | {0: tonight[0] | docs(14, 15)}, known) == {0: "t-b", 1: "t-a"}


def test_documents_of_one_night_alone_say_nothing() -> None:
    # Nine in ten have left the window, as many are new: what both nights have is the same.
    known = {"t-a": docs(0, 100), "t-b": docs(100, 110)}
    tonight = {0: docs(95, 100) | docs(200, 300), 1: docs(100, 110)}
    assert match_topics(tonight, known) == {0: "t-a", 1: "t-b"}
    assert match_topics({0: docs(300, 310)}, known) == {}


def test_without_topics_on_either_night_nothing_goes_on() -> None:
    assert match_topics({}, KNOWN) == {}
    assert match_topics({0: docs(0, 3)}, {}) == {}


def test_topics_that_are_born_are_numbered_by_their_size_and_take_no_id_twice() -> None:
    known = {"t-20260302-001": docs(90, 95)}
    ids = assign_topic_ids({0: docs(0, 3), 1: docs(3, 9)}, known, "2026-03-02")
    assert ids == {1: "t-20260302-002", 0: "t-20260302-003"}
    assert new_topic_ids(0, "2026-03-02", ()) == []


def test_a_cluster_has_the_topic_of_most_of_its_texts() -> None:
    labels, topics = np.array([4, 4, 4, 6, 6, 9]), np.array([5, 5, 2, 2, 2, 5])
    assert topic_of_labels(labels, topics) == {4: 1, 6: 0, 9: 1}


def test_one_topic_and_topics_of_one_cluster_each_are_no_level() -> None:
    labels = np.array([0, 0, 1, 1])
    assert topic_of_labels(labels, np.zeros(4, int)) == {}
    assert topic_of_labels(labels, labels) == {}
