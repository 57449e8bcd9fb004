import numpy as np

from models.identity.clusters import KnownCluster, TonightCluster, by_size, member_overlap


def tonight(label: int, members: set[str], size: int = 0, axis: int = 0) -> TonightCluster:
    centroid = np.eye(2, dtype=np.float32)[axis]
    return TonightCluster(label, centroid, frozenset(members), size or len(members))


def test_clusters_are_sorted_by_what_they_are_and_not_by_their_labels() -> None:
    large, early, late = tonight(9, {"z"}, size=5), tonight(7, {"a", "x"}), tonight(3, {"b", "y"})
    near, far = tonight(1, set(), size=1, axis=1), tonight(2, set(), size=1, axis=0)
    expected = [large, early, late, near, far]
    assert by_size(expected[::-1]) == by_size(expected) == expected


def test_clusters_without_members_share_nothing() -> None:
    known = KnownCluster("k", None, None, frozenset(), "k", "n", "n", 0)
    overlap = member_overlap([tonight(0, set())], [known])
    assert all(matrix.tolist() == [[0.0]] for matrix in overlap)


def test_shares_are_of_the_side_that_they_are_named_for() -> None:
    known = KnownCluster("k", None, None, frozenset("abcd"), "k", "n", "n", 4)
    overlap = member_overlap([tonight(0, {"a", "x"})], [known])
    assert overlap.shared.tolist() == [[1]]
    assert overlap.jaccard.tolist() == [[0.2]]
    assert overlap.of_tonight.tolist() == [[0.5]]
    assert overlap.of_known.tolist() == [[0.25]]
