"""The views of items one by one: each has the directions of its own rows, and nothing else."""

import numpy as np
import pytest

from models.nightfold.views import views_apart

X = np.random.default_rng(0).normal(1, 1, (40, 7)).astype(np.float32)


def test_each_view_is_centred_on_its_own_and_has_rows_of_length_one() -> None:
    first, second = views_apart(X, (3, 4))
    for view, columns in ((first, X[:, :3]), (second, X[:, 3:])):
        unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
        centred = unit - unit.mean(axis=0)
        expected = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        np.testing.assert_allclose(view, expected, atol=1e-5)
        assert view.dtype == np.float32


@pytest.mark.parametrize("dims", [(7,), ()])
def test_one_view_is_not_apart(dims: tuple[int, ...]) -> None:
    assert views_apart(X, dims) == []
