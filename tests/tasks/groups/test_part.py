"""A window cut into groups, and put together again."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tasks.groups.join import in_order_of, joined_window
from tasks.groups.part import NoSuchColumnError, cut_group, values_of
from tasks.reporting.insights.window_columns import WindowColumns
from tasks.vectors.items import Window
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
DOCUMENTS = pa.Table.from_pylist(
    [
        {"doc_id": "a1", "position": 0, "night": FIRST},
        {"doc_id": "a2", "position": 1, "night": FIRST},
        {"doc_id": "b1", "position": 2, "night": SECOND},
        {"doc_id": "b2", "position": 1, "night": SECOND},
        {"doc_id": "a3", "position": 2, "night": SECOND},
    ],
    schema=WINDOW_DOCUMENTS,
)
TEXTS = pa.Table.from_pylist(
    [
        {"text_digest": "d0", "text": "zero", "night": FIRST},
        {"text_digest": "d1", "text": "one", "night": FIRST},
        {"text_digest": "d2", "text": "two", "night": SECOND},
    ],
    schema=WINDOW_TEXTS,
)
WINDOW = Window(TEXTS, DOCUMENTS)
ITEMS = pa.table({"text_digest": ["d0", "d1", "d2"], "vector": [0, 1, 2]})
ROWS = {"a": np.array([0, 1, 4]), "b": np.array([2, 3])}


def test_a_group_is_a_window_as_if_there_were_no_others() -> None:
    items, (texts, documents) = cut_group(ITEMS, WINDOW, ROWS["b"])
    assert items["vector"].to_pylist() == [2, 1]
    assert texts["text"].to_pylist() == ["two", "one"]
    assert documents["position"].to_pylist() == [0, 1]
    assert (texts.schema, documents.schema) == (WINDOW_TEXTS, WINDOW_DOCUMENTS)


def test_a_text_is_as_old_in_a_group_as_its_first_document_there() -> None:
    _, (texts, _) = cut_group(ITEMS, WINDOW, ROWS["b"])
    assert texts["night"].to_pylist() == [SECOND, SECOND]


def test_joined_groups_have_their_documents_in_the_order_of_the_window() -> None:
    groups = [cut_group(ITEMS, WINDOW, rows).window for rows in ROWS.values()]
    joined = joined_window(DOCUMENTS, groups)
    assert joined.documents["doc_id"].equals(DOCUMENTS["doc_id"])
    said = joined.texts["text"].take(joined.documents["position"])
    assert said.equals(TEXTS["text"].take(DOCUMENTS["position"]))


def test_a_text_of_two_groups_stands_twice() -> None:
    groups = [cut_group(ITEMS, WINDOW, rows).window for rows in ROWS.values()]
    joined = joined_window(DOCUMENTS, groups)
    assert joined.texts["text"].to_pylist() == ["zero", "one", "two", "two", "one"]
    place = dict(
        zip(*(joined.documents[it].to_pylist() for it in ("doc_id", "position")), strict=True)
    )
    assert place["a2"] != place["b2"]


def test_rows_are_put_in_the_order_of_documents() -> None:
    table = pa.table({"doc_id": ["b1", "a3", "a1", "b2", "a2"], "n": [0, 1, 2, 3, 4]})
    assert in_order_of(DOCUMENTS, table)["n"].to_pylist() == [2, 4, 0, 3, 1]


def columns(**own: list[str | None]) -> WindowColumns:
    doc_ids = pa.chunked_array([["a3", "b2", "b1", "a2", "a1", "withdrawn"]])
    values = {name: pa.chunked_array([it], pa.string()) for name, it in own.items()}
    return WindowColumns(doc_ids, doc_ids, np.zeros(6, np.int64), values)


def test_values_are_found_by_the_ids_of_documents() -> None:
    given = columns(app=["A", "B", "B", "A", None, "C"])
    assert values_of(DOCUMENTS, given, "app") == [None, "A", "B", "B", "A"]


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    given = columns(stars=["1"] * 6)
    with pytest.raises(NoSuchColumnError, match="got 'app'; it has stars"):
        values_of(DOCUMENTS, given, "app")
