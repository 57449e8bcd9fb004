from typing import Any

import numpy as np
import pytest

from models.core import arrays
from models.core.arrays import (
    centroids_of,
    evenly_spaced,
    in_16_bits,
    narrowest,
    normalise_rows,
    wide,
)


def test_rows_get_length_one_and_zeros_stay() -> None:
    rows = np.array([[3, 4], [0, 0]], dtype=np.float32)
    scaled = normalise_rows(rows)
    assert scaled.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert scaled.dtype == np.float32


@pytest.mark.parametrize("function", [normalise_rows, in_16_bits])
def test_part_by_part_and_in_place_the_numbers_are_the_same(
    function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    whole, given = function(X), X.copy()
    monkeypatch.setattr(arrays, "_ROWS_AT_ONCE", 4)
    np.testing.assert_array_equal(function(given), whole)
    np.testing.assert_array_equal(given, X)
    assert function(given, out=given) is given
    np.testing.assert_array_equal(given, whole)


def test_16_bits_are_widened_before_they_are_computed_with() -> None:
    X = np.array([[3e-4, 4e-4], [30_000, 40_000]], dtype=np.float16)
    np.testing.assert_array_equal(normalise_rows(X), normalise_rows(X.astype(np.float32)))
    assert wide(X).dtype == np.float32
    assert wide(whole := np.ones(2, np.float32)) is whole


def test_centroids_are_the_directions_of_the_means_in_the_order_of_the_labels() -> None:
    X = np.array([[0, 2], [0, 4], [3, 0], [0, 6]], dtype=np.float32)
    assert centroids_of(X, np.array([7, 7, -1, 7])).tolist() == [[1, 0], [0, 1]]


def test_a_cluster_whose_rows_cancel_out_has_a_centroid_of_zeros() -> None:
    X = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert centroids_of(X, np.array([0, 0])).tolist() == [[0, 0]]


def test_rounding_to_16_bits_hardly_turns_a_vector_and_is_kept_without_loss() -> None:
    X = normalise_rows(np.random.default_rng(0).normal(size=(200, 384)).astype(np.float32))
    rounded = in_16_bits(X)
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - X).max() < 2**-12
    assert (normalise_rows(rounded) * X).sum(axis=1).min() > 1 - 2e-7
    np.testing.assert_array_equal(in_16_bits(rounded), rounded)
    assert narrowest(rounded).dtype == np.float16
    np.testing.assert_array_equal(narrowest(rounded), rounded)


@pytest.mark.parametrize("number", [0.1, 70_000, np.nan])
def test_what_16_bits_do_not_hold_stays_in_32(number: float) -> None:
    X = np.array([1, number], dtype=np.float32)
    assert narrowest(X) is X
    assert narrowest(labels := np.arange(3)) is labels


@pytest.mark.parametrize(
    ("n_rows", "most", "expected"),
    [(0, 3, []), (2, 3, [0, 1]), (4, 2, [0, 2]), (10, 4, [0, 2, 5, 7]), (5, 5, [0, 1, 2, 3, 4])],
)
def test_some_rows_lie_evenly_among_all(n_rows: int, most: int, expected: list[int]) -> None:
    assert evenly_spaced(n_rows, most).tolist() == expected
