"""The work of `prepare` on rows in memory; as a stage, and from files: test_prepare.py."""

import json
from datetime import date
from typing import Any

import pyarrow as pa

from tasks.preparing.batches import batches_of
from tasks.preparing.candidates import AcceptedRows, PrepareSettings, plan_rows, prepared_parts
from tasks.preparing.known_columns import Known
from tasks.preparing.seen import Seen
from validation.schemas import RAW_ROWS

NIGHT = date(2026, 3, 2)
COLUMNS = {"doc_id": "id", "text": "text", "withdrawn": "gone"}


def accepted(
    *rows: dict[str, Any],
    refused: set[int] | None = None,
    columns: dict[str, str] = COLUMNS,
    batch: int = 2,
) -> AcceptedRows:
    """Rows as the reader keeps them, in batches of some."""
    records = [
        {"file": "a.jsonl", "row": n, "raw": json.dumps(row), "source": "a.jsonl", "n_lines": 1}
        | {part: row.get(column) for part, column in columns.items()}
        for n, row in enumerate(rows, start=1)
    ]
    table = pa.Table.from_pylist(records, schema=RAW_ROWS)
    split = pa.Table.from_batches(table.to_batches(max_chunksize=batch), RAW_ROWS)
    return AcceptedRows(batches_of(split), refused or set(), {"a.jsonl": columns}, {})


def prepared(rows: AcceptedRows, before: Seen | None = None) -> dict[str, list[dict[str, Any]]]:
    plan = plan_rows(rows, Known([], {}))
    parts = list(prepared_parts(plan, before or Seen(NIGHT), PrepareSettings()))
    return {
        name: [row for part in parts for row in part[name].to_pylist()] for name in plan.schemas()
    }


def test_accepted_rows_keep_their_positions_and_lose_white_space_around_ids() -> None:
    rows = accepted({"id": " a "}, {"id": "b"}, {"id": "c"}, {"id": "\td"}, refused={1, 2})
    found = [[(row["position"], row["doc_id"]) for row in batch] for batch in rows.batches()]
    assert found == [[(0, "a")], [(3, "d")]]


def test_refused_rows_withdraw_nothing() -> None:
    rows = accepted({"id": "a", "gone": "yes"}, {"id": "b", "gone": "2026-03-01"}, refused={0})
    assert rows.withdrawn_ids() == {"b"}


def test_a_feed_without_a_column_of_withdrawals_is_not_read_for_any() -> None:
    def unread(columns: list[str] | None = None, /) -> list[pa.RecordBatch]:
        raise AssertionError(f"read {columns}")

    columns = {"a.jsonl": {"doc_id": "id", "text": "text"}}
    assert AcceptedRows(unread, set(), columns, {}).withdrawn_ids() == set()


def test_the_feeds_own_part_of_a_row_is_what_nightfold_does_not_read() -> None:
    rows = accepted({"id": "a", "text": "t", "gone": None, "stars": 5, "tags": ["x"]})
    ((row,),) = rows.batches()
    assert rows.own_part(row) == {"stars": 5, "tags": ["x"]}


def test_every_row_is_in_one_table() -> None:
    found = prepared(
        accepted(
            {"id": "a", "text": "one text", "stars": 1},
            {"id": "b", "text": "<p>one text</p>"},
            {"id": "a", "text": "one text"},
            {"id": "c", "text": "another", "stars": 2},
            {"id": "d", "gone": "true"},
        )
    )
    assert [(row["doc_id"], row["duplicate_of"], row["stars"]) for row in found["candidates"]] == [
        ("a", None, 1.0), ("b", "a", None), ("c", None, 2.0),
    ]  # fmt: skip
    assert [(row["row"], row["kind"]) for row in found["duplicates"]] == [
        (2, "same_text"), (3, "same_row"),
    ]  # fmt: skip
    assert [(row["row"], row["kind"]) for row in found["withdrawn"]] == [(5, "unknown")]


def test_a_withdrawal_holds_for_the_rows_above_it() -> None:
    before = Seen(NIGHT, {"a": ("x", "2026-03-01")})
    rows = accepted({"id": "a", "text": "x"}, {"id": "b", "text": "y"}, {"id": "a", "gone": "1"},
                    {"id": "a", "gone": "1"})  # fmt: skip
    found = prepared(rows, before)
    assert [row["doc_id"] for row in found["candidates"]] == ["b"]
    assert [(row["kind"], row["first_night"]) for row in found["withdrawn"]] == [
        ("held_back", "2026-03-01"), ("known", "2026-03-01"), ("repeat", "2026-03-02"),
    ]  # fmt: skip


def test_columns_of_rows_that_leave_are_no_columns_of_tonight() -> None:
    plan = plan_rows(
        accepted({"id": "a", "text": "t", "why": "x", "gone": "1"}, {"id": "b", "text": "t"}),
        Known([], {}),
    )
    assert plan.leaving == {"a"}
    assert "why" not in plan.schemas()["candidates"].names


def test_no_rows_are_no_parts() -> None:
    assert prepared(accepted()) == {"candidates": [], "duplicates": [], "withdrawn": []}


def test_a_title_without_a_text_is_the_text() -> None:
    columns = COLUMNS | {"title": "title"}
    rows = accepted(
        {"id": "a", "text": None, "title": "Broken lid"},
        {"id": "b", "text": "<p> </p>", "title": "Leaks"},
        {"id": "c", "text": "It leaks", "title": "Leaks"},
        {"id": "d", "text": "Leaks", "title": None},
        columns=columns,
    )
    found = prepared(rows)
    texts = [(row["text"], row["title"], row["duplicate_of"]) for row in found["candidates"]]
    assert texts == [
        ("Broken lid", None, None),
        ("Leaks", None, None),
        ("It leaks", "Leaks", None),
        ("Leaks", None, "b"),
    ]
