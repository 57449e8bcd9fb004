from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.identity.clusters import KnownCluster, TonightCluster
from models.identity.match import Match, assign_ids, match_clusters, new_cluster_ids
from models.identity.rules import MatchRules
from tests.models.identity.making import EAST, documents, known_cluster, tonight_cluster

NORTH = (0.0, 1.0)


def pairs(matches: Sequence[Match]) -> dict[int, str]:
    return {match.label: match.cluster_id for match in matches}


def test_larger_piece_of_a_split_keeps_the_id() -> None:
    tonight = [
        tonight_cluster(0, documents(range(40))),
        tonight_cluster(1, documents(range(40, 100))),
    ]
    assert pairs(match_clusters(tonight, [known_cluster("a", documents(range(100)))])) == {1: "a"}


def test_larger_of_two_parents_gives_its_id() -> None:
    known = [
        known_cluster("a", documents(range(40))),
        known_cluster("b", documents(range(40, 100))),
    ]
    assert pairs(match_clusters([tonight_cluster(0, documents(range(100)))], known)) == {0: "b"}


def test_the_largest_flow_wins_over_two_small_ones() -> None:
    known = [
        known_cluster("a", documents(range(75))),
        known_cluster("b", documents(range(75, 100))),
    ]
    tonight = [
        tonight_cluster(0, documents(range(50), range(75, 100))),
        tonight_cluster(1, documents(range(50, 75))),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "a"}


def test_the_best_assignment_is_found_where_a_greedy_one_is_not() -> None:
    known = [
        known_cluster("a", documents(range(90))),
        known_cluster("b", documents(range(90, 130))),
    ]
    tonight = [
        tonight_cluster(0, documents(range(50), range(90, 130))),
        tonight_cluster(1, documents(range(50, 90))),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "b", 1: "a"}


def test_members_rule_over_centroids() -> None:
    known = [
        known_cluster("a", documents(range(20)), EAST),
        known_cluster("b", documents(range(20, 40)), NORTH),
    ]
    tonight = [
        tonight_cluster(0, documents(range(20)), NORTH),
        tonight_cluster(1, documents(range(20, 40)), EAST),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "a", 1: "b"}


def test_centroids_decide_where_no_member_is_shared() -> None:
    known = [known_cluster("a", frozenset(), EAST), known_cluster("b", frozenset(), NORTH)]
    tonight = [tonight_cluster(3, frozenset(), (0.1, 1)), tonight_cluster(8, frozenset(), (1, 0.1))]
    matches = match_clusters(tonight, known)
    assert pairs(matches) == {3: "b", 8: "a"}
    assert all(match.overlap is None for match in matches)


def test_centroids_that_are_not_close_are_no_match() -> None:
    known = [known_cluster("a", frozenset(), EAST)]
    assert match_clusters([tonight_cluster(0, frozenset(), (1, 1))], known) == []
    loose = MatchRules(min_cosine=0.7)
    assert pairs(match_clusters([tonight_cluster(0, frozenset(), (1, 1))], known, loose)) == {
        0: "a"
    }


def test_a_cluster_that_was_absorbed_is_not_found_again_by_its_centroid() -> None:
    known = [
        known_cluster("a", documents(range(20)), EAST),
        known_cluster("b", documents(range(20, 100)), NORTH),
    ]
    tonight = [
        tonight_cluster(0, documents(range(100)), NORTH),
        tonight_cluster(1, frozenset(), EAST),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "b"}


def test_a_piece_of_a_cluster_is_not_taken_for_a_neighbour_by_its_centroid() -> None:
    known = [
        known_cluster("a", documents(range(100)), EAST),
        known_cluster("b", frozenset(), NORTH),
    ]
    tonight = [
        tonight_cluster(0, documents(range(80)), EAST),
        tonight_cluster(1, documents(range(80, 100)), NORTH),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "a"}


def test_a_trace_of_members_is_no_match() -> None:
    known = [known_cluster("a", documents(range(100)))]
    assert match_clusters([tonight_cluster(0, documents(range(90, 190)))], known) == []


