"""Remarks are set apart: every text and document is in exactly one part, in its place."""

from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.store.embeddings import fixed_lists
from tasks.store.storage import Store, keep_table, read_batches, read_table
from tasks.vectors import apart
from tasks.vectors.apart import as_before, part_of, set_remarks_apart
from tasks.vectors.embed import Embedded
from tasks.vectors.items import Window, WindowRef, read_window
from tasks.vectors.matrices import read_matrix
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
TEXTS = [
    "The kettle leaks at the handle.",
    "good",
    "The parcel came late again.",
    "ok",
    "The app is slow.",
]
IS_REMARK = np.array([False, True, False, True, False])
POSITIONS = [0, 1, 1, 2, 3, 0, 4, 1]
"""The text of each document."""


def digest(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def items() -> pa.Table:
    X = np.arange(10, dtype=np.float32).reshape(5, 2)
    return pa.table({"text_digest": list(map(digest, range(5))), "embedding": fixed_lists(X)})


@pytest.fixture
def window() -> Window:
    nights = [FIRST] * 3 + [SECOND] * 2
    texts = [list(map(digest, range(5))), pa.array(TEXTS, pa.large_string()), nights]
    ids = [f"d{number}" for number in range(8)]
    labels = pa.array([None, "x"] * 4, pa.string())
    documents = [ids, POSITIONS, [FIRST] * 4 + [SECOND] * 4, labels]
    return Window(
        pa.table(texts, schema=WINDOW_TEXTS), pa.table(documents, schema=WINDOW_DOCUMENTS)
    )


def text_of_each(window: Window) -> dict[str, str]:
    """doc_id → text."""
    texts = window.texts["text"].to_pylist()
    rows = window.documents.to_pylist()
    return {row["doc_id"]: texts[row["position"]] for row in rows}


def test_every_text_and_document_is_in_exactly_one_part(window: Window) -> None:
    themes, remarks = (part_of(window, it) for it in (~IS_REMARK, IS_REMARK))
    assert themes.texts["text"].to_pylist() == [TEXTS[0], TEXTS[2], TEXTS[4]]
    assert remarks.texts["text"].to_pylist() == ["good", "ok"]
    assert themes.documents["doc_id"].to_pylist() == ["d0", "d3", "d5", "d6"]
    assert remarks.documents["doc_id"].to_pylist() == ["d1", "d2", "d4", "d7"]
    assert text_of_each(themes) | text_of_each(remarks) == text_of_each(window)
    assert all(part.documents.schema == WINDOW_DOCUMENTS for part in (themes, remarks))


@pytest.mark.parametrize("at_once", [1, 2, 8192])
def test_every_text_keeps_its_vector(
    store: Store, embedded: Embedded, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(apart, "read_batches", partial(read_batches, n_rows=at_once))
    monkeypatch.setattr(apart, "judged", lambda *_: IS_REMARK)
    themes = set_remarks_apart.fn(store, embedded, None)
    assert themes.remarks is not None
    for items, texts, expected in (
        (themes.items, themes.window.texts, [[0, 1], [4, 5], [8, 9]]),
        (themes.remarks.items, themes.remarks.window.texts, [[2, 3], [6, 7]]),
    ):
        assert read_matrix(store, items, "embedding").tolist() == expected
        digests = [read_table(store, it, ["text_digest"]) for it in (items, texts)]
        assert digests[0]["text_digest"].to_pylist() == digests[1]["text_digest"].to_pylist()


def test_a_part_may_be_empty(window: Window) -> None:
    assert [len(it) for it in part_of(window, np.zeros(5, bool))] == [0, 0]
    assert part_of(window, np.ones(5, bool)) == window


def test_what_was_a_remark_stays_one(window: Window) -> None:
    clusters = ["c-1", "remarks", "remarks", "c-1", "remarks", "c-1", "c-2", "remarks"]
    assigned = pa.table({"doc_id": [f"d{it}" for it in range(8)], "cluster_id": clusters})
    assert as_before(window, assigned).tolist() == IS_REMARK.tolist()
    gone = pa.table({"doc_id": ["gone"], "cluster_id": ["remarks"]})
    assert not as_before(window, gone).any()


@pytest.fixture
def embedded(store: Store, items: pa.Table, window: Window) -> Embedded:
    texts, documents = (keep_table(store, "t", it) for it in window)
    return Embedded(
        items=keep_table(store, "t", items),
        window=WindowRef(texts=texts, documents=documents),
        embedding_dim=2,
        encoder_digest="e",
        encoder_weights="w",
    )


def judge(monkeypatch: pytest.MonkeyPatch, is_remark: np.ndarray) -> list[Any]:
    """Have the remarks be these, and note what they are judged by."""
    given: list[Any] = []

    def judged(*words: Any) -> np.ndarray:
        given.extend(words)
        return is_remark

    monkeypatch.setattr(apart, "judged", judged)
    return given


def test_themes_go_on_and_remarks_are_kept_beside_them(
    store: Store, embedded: Embedded, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = judge(monkeypatch, IS_REMARK)
    found = set_remarks_apart.fn(store, embedded, None)
    assert given[0] == TEXTS
    assert given[1].shape == (5, 2)
    assert given[2] == found.languages == {"en": 1.0}
    assert found.remarks is not None
    assert read_table(store, found.items)["text_digest"].to_pylist() == [
        digest(it) for it in (0, 2, 4)
    ]
    kept = read_window(store, found.remarks.window)
    assert kept.documents["doc_id"].to_pylist() == ["d1", "d2", "d4", "d7"]
    assert text_of_each(read_window(store, found.window)) | text_of_each(kept) == text_of_each(
        window
    )
    assert len(read_table(store, found.remarks.items)) == 2


def test_without_remarks_the_window_stays_as_it_is(
    store: Store, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(monkeypatch, np.zeros(5, bool))
    found = set_remarks_apart.fn(store, embedded, None)
    assert found == embedded.model_copy(update={"languages": found.languages})


def test_on_a_quiet_night_nothing_is_judged_again(
    store: Store, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = judge(monkeypatch, IS_REMARK)
    assigned = pa.table({"doc_id": ["d4", "d0"], "cluster_id": ["remarks", "c-1"]})
    found = set_remarks_apart.fn(store, embedded, keep_table(store, "t", assigned))
    assert given == []
    assert found.remarks is not None
    assert read_window(store, found.remarks.window).texts["text"].to_pylist() == ["ok"]
