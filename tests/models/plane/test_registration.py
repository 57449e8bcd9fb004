import numpy as np
import pytest

from models.plane.registration import register


def test_a_map_that_is_turned_scaled_and_shifted_comes_home() -> None:
    home = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = (3 * home @ turn + [10, -4]).astype(np.float32)
    found = register(moved, moved[:25], home[:25])
    assert np.allclose(found.positions, home, atol=1e-4)
    assert found.displacement == pytest.approx(0, abs=1e-5)


def test_the_displacement_is_a_share_of_the_width() -> None:
    home = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    away = np.array([[1, 1], [-1, -1], [-1, -1], [1, 1]], np.float32)  # no turn brings that back
    found = register(home + away, home + away, home)
    assert 0.1 < found.displacement < 0.2


def test_a_map_that_shares_too_little_stays_as_it_is() -> None:
    home = np.ones((2, 2), np.float32)
    found = register(home, home[:1], home[:1] + 5)
    assert found.positions is home
    assert found.displacement == 0
