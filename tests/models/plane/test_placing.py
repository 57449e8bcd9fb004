import numpy as np
import pytest

from models.core.graph import Neighbours, nearest_among
from models.plane import placing
from models.plane.placing import place_beside

PLACED = np.eye(4, dtype=np.float32)[[0, 0, 0, 1, 1, 1]]
POSITIONS = np.array([[0, 0], [1, 0], [0, 1], [100, 100], [101, 100], [100, 101]], np.float32)


def test_a_new_row_lies_among_its_neighbours_and_not_in_the_sea() -> None:
    rows = np.array([[0.9, 0.1, 0, 0]], np.float32)
    (place,) = place_beside(rows, PLACED, POSITIONS, 0)
    assert np.linalg.norm(place) < 5


def test_new_rows_with_the_same_neighbours_do_not_meet() -> None:
    rows = np.repeat(PLACED[:1], 5, axis=0)
    places = place_beside(rows, PLACED, POSITIONS, 0)
    assert len(np.unique(places, axis=0)) == 5
    assert place_beside(rows, PLACED, POSITIONS, 0).tobytes() == places.tobytes()


def test_of_very_many_places_some_all_over_the_map_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "MOST_BESIDE", 2)
    held_against: list[np.ndarray] = []

    def kept(X: np.ndarray, placed: np.ndarray, n_neighbors: int) -> Neighbours:
        held_against.append(placed)
        return nearest_among(X, placed, n_neighbors)

    monkeypatch.setattr(placing, "nearest_among", kept)
    place_beside(PLACED[:1], PLACED, POSITIONS, 0)
    np.testing.assert_array_equal(held_against[0], PLACED[[0, 3]])


def test_no_new_row_is_no_place() -> None:
    assert place_beside(PLACED[:0], PLACED, POSITIONS, 0).shape == (0, 2)
