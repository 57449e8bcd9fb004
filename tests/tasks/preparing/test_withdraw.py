"""Withdrawn and late documents, through the stages that read and prepare a night."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tasks.preparing.check_prepared import Documents, check_prepared
from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.preparing.counts import rows_said
from tasks.preparing.prepare import prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.withdraw import EmptyWindowError, withdraw, withdrawn_masks
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.history import NightTable
from tasks.store.storage import Store, read_table
from validation.usual import UsualNight

Row = dict[str, Any]
Night = Callable[..., Documents]

GONE: Row = {"deleted": True}


def doc(doc_id: str, text: str | None = None, **more: Any) -> Row:
    return {"id": doc_id, "text": text or f"The text of {doc_id} is long enough.", **more}


@pytest.fixture
def past() -> list[NightTable]:
    return []


@pytest.fixture
def run(store: Store, past: list[NightTable]) -> Night:
    """Run a night of March up to its documents, after the nights that were run before."""

    def ran(day: int, *rows: Row, others: list[NightTable] | None = None) -> Documents:
        tonight = store.model_copy(update={"night": date(2026, 3, day)})
        folder = store.root.parent / f"feed-{day}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        known = others if others is not None else past
        settings = CheckSettings(max_refused_share=1.0)
        raw = read_feed(tonight, find_pieces(tonight, str(folder)), IngestSettings())
        check = check_raw.fn(tonight, raw, settings, UsualNight())
        prepared = prepare.fn(tonight, check, known, PrepareSettings(), "refuse")
        last = known[-1] if known else None
        documents = check_prepared.fn(
            tonight, prepared, check, settings.document_bounds(10_000, UsualNight()), last
        )
        if others is None:
            past.append(documents.tonight(tonight))
        return documents

    return ran


def ids(store: Store, found: Documents) -> list[str]:
    return read_table(store, found.tables["documents"], ["doc_id"])["doc_id"].to_pylist()


def told(store: Store, found: Documents) -> list[tuple[str, str, str | None]]:
    rows = read_table(store, found.tables["withdrawn"]).to_pylist()
    return [(row["doc_id"], row["kind"], row["first_night"]) for row in rows]


def window(store: Store, past: list[NightTable]) -> list[list[str]]:
    left = withdraw.fn(store.model_copy(update={"night": past[-1].night}), past).nights
    return [read_table(store, it.table, ["doc_id"])["doc_id"].to_pylist() for it in left]


def test_a_withdrawn_document_leaves_the_window(
    run: Night, store: Store, past: list[NightTable]
) -> None:
    run(1, doc("a"), doc("b"))
    found = run(2, doc("c"), {"id": " a ", **GONE})
    assert ids(store, found) == ["c"]
    assert told(store, found) == [("a", "known", "2026-03-01")]
    assert found.counts.model_dump(exclude_none=True) == {
        "read": 2, "accepted": 1, "duplicate": 0, "quarantined": 0,
        "withdrawn": 1, "without_text": 0, "replaced": 0, "late": 0,
    }  # fmt: skip
    assert window(store, past) == [["b"], ["c"]]
    assert ids(store, run(3, doc("d"))) == ["d"]
    assert window(store, past) == [["b"], ["c"], ["d"]]
    # Only the night that loses a document is written again.
    left = withdraw.fn(store, past).nights
    assert [one.table == two.table for one, two in zip(left, past, strict=True)] == [
        False, True, True,
    ]  # fmt: skip


def test_a_withdrawal_holds_wherever_it_stands_in_the_feed(run: Night, store: Store) -> None:
    found = run(1, doc("a"), {"id": "a", **GONE}, doc("a"), {"id": "a", **GONE}, doc("b"))
    assert ids(store, found) == ["b"]
    assert told(store, found) == [
        ("a", "held_back", None), ("a", "unknown", None), ("a", "held_back", None),
        ("a", "repeat", "2026-03-01"),
    ]  # fmt: skip
    assert found.counts.withdrawn == 4


def test_a_feed_that_grows_says_it_again_and_again(run: Night, store: Store) -> None:
    run(1, doc("a"), doc("b"))
    grown = [doc("a"), doc("b"), {"id": "a", **GONE}]
    run(2, *grown)
    found = run(3, *grown, doc("c"))
    assert ids(store, found) == ["c"]
    assert told(store, found) == [("a", "held_back", None), ("a", "repeat", "2026-03-02")]
    assert (found.counts.duplicate, found.counts.withdrawn) == (1, 2)


def test_a_document_that_comes_back_is_one_again(
    run: Night, store: Store, past: list[NightTable]
) -> None:
    run(1, doc("a"), doc("b"))
    run(2, {"id": "a", **GONE}, doc("c"))
    assert ids(store, run(3, doc("a"), doc("d"))) == ["a", "d"]
    assert window(store, past) == [["b"], ["c"], ["a", "d"]]
    assert run(4, doc("a"), doc("e")).counts.duplicate == 1
    found = run(5, {"id": "a", **GONE})
    assert told(store, found) == [("a", "known", "2026-03-03")]
    assert window(store, past) == [["b"], ["c"], ["d"], ["e"], []]
    assert ids(store, run(6, doc("a", "It comes back with other words."))) == ["a"]


def test_an_unknown_id_is_withdrawn_for_tonight_only(run: Night, store: Store) -> None:
    assert told(store, run(1, doc("b"), {"id": "a", **GONE})) == [("a", "unknown", None)]
    assert told(store, run(2, doc("c"), {"id": "a", **GONE})) == [("a", "repeat", "2026-03-01")]
    assert ids(store, run(3, doc("a"))) == ["a"]


def test_nothing_points_at_a_withdrawn_text(run: Night, store: Store) -> None:
    run(1, doc("a", "One text for all of them."), doc("b", "One text for all of them."))
    found = run(2, {"id": "a", **GONE}, doc("c", "One text for all of them."))
    rows = read_table(store, found.tables["documents"]).to_pylist()
    assert [(row["doc_id"], row["duplicate_of"]) for row in rows] == [("c", "b")]


def test_a_file_of_withdrawals_needs_no_texts_and_gives_no_columns(
    run: Night, store: Store, past: list[NightTable]
) -> None:
    run(1, doc("a", likes=1), doc("b", likes=2))
    found = run(2, {"id": "a", "deleted_at": "2026-03-02", "why": "asked for"})
    assert told(store, found) == [("a", "known", "2026-03-01")]
    assert "why" not in read_table(store, found.tables["documents"]).column_names
    assert window(store, past) == [["b"], []]


def test_a_row_that_says_something_else_is_quarantined(run: Night, store: Store) -> None:
    found = run(1, doc("a", deleted="perhaps"), doc("b", deleted="no"))
    assert ids(store, found) == ["b"]
    (row,) = read_table(store, found.tables["quarantine"]).to_pylist()
    assert (row["rule_id"], row["reason"]) == (
        "withdrawal_parses", "withdrawn 'perhaps' is neither yes nor no nor a date",
    )  # fmt: skip


def test_a_window_without_a_document_is_an_error(
    run: Night, store: Store, past: list[NightTable]
) -> None:
    run(1, doc("a"))
    run(2, {"id": "a", **GONE})
    with pytest.raises(EmptyWindowError, match="no document is left in the window of night 2026"):
        window(store, past)


def test_late_documents_are_counted(run: Night) -> None:
    dates = ("2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-05", None)
    rows = [doc(f"d{number}", date=stamp) for number, stamp in enumerate(dates)]
    first = run(4, doc("a", date="2020-01-01"), doc("b", date="2026-03-04T12:00:00Z"))
    assert first.counts.late == 0
    counts = run(6, *rows).counts
    assert (counts.accepted, counts.late) == (4, 1)
    assert rows_said(counts.model_dump()) == (
        "read 4 = accepted 4 + duplicate 0 + quarantined 0; 1 late document"
    )
    told = rows_said(counts.model_dump() | {"read": 7, "withdrawn": 3, "late": 0})
    assert told == "read 7 = accepted 4 + duplicate 0 + quarantined 0 + withdrawn 3"


def test_documents_of_years_ago_are_late_only_behind_those_that_were_read(run: Night) -> None:
    run(4, doc("a", date="2012-06-01T18:00:00Z"), doc("b", date="2012-05-30"))
    rows = [doc("c", date="2012-06-01T06:00:00Z"), doc("d", date="2012-05-31T23:00:00Z")]
    assert run(5, *rows).counts.late == 1
    undated = run(6, doc("e"))
    assert undated.counts.late == 0
    assert run(7, doc("f", date="2026-03-05T23:00:00Z")).counts.late == 1


def test_a_night_that_is_made_up_for_leaves_later_nights_their_documents(
    run: Night, store: Store, past: list[NightTable]
) -> None:
    first = run(1, doc("a"), doc("x"))
    run(4, doc("b"), doc("c", "A text of the fourth night."))
    run(5, {"id": "x", **GONE})
    run(6, doc("x"))
    found = run(3, doc("b"), doc("c", "Another text."), doc("d", "A text of the fourth night."),
                doc("e"), others=past)  # fmt: skip
    rows = read_table(store, found.tables["documents"]).to_pylist()
    assert [(row["doc_id"], row["duplicate_of"]) for row in rows] == [("d", None), ("e", None)]
    assert (found.counts.duplicate, found.counts.quarantined) == (1, 1)
    # The same night again, now with later ones: it keeps what was withdrawn and came back later.
    again = run(1, doc("a"), doc("x"), others=past[1:])
    assert again.tables["documents"].sha256 == first.tables["documents"].sha256


def test_a_night_loses_what_later_nights_withdrew_and_not_what_it_withdrew_itself() -> None:
    newest_first = [
        (pa.chunked_array([["d", "a"]]), ["d", "b"]),
        (pa.chunked_array([["b", "c"]]), ["a"]),
        (pa.chunked_array([["a"], ["d", "e"]]), []),
    ]
    masks = [mask.to_pylist() for mask in withdrawn_masks(newest_first)]
    assert masks == [[False, False], [True, False], [True, True, False]]
