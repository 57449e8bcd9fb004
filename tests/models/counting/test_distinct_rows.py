import numpy as np
import pytest

from models.counting.distinct_rows import check_n_clusters, count_distinct_rows


def test_distinct_rows_are_counted_up_to_the_limit() -> None:
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [3.0, 1.0]], dtype=np.float32)
    assert count_distinct_rows(X, limit=10) == 3
    assert count_distinct_rows(X, limit=2) == 2


def test_more_clusters_than_distinct_rows_are_refused_with_both_numbers() -> None:
    X = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    check_n_clusters(3, X)
    check_n_clusters("auto", X)
    with pytest.raises(ValueError, match="n_clusters=4 for 3 distinct rows of n_samples=12"):
        check_n_clusters(4, X)
