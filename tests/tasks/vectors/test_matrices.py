"""Columns of vectors as matrices: every row in its place, whatever batches it comes in."""

from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from tasks.store.embeddings import fixed_lists
from tasks.store.storage import DamagedFileError, Ref, Store, keep_table, read_batches
from tasks.vectors import matrices
from tasks.vectors.matrices import read_in_16_bits, read_matrix, read_stacked

X = np.arange(21, dtype=np.float32).reshape(7, 3)


@pytest.fixture(params=[2, 3, 8192])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, store: Store) -> Ref:
    """Keep a table that is read in batches of some size."""
    monkeypatch.setattr(matrices, "read_batches", partial(read_batches, n_rows=request.param))
    return keep_table(store, "t", pa.table({"v": fixed_lists(X), "w": fixed_lists(-X[:, :2])}))


def test_a_column_is_a_matrix_of_its_own(store: Store, kept: Ref) -> None:
    found = read_matrix(store, kept, "v")
    np.testing.assert_array_equal(found, X)
    assert found.flags.writeable


def test_columns_stand_side_by_side_in_16_bits(store: Store, kept: Ref) -> None:
    found = read_in_16_bits(store, [(kept, "w"), (kept, "v")])
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, np.hstack([-X[:, :2], X]))


def test_tables_follow_each_other(store: Store, kept: Ref) -> None:
    empty = keep_table(store, "t", pa.table({"v": fixed_lists(X[:0])}))
    found = read_stacked(store, [kept, empty, kept], "v")
    np.testing.assert_array_equal(found, np.vstack([X, X]))
    assert read_matrix(store, empty, "v").shape == (0, 3)


def test_a_damaged_file_is_named(store: Store, kept: Ref) -> None:
    store.resolve(kept).write_bytes(b"no table")
    with pytest.raises(DamagedFileError, match="is damaged"):
        read_matrix(store, kept, "v")
