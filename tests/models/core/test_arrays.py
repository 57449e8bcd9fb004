import numpy as np
import pytest

from models.core.arrays import centroids_of, normalise_rows


def test_rows_get_length_one_and_zeros_stay() -> None:
    rows = np.array([[3, 4], [0, 0]], dtype=np.float32)
    scaled = normalise_rows(rows)
    assert scaled.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert scaled.dtype == np.float32


def test_centroids_are_the_directions_of_the_means_in_the_order_of_the_labels() -> None:
    X = np.array([[0, 2], [0, 4], [3, 0], [0, 6]], dtype=np.float32)
    assert centroids_of(X, np.array([7, 7, -1, 7])).tolist() == [[1, 0], [0, 1]]


def test_a_cluster_whose_rows_cancel_out_has_a_centroid_of_zeros() -> None:
    X = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert centroids_of(X, np.array([0, 0])).tolist() == [[0, 0]]
