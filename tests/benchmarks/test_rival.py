import numpy as np
import pytest

from tests.benchmarks.rival import GreedyIds, MergedIds

EAST, NORTH, WEST = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
NEAR_EAST = np.array([0.8, 0.6])  # cosine 0.8 with east, 0.6 with north
FAR_FROM_EAST = np.array([0.6, 0.8])
NEARER_EAST = np.array([0.96, 0.28])


def rows(*vectors: np.ndarray) -> np.ndarray:
    return np.stack(vectors)


def test_the_nearest_cluster_of_last_night_hands_on_its_id() -> None:
    ids = GreedyIds()
    assert ids.take(rows(EAST, NORTH)) == ["r-000", "r-001"]
    assert ids.take(rows(NORTH, NEAR_EAST)) == ["r-001", "r-000"]


def test_the_closer_of_two_takes_over_and_the_other_is_new() -> None:
    ids = GreedyIds()
    ids.take(rows(EAST))
    assert ids.take(rows(NEAR_EAST, NEARER_EAST)) == ["r-001", "r-000"]


def test_below_the_threshold_a_cluster_is_new_and_an_old_id_is_forgotten() -> None:
    ids = GreedyIds()
    ids.take(rows(EAST))
    assert ids.take(rows(FAR_FROM_EAST)) == ["r-001"]
    assert ids.take(rows(EAST)) == ["r-002"]


def test_merging_takes_two_that_are_nearest_to_one_id_together() -> None:
    ids = MergedIds()
    assert ids.take(rows(EAST, WEST)) == ["m-000", "m-001"]
    assert ids.take(rows(NEAR_EAST, NEARER_EAST)) == ["m-000", "m-000"]


@pytest.mark.parametrize("drift", [0.7, 1.4])
def test_merging_compares_with_the_centroid_of_birth(drift: float) -> None:
    ids = MergedIds()
    ids.take(rows(EAST))
    ids.take(rows(NEAR_EAST))
    moved = np.array([np.cos(drift), np.sin(drift)])
    assert ids.take(rows(moved)) == (["m-000"] if drift < 1 else ["m-001"])
