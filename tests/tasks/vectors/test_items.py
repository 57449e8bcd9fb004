"""The window is laid out once: distinct texts by first appearance, documents beside their texts."""

from datetime import date

import pyarrow as pa

from tasks.preparing.texts.cleaning import text_digest
from tasks.preparing.texts.cut_column import CUT_FIELD
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table
from tasks.vectors.items import (
    NightItems,
    Window,
    WindowRef,
    lay_out_window,
    read_night,
    read_window,
)
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)


def items(night: date, *documents: tuple[str, str, str | None]) -> NightItems:
    """A night of documents, each an id, a text and a label; the text is its own digest."""
    ids, texts, labels = (
        (list(it) for it in zip(*documents, strict=True)) if documents else ([],) * 3
    )
    columns = [
        pa.array(ids, pa.string()),
        pa.array(texts, pa.string()),
        pa.array(labels, pa.string()),
    ]
    table = pa.table(columns, names=["doc_id", "text_digest", "label"])
    return NightItems(night, {text: f"text {text}" for text in texts}, table)


def test_texts_stand_once_in_the_order_in_which_they_came_up() -> None:
    window = lay_out_window(
        [
            items(FIRST, ("d1", "b", None), ("d2", "a", "x"), ("d3", "b", None)),
            items(SECOND, ("d4", "c", None), ("d5", "a", "y")),
        ]
    )
    assert window.texts.to_pylist() == [
        {"text_digest": "b", "text": "text b", "night": FIRST},
        {"text_digest": "a", "text": "text a", "night": FIRST},
        {"text_digest": "c", "text": "text c", "night": SECOND},
    ]
    assert window.documents["doc_id"].to_pylist() == ["d1", "d2", "d3", "d4", "d5"]
    assert window.documents["position"].to_pylist() == [0, 1, 0, 2, 1]
    assert window.documents["night"].to_pylist() == [FIRST] * 3 + [SECOND] * 2
    assert window.documents["label"].to_pylist() == [None, "x", None, None, "y"]


def test_a_night_without_documents_adds_nothing() -> None:
    alone = lay_out_window([items(SECOND, ("d1", "a", None))])
    assert lay_out_window([items(FIRST), items(SECOND, ("d1", "a", None))]) == alone
    empty = lay_out_window([])
    assert (empty.texts.schema, empty.documents.schema) == (WINDOW_TEXTS, WINDOW_DOCUMENTS)


def test_a_night_is_read_with_its_texts_as_they_are_embedded(store: Store) -> None:
    digests = [text_digest("T", "one"), text_digest(None, "two")]
    table = pa.table(
        {
            "doc_id": ["d1", "d2", "d3"],
            "text_digest": [digests[0], digests[1], digests[0]],
            "title": pa.array(["T", None, "T"], pa.string()),
            "text": pa.array(["one", "two", "one"], pa.large_string()),
            "label": pa.array([None, "x", None], pa.string()),
            "own": [1, 2, 3],
        }
    )
    found = read_night(store, NightTable(night=FIRST, table=keep_table(store, "t", table)))
    assert found.night == FIRST
    assert found.texts == {digests[0]: "T\none", digests[1]: "two"}
    assert list(found.texts) == digests
    assert found.documents.column_names == ["doc_id", "text_digest", "label"]


def test_of_a_mail_what_is_left_is_read(store: Store) -> None:
    columns = {name: ["a", "b"] for name in ("doc_id", "text_digest", "title", "text", "label")}
    table = pa.table(columns).append_column(CUT_FIELD, pa.array(["cut", None], pa.large_string()))
    found = read_night(store, NightTable(night=FIRST, table=keep_table(store, "t", table)))
    assert found.texts == {"a": "a\ncut", "b": "b\nb"}


def test_what_was_laid_out_is_read_as_it_was(store: Store) -> None:
    window = lay_out_window([items(FIRST, ("d1", "a", "x"))])
    kept = WindowRef(
        texts=keep_table(store, "t", window.texts),
        documents=keep_table(store, "t", window.documents),
    )
    assert read_window(store, kept) == Window(*window)
