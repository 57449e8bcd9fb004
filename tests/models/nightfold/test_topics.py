"""The level above the clusters: by majority, numbered without gaps."""

import numpy as np
import pytest

from models.counting.n_clusters import NClustersChoice
from models.nightfold import topics
from models.nightfold.topics import find_topics, topics_of


def test_a_cluster_is_under_the_topic_that_most_of_its_rows_are_in() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    coarse = np.array([1, 1, 0, 0, 0, 1, 1, 1])
    assert topics_of(labels, coarse).tolist() == [1, 0, 1]


def test_topics_are_numbered_without_gaps_and_the_first_of_equals_wins() -> None:
    labels, coarse = np.array([0, 0, 1, 1, 2, 2]), np.array([2, 4, 4, 4, 4, 2])
    found = topics_of(labels, coarse)
    assert found.tolist() == [0, 1, 0]
    assert found.dtype == np.int64


def test_topics_of_very_many_rows_are_found_on_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "MOST_ROWS", 60)
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 8
    space = 10 * np.eye(4)[labels // 2] + np.eye(4)[labels % 4] + 0.1 * rng.normal(size=(240, 4))
    choice = NClustersChoice(4, n_themes=8)
    found = find_topics(space.astype(np.float32), labels, choice, rng)
    assert len(np.unique(found)) == 4
    np.testing.assert_array_equal(found[::2], found[1::2])


@pytest.mark.parametrize("choice", [None, NClustersChoice(3, n_themes=3)])
def test_clusters_are_topics_of_their_own_where_they_are_the_only_level(
    choice: NClustersChoice | None,
) -> None:
    labels = np.array([0, 1, 2, 1])
    found = find_topics(np.zeros((4, 2), np.float32), labels, choice, np.random.default_rng(0))
    assert found.tolist() == [0, 1, 2]


def test_themes_that_lie_together_are_under_one_topic() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 6
    centres = np.repeat(np.eye(3) * 20, 2, axis=0) + rng.normal(size=(6, 3))
    space = (centres[labels] + rng.normal(0, 0.1, (240, 3))).astype(np.float32)
    found = find_topics(space, labels, NClustersChoice(3, n_themes=6), rng)
    assert found[::2].tolist() == found[1::2].tolist()
    assert sorted(found[::2]) == [0, 1, 2]
