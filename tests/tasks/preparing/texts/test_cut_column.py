"""The column of cut texts is ours by its mark, not by its name."""

import pyarrow as pa
import pytest

from tasks.preparing.texts.cut_column import CUT_FIELD, has_cut_texts, read_cut_texts
from tasks.store.storage import Store, keep_table


@pytest.mark.parametrize(
    ("field", "is_ours"),
    [
        (CUT_FIELD, True),
        (pa.field("cut_text", pa.large_string()), False),
        (pa.field("cut_text", pa.string(), metadata={"nightfold.key": "cut_text"}), False),
        (pa.field("text", pa.string()), False),
    ],
)
def test_a_feeds_own_column_of_that_name_is_not_ours(field: pa.Field, is_ours: bool) -> None:
    assert has_cut_texts(pa.schema([field])) is is_ours


def test_the_mark_outlasts_a_file(store: Store) -> None:
    ours = pa.table([pa.array(["x", None], pa.large_string())], schema=pa.schema([CUT_FIELD]))
    found = read_cut_texts(store, keep_table(store, "made", ours))
    assert found is not None
    assert found.to_pylist() == ["x", None]
    assert read_cut_texts(store, keep_table(store, "made", pa.table({"cut_text": ["x"]}))) is None
