from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from tasks.reporting.insights import breakdown as module
from tasks.reporting.insights.breakdown import (
    breakdown_table,
    broken_down,
    languages_of_window,
)
from tasks.reporting.insights.window_columns import WindowColumns
from tasks.store.history import NightTable
from tasks.store.storage import Store
from validation.tables.insight_schemas import BREAKDOWN

KeepNight = Callable[..., NightTable]

ENGLISH, GERMAN = "The parcel came late and was damaged", "Das Paket kam viel zu spät an"


def chunked(*values: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


def window_columns(**own: pa.ChunkedArray) -> WindowColumns:
    ids = chunked("a", "b")
    return WindowColumns(doc_ids=ids, sources=ids, nights=np.zeros(2, int), own=own)


def test_a_value_that_a_cluster_has_more_often_is_a_row() -> None:
    versions = chunked(*["2.1"] * 20, *["1.0"] * 60, *[None] * 5)
    table = breakdown_table({"version": versions}, np.array([1] * 20 + [0] * 65), ["a", "b"])
    assert table.schema == BREAKDOWN
    rows = {(row["cluster_id"], row["feed_value"]): row for row in table.to_pylist()}
    assert rows.keys() == {("b", "2.1"), ("a", "1.0")}
    row = rows["b", "2.1"]
    assert (row["n_documents"], row["share"], row["overall_share"], row["lift"]) == (20, 1, 0.25, 4)


def test_a_feed_without_columns_has_no_rows() -> None:
    assert breakdown_table({}, np.zeros(3, int), ["a"]).num_rows == 0
    empty = {"version": chunked(None, None)}
    assert breakdown_table(empty, np.zeros(2, int), ["a"]).num_rows == 0


def test_ratings_dates_and_names_of_files_are_not_broken_down() -> None:
    columns = window_columns(
        stars=chunked("1", "2"),
        day=chunked("2026-03-01", "3/2/26 10:00"),
        version=chunked("2.10.3", "2"),
    )
    assert list(broken_down(columns, ["stars"], has_source=False)) == ["version"]
    assert list(broken_down(columns, ["stars"], has_source=True)) == ["source", "version"]


def test_languages_are_told_where_a_feed_has_several(
    store: Store, keep_night: KeepNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [[ENGLISH, "ok", GERMAN], [GERMAN, ENGLISH]]
    window = [keep_night({"text": pa.array(it)}, day) for day, it in enumerate(texts, start=1)]
    assert languages_of_window(store, window, ["en"]) == {}
    told = languages_of_window(store, window, ["en", "de"])["language"]
    assert told.to_pylist() == ["en", None, "de", "de", "en"]
    monkeypatch.setattr(module, "_MOST_TEXTS", 2)
    told = languages_of_window(store, window, ["en", "de"])["language"]
    assert told.to_pylist() == [None, None, None, "de", "en"]