def test_a_match_by_members_leaves_nothing_to_centroids() -> None:
    known = [known_cluster("a", documents(range(10))), known_cluster("b", frozenset())]
    tonight = [
        tonight_cluster(0, documents(range(40))),
        tonight_cluster(1, documents(range(50, 60)), NORTH),
    ]
    assert pairs(match_clusters(tonight, known)) == {0: "a"}


def test_few_shared_members_tell_twins_apart() -> None:
    known = [known_cluster(name, documents([i])) for i, name in enumerate("abcd")]
    tonight = [tonight_cluster(i, documents([i])) for i in (2, 0, 3, 1)]
    assert pairs(match_clusters(tonight, known)) == {0: "a", 1: "b", 2: "c", 3: "d"}


def test_clusters_of_last_night_come_before_those_that_vanished() -> None:
    known = [
        known_cluster("old", documents(range(20)), absent=3),
        known_cluster("living", documents(range(12))),
    ]
    matches = match_clusters([tonight_cluster(0, documents(range(20)))], known)
    assert pairs(matches) == {0: "living"}
    assert not matches[0].is_return


def test_a_vanished_cluster_returns() -> None:
    known = [known_cluster("old", documents(range(20)), absent=3)]
    (match,) = match_clusters([tonight_cluster(0, documents(range(15)))], known)
    assert match == Match(0, "old", 0.75, pytest.approx(1), is_return=True)


def test_a_vanished_cluster_whose_documents_are_elsewhere_does_not_return_by_its_centroid() -> None:
    known = [
        known_cluster("living", documents(range(40))),
        known_cluster("old", documents(range(30, 40)), absent=1),
    ]
    tonight = [tonight_cluster(0, documents(range(40))), tonight_cluster(1, frozenset())]
    assert pairs(match_clusters(tonight, known)) == {0: "living"}


def test_centroids_of_another_encoder_are_not_compared() -> None:
    known = [
        replace(known_cluster("a", documents(range(20))), centroid=None, founding_centroid=None),
        replace(known_cluster("b", frozenset()), centroid=None, founding_centroid=None),
    ]
    tonight = [tonight_cluster(0, documents(range(20))), tonight_cluster(1, frozenset())]
    matches = match_clusters(tonight, known)
    assert pairs(matches) == {0: "a"}
    assert matches[0].cosine == 0


def test_nothing_matches_nothing() -> None:
    cluster, old = tonight_cluster(0, frozenset()), known_cluster("a", frozenset())
    assert (
        match_clusters([], [old]) == match_clusters([cluster], []) == match_clusters([], []) == []
    )


def test_new_ids_follow_the_night_and_are_never_taken() -> None:
    assert new_cluster_ids(2, "2026-11-23", ()) == ["c-20261123-001", "c-20261123-002"]
    taken = ["c-20261123-001", "c-20261123-003", "other"]
    assert new_cluster_ids(2, "2026-11-23", taken) == ["c-20261123-002", "c-20261123-004"]
    assert new_cluster_ids(1001, "n", ())[-1] == "c-n-1001"
    assert new_cluster_ids(0, "n", ()) == []


def test_new_ids_are_given_by_size() -> None:
    tonight = [
        tonight_cluster(i, documents(range(100 * i, 100 * i + n))) for i, n in enumerate((5, 9, 7))
    ]
    assert assign_ids(tonight, [], "n", ["c-n-002"]) == {1: "c-n-001", 2: "c-n-003", 0: "c-n-004"}


@pytest.mark.parametrize(
    ("tonight", "known"),
    [
        ([tonight_cluster(0, documents([1])), tonight_cluster(0, documents([2]))], []),
        ([tonight_cluster(0, documents([1])), tonight_cluster(1, documents([1]))], []),
        ([], [known_cluster("a", documents([1])), known_cluster("a", documents([2]))]),
    ],
)
def test_clusters_that_cannot_be_told_apart_are_refused(
    tonight: list[TonightCluster], known: list[KnownCluster]
) -> None:
    with pytest.raises(ValueError, match="must be in one cluster only"):
        match_clusters(tonight, known)


@pytest.mark.parametrize("wrong", [{"min_cosine": 0.0}, {"min_jaccard": 1.5}, {"min_shared": 0}])
def test_rules_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        MatchRules(**wrong)
