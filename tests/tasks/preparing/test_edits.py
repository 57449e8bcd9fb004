"""Ids that come with another text: what becomes of them, and when it is the ids that are new."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.preparing.batches import batches_of
from tasks.preparing.candidates import AcceptedRows, Plan, plan_rows, prepared_parts
from tasks.preparing.check_prepared import without_refused
from tasks.preparing.columns.known_columns import Known
from tasks.preparing.edits import (
    SAMPLE,
    Changes,
    Edits,
    are_row_numbers,
    decide,
    find_changes,
    have_restarted,
    read_texts,
)
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import NightIds, Seen, seen_on
from tasks.preparing.texts.cleaning import text_digest
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table
from validation.tables.schemas import WITHDRAWALS
from validation.tables.stage_schemas import RAW_ROWS

FIRST, NIGHT = date(2026, 3, 1), date(2026, 3, 2)
COLUMNS = {"doc_id": "id", "text": "text", "withdrawn": "gone"}
SETTINGS = PrepareSettings()


def plan_of(*rows: dict[str, Any]) -> Plan:
    records = [
        {"file": "a.jsonl", "row": n, "raw": json.dumps(row), "source": "a.jsonl", "n_lines": 1}
        | {part: row.get(column) for part, column in COLUMNS.items()}
        for n, row in enumerate(rows, start=1)
    ]
    raw = batches_of(pa.Table.from_pylist(records, schema=RAW_ROWS))
    return plan_rows(
        AcceptedRows(raw, set(), {"a.jsonl": COLUMNS}, {}), Known([], {}), PrepareSettings()
    )


def seen(plan: Plan, texts: Mapping[str, str], later: Mapping[str, str] | None = None) -> Seen:
    """What is known after a first night with these texts, and one after tonight with others."""
    nights = [(FIRST, texts), (date(2026, 3, 3), later or {})]
    ids = [
        NightIds(
            night,
            pa.table(
                {
                    "doc_id": pa.array(list(held), pa.string()),
                    "text_digest": pa.array([text_digest(None, it) for it in held.values()], pa.string()),
                }
            ),
        )
        for night, held in nights
    ]  # fmt: skip
    return seen_on(NIGHT, ids, plan.rows.ids())


def prepared(
    known: Mapping[str, str],
    *rows: dict[str, Any],
    on_change: Any = "replace",
    later: Mapping[str, str] | None = None,
) -> dict[str, list[tuple[Any, ...]]]:
    """Every table as the columns that tell of an edit."""
    plan = plan_of(*rows)
    before = seen(plan, known, later)
    edits = Edits()
    if on_change != "refuse":
        edits = decide(find_changes(plan, before, SETTINGS), on_change, lambda asked: {
            doc_id: known[doc_id] for doc_id in asked
        })  # fmt: skip
    parts = list(prepared_parts(plan, before, SETTINGS, edits.replaced, edits.kept))
    columns = {
        "candidates": ("doc_id", "text", "duplicate_of", "reused_on"),
        "duplicates": ("row", "doc_id", "duplicate_of", "kind", "first_night"),
        "withdrawn": ("row", "doc_id", "kind", "first_night"),
    }
    return {
        name: [tuple(row[it] for it in kept) for part in parts for row in part[name].to_pylist()]
        for name, kept in columns.items()
    }


OLD = {"a": "The kettle leaks.", "b": "The lid is loose.", "c": "It hums all night."}


def test_a_new_text_takes_the_place_of_the_old_one_and_a_repeat_stays_one() -> None:
    found = prepared(
        OLD, {"id": "a", "text": "The kettle leaks again."}, {"id": "b", "text": OLD["b"]}
    )
    assert found["candidates"] == [("a", "The kettle leaks again.", None, None)]
    assert found["duplicates"] == [(2, "b", "b", "same_row", "2026-03-01")]
    assert found["withdrawn"] == [(1, "a", "replaced", "2026-03-01")]


def test_the_old_text_may_be_kept() -> None:
    found = prepared(OLD, {"id": "a", "text": "The kettle leaks again."}, on_change="keep")
    assert found["candidates"] == found["withdrawn"] == []
    assert found["duplicates"] == [(1, "a", "a", "kept", "2026-03-01")]


def test_or_the_row_refused() -> None:
    found = prepared(OLD, {"id": "a", "text": "The kettle leaks again."}, on_change="refuse")
    assert found["candidates"] == [("a", "The kettle leaks again.", None, "2026-03-01")]
    assert found["duplicates"] == found["withdrawn"] == []


@pytest.mark.parametrize("is_first", [True, False])
def test_the_old_text_is_free_wherever_its_row_stands(is_first: bool) -> None:
    rows = [{"id": "a", "text": "The kettle leaks again."}, {"id": "new", "text": OLD["a"]}]
    found = prepared(OLD, *(rows if is_first else rows[::-1]))
    assert {doc_id: first for doc_id, _, first, _ in found["candidates"]} == {
        "a": None,
        "new": None,
    }


def test_a_withdrawal_counts_more_than_an_edit() -> None:
    found = prepared(
        OLD, {"id": "a", "text": "The kettle leaks again."}, {"id": "a", "gone": "yes"}
    )
    assert found["candidates"] == []
    assert found["withdrawn"] == [
        (1, "a", "held_back", "2026-03-01"),
        (2, "a", "known", "2026-03-01"),
    ]


def test_an_edit_without_a_text_replaces_nothing() -> None:
    found = prepared(OLD, {"id": "a", "text": " "})
    assert found["withdrawn"] == []
    assert [doc_id for doc_id, *_ in found["candidates"]] == ["a"]  # and the check refuses it


def test_what_a_later_night_has_stays_its_own() -> None:
    """Where tonight is backfilled."""
    rows = {"id": "a", "text": "The kettle leaks again."}
    found = prepared(OLD, rows, later={"a": "The kettle is mended."})
    assert found["withdrawn"] == []
    assert found["candidates"] == [("a", "The kettle leaks again.", None, "2026-03-03")]


def test_a_second_edit_replaces_the_first_and_may_go_back() -> None:
    plan = plan_of({"id": "a", "text": OLD["a"]})
    nights = [
        NightIds(FIRST, digests({"a": OLD["a"]})),
        NightIds(NIGHT, digests({"a": "The kettle leaks again."}), ["a"]),
    ]
    before = seen_on(date(2026, 3, 3), nights, plan.rows.ids())
    changes = find_changes(plan, before, SETTINGS)
    assert changes == Changes(1, {"a": OLD["a"]}, {"a": "2026-03-02"})


def digests(texts: Mapping[str, str]) -> pa.Table:
    ids, values = list(texts), [text_digest(None, it) for it in texts.values()]
    return pa.table({"doc_id": ids, "text_digest": values})


WORDS = [
    "kettle",
    "lid",
    "handle",
    "spout",
    "cord",
    "plate",
    "switch",
    "lamp",
    "base",
    "filter",
    "gasket",
    "knob",
    "scale",
    "leaks",
    "hums",
]


def texts_of(n: int, seed: int, template: str = "{}") -> dict[str, str]:
    rng = np.random.default_rng(seed)
    return {
        f"d{number}": template.format(" ".join(rng.choice(WORDS, 6)) + f" {rng.integers(10_000)}")
        for number in range(n)
    }


def changed(old: dict[str, str], new: dict[str, str], n_known: int | None = None) -> Changes:
    return Changes(n_known or len(old), new, dict.fromkeys(new, "2026-03-01"))


TEMPLATE = "Dear team, thank you for your mail about my order. {}. Please call me back at noon."


@pytest.mark.parametrize("template", ["{}", TEMPLATE])
@pytest.mark.parametrize("n", [6, 20, 300])
def test_ids_that_start_again_are_told_from_edits_however_alike_all_texts_are(
    template: str, n: int
) -> None:
    old = texts_of(n, 0, template)
    assert have_restarted(changed(old, texts_of(n, 1, template)), old)
    edited = {
        doc_id: text.replace("kettle", "pot") + " Edit: solved." for doc_id, text in old.items()
    }
    assert not have_restarted(changed(old, edited), old)


def test_ids_that_start_again_in_a_script_without_spaces() -> None:
    signs = list("水壶漏水盖子松了整夜嗡鸣电线太短开关坏灯不亮底座烫手过滤网脏把断")
    rng = np.random.default_rng(0)
    old, new = ({f"d{n}": "".join(rng.choice(signs, 20)) for n in range(30)} for _ in range(2))
    assert have_restarted(changed(old, new), old)
    assert not have_restarted(
        changed(old, {it: text[:15] + "好了" for it, text in old.items()}), old
    )


def test_few_rewritten_texts_or_few_among_many_are_edits() -> None:
    old, new = texts_of(4, 0), texts_of(4, 1)
    assert not have_restarted(changed(old, new), old)
    old, new = texts_of(30, 0), texts_of(30, 1)
    assert have_restarted(changed(old, new, n_known=50), old)
    assert not have_restarted(changed(old, new, n_known=100), old)


def test_row_numbers_are_no_ids_however_alike_two_nights_are_row_by_row() -> None:
    old = {str(n): text for n, text in enumerate(texts_of(30, 0).values())}
    new = {doc_id: f"{text} today" for doc_id, text in old.items()}
    assert not have_restarted(changed(old, new), old)
    assert have_restarted(replace(changed(old, new), are_row_numbers=True), old)
    some = {doc_id: new[doc_id] for doc_id in list(new)[:20]}
    kept = {doc_id: old[doc_id] for doc_id in some}
    assert not have_restarted(replace(changed(old, some, 30), are_row_numbers=True), kept)


@pytest.mark.parametrize(
    ("ids", "are_numbers"),
    [("0 1 2", True), ("3 1 2", True), ("2 3 4", False), ("1 2 4", False), ("01 02 03", False)],
)
def test_row_numbers_are_a_count_from_0_or_1(ids: str, are_numbers: bool) -> None:
    assert are_row_numbers(set(ids.split())) == are_numbers


def test_texts_that_are_not_known_any_more_tell_nothing() -> None:
    old, new = texts_of(30, 0), texts_of(30, 1)
    assert not have_restarted(changed(old, new), {})


def test_where_ids_start_again_nothing_is_replaced() -> None:
    old, new = texts_of(30, 0), texts_of(30, 1)
    assert decide(changed(old, new), "replace", lambda _: old) == Edits(n_restarted_of=30)
    assert decide(changed(old, new), "keep", lambda _: old) == Edits(kept=new.keys())


def test_of_many_changed_ids_some_are_looked_at() -> None:
    old, new = texts_of(5 * SAMPLE, 0), texts_of(5 * SAMPLE, 1)
    asked: dict[str, str] = {}

    def read(wanted: Mapping[str, str]) -> dict[str, str]:
        asked.update(wanted)
        return {doc_id: old[doc_id] for doc_id in wanted}

    assert decide(changed(old, new), "replace", read).n_restarted_of == 5 * SAMPLE
    assert len(asked) == SAMPLE


def test_a_first_night_is_not_read_for_edits() -> None:
    def unread(columns: list[str] | None = None, /) -> list[pa.RecordBatch]:
        raise AssertionError(f"read {columns}")

    plan = Plan(AcceptedRows(unread, set(), {}, {}), set(), plan_of().own)
    assert find_changes(plan, Seen(NIGHT), SETTINGS) == Changes()


def test_a_row_without_a_text_and_one_of_a_withdrawn_id_change_nothing() -> None:
    plan = plan_of(
        {"id": "a", "text": "It sings."},
        {"id": "a", "gone": "yes"},
        {"id": "b", "text": "<b> </b>"},
    )
    found = find_changes(plan, seen(plan, OLD), SETTINGS)
    assert (found.n_known, dict(found.texts)) == (1, {})


def test_one_earlier_text_that_is_left_tells_by_itself() -> None:
    new = {f"d{n}": f"The kettle leaks, part {n}" for n in range(10)}
    changes = Changes(10, new, dict.fromkeys(new, "2026-03-01"))
    assert have_restarted(changes, {"d3": "Ein Hut"})
    assert not have_restarted(changes, {"d3": "The kettle leaks"})


def test_four_ids_that_say_something_else_are_four_edits_and_five_are_a_restart() -> None:
    for n, restarted in ((4, False), (5, True)):
        new = {f"d{at}": chr(97 + at) * 9 for at in range(n)}
        changes = Changes(n, new, dict.fromkeys(new, "2026-03-01"))
        assert have_restarted(changes, {doc_id: "0123456789" for doc_id in new}) is restarted
    # Case is no difference: all of these are edits.
    new = {f"d{at}": f"{chr(97 + at) * 9} leaks" for at in range(6)}
    changes = Changes(6, new, dict.fromkeys(new, "2026-03-01"))
    assert not have_restarted(changes, {it: text.upper()[:9] for it, text in new.items()})


def test_a_row_that_is_refused_replaces_nothing() -> None:
    lines = [
        {"file": "a", "row": row, "doc_id": f"d{row}", "kind": kind, "first_night": "2026-03-01"}
        for row, kind in ((1, "replaced"), (2, "replaced"), (3, "known"))
    ]
    withdrawn = pa.Table.from_pylist(lines, schema=WITHDRAWALS)
    refused = pa.table({"file": ["a", "a", "b"], "row": [2, 3, 1]})
    assert without_refused(withdrawn, refused)["row"].to_pylist() == [1, 3]


def test_old_texts_are_read_from_the_nights_that_have_them(tmp_path: Path) -> None:
    store = Store(root=tmp_path, feed="f", night=NIGHT)
    first = keep_table(store, "x", pa.table({"doc_id": ["a", "b"], "text": ["one", "two"]}))
    pruned = keep_table(store, "x", pa.table({"doc_id": ["c"], "text_digest": ["0"]}))
    nights = [
        NightTable(night=date(2026, 2, 1), table=pruned),
        NightTable(night=FIRST, table=first),
    ]
    wanted = {"b": "2026-03-01", "c": "2026-02-01", "a": "2026-02-01"}
    assert read_texts(store, nights, wanted) == {"b": "two"}
