from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, UNKNOWN, Cut, directions, find_cuts, told_apart
from models.identity.rules import MatchRules

Matrix = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

EAST, NORTH, UP = np.eye(8)[:3]
RULES = MatchRules(min_newcomers=10)


def around(direction: Matrix, n: int, seed: int, spread: float = 0.15) -> Matrix:
    rows = direction + spread * np.random.default_rng(seed).normal(size=(n, len(direction)))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def known(cluster_id: str, parted_from: str | None = None) -> KnownCluster:
    return KnownCluster(
        cluster_id, None, None, frozenset(), cluster_id, "n1", "n1", 9, parted_from=parted_from
    )


def window(*stories: tuple[Matrix, int, int]) -> tuple[Matrix, Integers, Integers]:
    """Lay out texts of one cluster of tonight: a direction, how many, and their origin."""
    X = np.vstack([around(where, n, seed) for seed, (where, n, _) in enumerate(stories)])
    origins = np.repeat([it[2] for it in stories], [it[1] for it in stories])
    return X, np.zeros(len(X), dtype=np.int64), origins


def nearest(cut: Cut, X: Matrix) -> Integers:
    return np.asarray((X @ cut.centroids.T).argmax(axis=1))


def test_what_is_new_and_lies_apart_is_parted() -> None:
    X, labels, origins = window((EAST, 60, 0), (NORTH, 30, NEW))
    (cut,) = find_cuts(X, labels + 7, origins, [known("a")], RULES)
    assert (cut.whole, cut.parted_from) == (7, ("a",))
    np.testing.assert_array_equal(nearest(cut, X), np.repeat([0, 1], [60, 30]))


