"""The work of `prepare` on rows in memory; as a stage, and from files: test_prepare.py."""

import json
from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tasks.preparing.batches import batches_of
from tasks.preparing.candidates import AcceptedRows, plan_rows, prepared_parts
from tasks.preparing.columns.known_columns import Known
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import Seen
from validation.tables.stage_schemas import RAW_ROWS

NIGHT = date(2026, 3, 2)
JSON = st.sampled_from([None, 2**70, 0.1, "x, y]", [1, {"text": "[,"}], {"b": None}])
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


def prepared(
    rows: AcceptedRows, before: Seen | None = None, mail: bool = False
) -> dict[str, list[dict[str, Any]]]:
    settings = PrepareSettings(mail=mail)
    plan = plan_rows(rows, Known([], {}), settings)
    parts = list(prepared_parts(plan, before or Seen(NIGHT), settings))
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
    (batch,) = rows.batches()
    assert rows.own_parts(batch) == [{"stars": 5, "tags": ["x"]}]


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
        PrepareSettings(),
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


FOOT = "Confidential: do not read"


def mails(n: int, foot: str) -> list[dict[str, Any]]:
    return [
        {"id": f"m{i}", "text": f"The {i}th kettle leaks\n> quote {i}\n{foot}"} for i in range(n)
    ]


def test_a_mail_is_whole_in_its_row_and_cut_where_it_is_embedded() -> None:
    marked_up = {"id": "h", "text": f"<p>Hello</p>\n{FOOT}"}
    only_quotes = {"id": "q", "text": "> all of it"}
    rows = accepted(*mails(20, FOOT), only_quotes, marked_up)
    found = {row["doc_id"]: row for row in prepared(rows, mail=True)["candidates"]}
    assert found["m3"]["text"] == f"The 3th kettle leaks > quote 3 {FOOT}"
    assert found["m3"]["cut_text"] == "The 3th kettle leaks"
    assert [found[it]["cut_text"] for it in ("q", "h")] == [None, None]
    assert "cut_text" not in prepared(rows)["candidates"][0]


def test_a_mail_is_known_again_whatever_lines_repeat() -> None:
    first = prepared(accepted(*mails(20, FOOT)), mail=True)["candidates"]
    again = Seen(NIGHT, {row["doc_id"]: (row["text_digest"], "2026-03-01") for row in first})
    found = prepared(accepted(*mails(5, FOOT)), again, mail=True)
    assert found["candidates"] == []
    assert {row["kind"] for row in found["duplicates"]} == {"same_row"}


def test_mails_that_differ_in_their_quotes_have_one_text() -> None:
    texts = ("The kettle leaks", "The kettle leaks\n-- \nAnn", "The kettle leaks\n> Dear Ann")
    rows = accepted(*({"id": str(n), "text": text} for n, text in enumerate(texts)))
    found = prepared(rows, mail=True)["candidates"]
    assert [row["duplicate_of"] for row in found] == [None, "0", "0"]
    assert [row["cut_text"] for row in found] == [None, "The kettle leaks", "The kettle leaks"]


@given(st.lists(st.dictionaries(st.sampled_from(["text", "a", "b", "\ud83d"]), JSON), max_size=4))
def test_own_parts_are_those_of_each_row_alone(values: list[dict[str, Any]]) -> None:
    columns = {"a.jsonl": {"text": "text"}, "b.jsonl": {"text": "b", "title": "absent"}}
    rows = [
        {"file": "ab"[n % 2] + ".jsonl", "raw": f" {json.dumps(it)} "}
        for n, it in enumerate(values)
    ]
    found = AcceptedRows(batches_of(RAW_ROWS.empty_table()), set(), columns, {}).own_parts(rows)
    assert found == [
        {key: value for key, value in it.items() if key not in columns[row["file"]].values()}
        for row, it in zip(rows, values, strict=True)
    ]
