from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from validation.ids import ID_USE, IdKeys, read_quoted
from validation.measure import measure_prepared, measure_raw

Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]
NONE: np.ndarray = np.empty(0, np.int64)


@pytest.fixture(autouse=True)
def _small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validation.measure.ROWS_AT_ONCE", 7)
    monkeypatch.setattr("validation.ids.ROWS_OF_ONE", 7)


def keys_of(frames: Any) -> IdKeys:
    keys = IdKeys()
    assert sum(map(len, keys.noting(frames))) > 0
    return keys


def uses(keys: IdKeys, excluded: np.ndarray = NONE) -> list[str | None]:
    return [None if pd.isna(use) else use for use in keys.uses(excluded)]


def test_an_id_belongs_to_the_first_row_with_a_text(raw_batches: Build) -> None:
    rows = [
        {"doc_id": "a", "text": None},
        {"doc_id": "a", "text": "one"},
        {"doc_id": " a ", "text": "one"},
        {"doc_id": "b", "text": "two"},
        {"doc_id": "a", "text": "two"},
        {"doc_id": None, "text": "one"},
        {"doc_id": "b", "text": "two"},
    ]
    use = [None, "first", "repeat", "first", "conflict", None, "repeat"]
    assert uses(keys_of(measure_raw(raw_batches(rows)))) == use


def test_ids_are_followed_across_frames(raw_batches: Build) -> None:
    rows = [{"doc_id": f"id-{n % 10}", "text": f"text {n % 20}"} for n in range(30)]
    found = uses(keys_of(measure_raw(raw_batches(rows))))
    assert found == ["first"] * 10 + ["conflict"] * 10 + ["repeat"] * 10


def test_an_excluded_row_does_not_keep_its_id(raw_batches: Build) -> None:
    keys = keys_of(measure_raw(raw_batches([{"doc_id": "a", "text": t} for t in "xyyx"])))
    assert uses(keys, np.array([0])) == [None, "first", "repeat", "conflict"]
    assert uses(keys) == ["first", "conflict", "conflict", "repeat"]


def test_a_hash_of_half_the_bits_alone_makes_no_id_another(
    raw_batches: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pd.util.hash_array

    def half(values: np.ndarray, hash_key: str = "", **words: Any) -> np.ndarray:
        found = real(values, **words)
        return np.zeros_like(found) if hash_key.startswith("0") else found

    monkeypatch.setattr("pandas.util.hash_array", half)
    rows = [{"doc_id": it, "text": "one"} for it in "abab"]
    assert uses(keys_of(measure_raw(raw_batches(rows)))) == ["first", "first", "repeat", "repeat"]


def test_every_document_that_shares_its_id_is_found(document_batches: Build) -> None:
    rows: list[dict[str, Any]] = [{"doc_id": "a"}, {}, {"doc_id": " "}, {"doc_id": " "}]
    keys = keys_of(measure_prepared(document_batches([*rows, *[{}] * 9, {"doc_id": "a"}])))
    assert np.flatnonzero(keys.shared()).tolist() == [0, 13]


def test_what_a_reason_quotes_is_read_again_and_nothing_else(raw_batches: Build) -> None:
    batches = raw_batches([{"doc_id": f" {n} ", "n_lines": n} for n in range(20)])

    def read(columns: list[str]) -> list[pa.RecordBatch]:
        return [batch.select(columns) for batch in batches]

    found = read_quoted(read, ["doc_id", "n_lines"], np.array([0, 6, 7, 19]))
    assert found.to_dict("index") == {n: {"doc_id": str(n), "n_lines": n} for n in (0, 6, 7, 19)}
    assert read_quoted(lambda _: pytest.fail("was read"), ["doc_id"], NONE).empty


def test_frames_hold_every_row_and_quote_some(raw_batches: Build) -> None:
    keys = keys_of(measure_raw(raw_batches([{}] * 10)))
    quoted = pd.DataFrame({"doc_id": ["i"]}, index=[8])
    frames = list(keys.frames(ID_USE, keys.uses(NONE), quoted))
    assert [it.position.tolist() for it in frames] == [list(range(7)), [7, 8, 9]]
    assert frames[1].doc_id.fillna("").tolist() == ["", "i", ""]