def test_more_of_the_same_is_not() -> None:
    X, labels, origins = window((EAST, 60, 0), (EAST, 30, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []


def test_few_newcomers_stay_where_they_are() -> None:
    X, labels, origins = window((EAST, 60, 0), (NORTH, 9, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []
    X, labels, origins = window((EAST, 60, 0), (NORTH, 10, NEW))
    assert len(find_cuts(X, labels, origins, [known("a")], RULES)) == 1


def test_nothing_is_parted_from_a_cluster_that_nobody_knows() -> None:
    X, labels, origins = window((EAST, 9, 0), (UP, 60, UNKNOWN), (NORTH, 30, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []


def test_stories_that_were_parted_stay_apart() -> None:
    X, labels, origins = window((EAST, 60, 0), (NORTH, 40, 1), (NORTH, 30, NEW))
    kin = [known("a"), known("b", parted_from="a")]
    (cut,) = find_cuts(X, labels, origins, kin, RULES)
    assert cut.parted_from == (None,)
    np.testing.assert_array_equal(nearest(cut, X), np.repeat([0, 1], [60, 70]))
    # The larger one keeps the label, whichever of the two was first.
    heirs = [known("a", parted_from="b"), known("b")]
    np.testing.assert_array_equal(
        nearest(find_cuts(X, labels, origins, heirs, RULES)[0], X), nearest(cut, X)
    )


def test_known_clusters_that_were_never_one_may_become_one() -> None:
    X, labels, origins = window((EAST, 60, 0), (NORTH, 40, 1))
    assert find_cuts(X, labels, origins, [known("a"), known("b")], RULES) == []
    others = [known("a"), known("b", parted_from="c")]
    assert find_cuts(X, labels, origins, others, RULES) == []


def test_a_remnant_does_not_keep_a_story_apart() -> None:
    """Most of the known cluster stands elsewhere."""
    X, labels, origins = window((EAST, 60, 0), (NORTH, 40, 1), (NORTH, 41, 1))
    labels = np.where(np.arange(len(X)) >= 100, 1, 0)
    kin = [known("a"), known("b", parted_from="a")]
    assert find_cuts(X, labels, origins, kin, RULES) == []


def test_a_third_story_comes_out_of_the_nearest_of_two() -> None:
    near_north = (NORTH + UP) / np.sqrt(2)
    X, labels, origins = window((EAST, 60, 0), (NORTH, 40, 1), (near_north, 30, NEW))
    kin = [known("a"), known("b", parted_from="a")]
    (cut,) = find_cuts(X, labels, origins, kin, RULES)
    assert cut.parted_from == (None, "b")
    np.testing.assert_array_equal(nearest(cut, X), np.repeat([0, 1, 2], [60, 40, 30]))


def test_a_new_story_is_found_where_the_old_one_goes_on() -> None:
    X, labels, origins = window((EAST, 60, 0), (EAST, 25, NEW), (NORTH, 25, NEW))
    (cut,) = find_cuts(X, labels, origins, [known("a")], RULES)
    assert cut.parted_from == ("a",)
    np.testing.assert_array_equal(nearest(cut, X), np.repeat([0, 1], [85, 25]))
    X, labels, origins = window((EAST, 60, 0), (EAST, 25, NEW), (NORTH, 9, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []


def test_a_cut_through_old_and_new_is_none_between_them() -> None:
    """Two halves of a known cluster, of which both go on."""
    halves = (EAST, 40, 0), (NORTH, 40, 0), (EAST, 20, NEW), (NORTH, 35, NEW)
    X, labels, origins = window(*halves)
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []
    X, labels, origins = window((EAST, 40, 0), (NORTH, 8, 0), (NORTH, 100, NEW), (EAST, 9, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []
    X, labels, origins = window((EAST, 80, 0), (NORTH, 4, 0), (NORTH, 100, NEW), (EAST, 20, NEW))
    assert len(find_cuts(X, labels, origins, [known("a")], RULES)) == 1


def test_a_side_with_many_old_texts_is_no_new_story() -> None:
    stories = (EAST, 160, 0), (EAST, 20, NEW), (NORTH, 10, 0)
    X, labels, origins = window(*stories, (NORTH, 35, NEW))
    assert find_cuts(X, labels, origins, [known("a")], RULES) == []
    X, labels, origins = window(*stories, (NORTH, 95, NEW))
    assert len(find_cuts(X, labels, origins, [known("a")], RULES)) == 1


def test_all_of_tonights_texts_are_a_story_though_old_ones_are_like_it() -> None:
    X, labels, origins = window((EAST, 300, 0), (NORTH, 12, 0), (NORTH, 60, NEW))
    (cut,) = find_cuts(X, labels, origins, [known("a")], RULES)
    np.testing.assert_array_equal(nearest(cut, X), np.repeat([0, 1], [300, 72]))


@given(st.permutations(range(90)))
def test_the_order_of_the_texts_does_not_matter(order: Sequence[int]) -> None:
    X, labels, origins = window((EAST, 60, 0), (NORTH, 30, NEW))
    there = list(order)
    (cut,) = find_cuts(X, labels, origins, [known("a")], RULES)
    (other,) = find_cuts(X[there], labels, origins[there], [known("a")], RULES)
    np.testing.assert_allclose(other.centroids, cut.centroids, atol=1e-12)


def test_told_apart_is_the_share_nearer_to_the_rest_of_their_own() -> None:
    """Against a loop that leaves out one row at a time."""
    one, other = around(EAST, 25, 0, spread=0.8), around(NORTH, 40, 1, spread=0.8)

    def share(own: Matrix, rival: Matrix) -> float:
        found = 0
        for left_out in range(len(own)):
            rest = np.delete(own, left_out, axis=0)
            here, there = directions([rest, rival]) @ own[left_out]
            found += bool(here > there)
        return found / len(own)

    assert told_apart(one, other) == min(share(one, other), share(other, one)) < 1
    assert told_apart(one, other) == told_apart(other, one)


def test_halves_of_one_group_cannot_be_told_apart() -> None:
    """With themselves in the mean, 20 rows in 384 dimensions would all be at home."""
    rows = around(np.eye(384)[0], 40, 3, spread=0.2)
    assert told_apart(rows[:20], rows[20:]) < 0.75
    assert told_apart(rows[:20], -rows[20:]) == 1


@pytest.mark.parametrize("own", [1, 0])
def test_a_row_alone_is_not_at_home(own: int) -> None:
    assert told_apart(around(EAST, own, 0), around(NORTH, 5, 1)) == 0
