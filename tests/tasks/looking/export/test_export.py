"""A night for other programs: what is in it, and that a spreadsheet computes none of it."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from tasks.looking.export import sheets
from tasks.looking.export.atlas import atlas_command, write_atlas
from tasks.looking.export.cells import MAX_CHARS, cell_of, inert_cell
from tasks.looking.export.nearest import NONE, nearest_rows
from tasks.looking.export.rows import Exported, document_rows, export
from tasks.looking.export.sheets import CannotExportError, warnings_of, write_csv, write_xlsx
from tasks.reporting.night_view import NightView
from tasks.store.storage import Store

BAD = '=HYPERLINK("http://x","y")'


def exported(*texts: str) -> Exported:
    documents = [{"doc_id": f"d{n}", "text": text, "margin": -0.5} for n, text in enumerate(texts)]
    return Exported("reviews", "2026-03-01", documents, [{"cluster_id": "c-1", "size": 3}], False)


@pytest.mark.parametrize("text", [BAD, "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert inert_cell(cell_of(text)) == f"'{text}"


def test_numbers_stay_numbers_and_other_texts_as_they_are() -> None:
    assert [inert_cell(cell_of(it)) for it in (-0.5, None, True, "a=1", "")] == [
        -0.5, None, True, "a=1", "",
    ]  # fmt: skip
    assert len(str(cell_of("x" * 40_000))) == MAX_CHARS
    assert len(str(inert_cell(cell_of("=" * 40_000)))) == MAX_CHARS


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    found = exported(BAD, "two\nlines", "x" * 40_000)
    documents, _ = write_csv(found, tmp_path)
    with documents.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[:3] == [
        ["doc_id", "text", "margin"],
        ["d0", f"'{BAD}", "-0.5"],
        ["d1", "two\nlines", "-0.5"],
    ]
    assert [it.split()[0] for it in warnings_of(found)] == ["1", "1"]


def test_a_workbook_has_texts_in_text_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = write_xlsx(exported(BAD, "http://x", "a\x01b"), tmp_path / "night.xlsx")
    book = CalamineWorkbook.from_path(str(file))
    assert book.sheet_names == ["documents", "clusters"]
    rows = book.get_sheet_by_name("documents").to_python()
    assert rows[1] == ["d0", BAD, -0.5]
    assert rows[2][1] == "http://x"
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    with pytest.raises(CannotExportError, match="3 rows at most, got 3 documents; use --csv"):
        write_xlsx(exported("a", "b", "c"), file)


def test_documents_have_the_names_of_their_clusters_and_their_places() -> None:
    clusters = [{"cluster_id": "c-1", "name": "battery", "title": None}]
    tree = [
        {"node_id": "t-1", "parent_id": None, "name": "power"},
        {"node_id": "c-1", "parent_id": "t-1", "name": "battery"},
    ]
    assigned = [
        {"doc_id": "a", "cluster_id": "c-1", "topic_id": "t-1", "confidence": 0.9, "margin": 0.8, "is_outlier": False, "is_new": True}
    ]  # fmt: skip
    view = NightView(None, clusters, [], tree)  # type: ignore[arg-type]
    (row,) = document_rows(view, assigned, {"a": {"text": "it died"}}, {"a": (1.0, 2.0)})
    told = [row[it] for it in ("text", "cluster", "topic", "projection_x", "projection_y")]
    assert told == ["it died", "battery", "power", 1.0, 2.0]
    (row,) = document_rows(view, assigned, {}, {})
    assert "projection_x" not in row


def test_a_published_night_is_read_and_written_for_embedding_atlas(
    store: Store, publish_night: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c"], window=["b"])
    found = export(store)
    assert {row["doc_id"]: row["cluster"] for row in found.documents} == {
        "b": "name of c-1",
        "c": "name of c-2",
    }
    assert [row["text"] for row in found.documents] == ["b", "c"]
    (file,) = write_atlas(found, [NONE, NONE], tmp_path)
    table = pq.read_table(file)
    assert table["text"].to_pylist() == ["b", "c"]
    assert str(table.schema.field("topic").type) == "string"
    assert atlas_command(found, file) == f"embedding-atlas {file} --text text"


def test_a_document_has_its_nearest_ones_and_itself_first() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    rows = nearest_rows(["a", "b", None, "c", "a"], dict(zip("abc", vectors, strict=True)))
    assert rows[2] == NONE
    assert rows[0]["ids"] == [0, 4, 3, 1]
    assert rows[0]["distances"] == pytest.approx([0, 0, 0.4, 1], abs=1e-6)
    assert rows[3]["ids"][:2] == [3, 1]
    assert nearest_rows([None], {}) == [NONE]
