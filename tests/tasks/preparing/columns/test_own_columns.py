"""The feed's own columns over many nights, as prepared and as the usual libraries read them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.frame.stage import cache_key
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.checks import REFUSED
from tasks.preparing.columns.known_columns import RESERVED, Known, read_known
from tasks.preparing.columns.own_columns import ColumnChange, plan_columns
from tasks.preparing.prepare import prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_bytes, keep_table, read_table
from validation.tables.schemas import DOCUMENTS

NOTHING = Known([], {})


class Nights:
    """Nights of one feed, each prepared with what the others have published."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.past: dict[int, NightTable] = {}
        self.changes: list[ColumnChange] = []

    def store(self, day: int) -> Store:
        return Store(root=self.root / "store", feed="f", night=date(2026, 3, day))

    def run(self, day: int, rows: list[dict[str, Any]] | pa.Table) -> pa.Table:
        """Prepare a night and publish its documents."""
        store, others = self.store(day), [it for key, it in self.past.items() if key != day]
        raw = read_feed(store, find_pieces(store, str(self._feed(day, rows))), IngestSettings())
        check = CheckedFeed(
            raw=raw,
            checks={"raw": keep_bytes(store, "check", b"{}", ".json")},
            refused=keep_table(store, "check", REFUSED.empty_table()),
        )
        prepared = prepare.fn(store, check, others, PrepareSettings(), "refuse")
        self.changes = prepared.column_changes
        table = read_table(store, prepared.candidates).drop_columns(["position", "reused_on"])
        self.past[day] = NightTable(night=store.night, table=keep_table(store, "documents", table))
        folder = store.partition("documents")
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / "part-0.parquet")
        return table

    def _feed(self, day: int, rows: list[dict[str, Any]] | pa.Table) -> Path:
        folder = self.root / f"feed-{day}"
        folder.mkdir(exist_ok=True)
        if isinstance(rows, pa.Table):
            ids = [f"{day}-{n}" for n in range(len(rows))]
            pq.write_table(
                rows.append_column("id", [ids]).append_column("text", [ids]), folder / "a.parquet"
            )
        else:
            lines = (
                json.dumps({"id": f"{day}-{n}", "text": f"text {day} {n}"} | row) + "\n"
                for n, row in enumerate(rows)
            )
            (folder / "a.jsonl").write_text("".join(lines), "utf-8")
        return folder

    @property
    def documents(self) -> str:
        return str(self.root / "store" / "documents")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def own(table: pa.Table) -> dict[str, str]:
    """Name → type of the feed's own columns."""
    return {it.name: str(it.type) for it in table.schema if it.name not in DOCUMENTS.names}


def values(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(list(own(table))).to_pylist()
    return rows


@pytest.fixture
def four_nights(nights: Nights) -> Nights:
    """`stars` whole, then with halves, then partly a word, then null; a column goes, others come."""
    nights.run(1, [{"stars": n, "product": "kettle"} for n in (1, 2, 5)])
    nights.run(2, [{"stars": n + 0.5} for n in (1, 2, 5)])
    nights.run(3, [{"stars": 2}, {"stars": "four", "extra": True}, {"stars": 5}])
    nights.run(4, [{"stars": None, "product": "lamp", "country": "NL"}])
    return nights


def test_a_column_keeps_its_type_over_all_nights(four_nights: Nights) -> None:
    schemas = [own(read_table(four_nights.store(1), it.table)) for it in four_nights.past.values()]
    assert schemas[0] == {"stars": "double", "product": "string"}
    assert schemas[1] == schemas[0]
    assert schemas[2] == schemas[1] | {"extra": "bool", "stars_text": "string"}
    assert schemas[3] == schemas[2] | {"country": "string"}
    assert [list(it) for it in schemas] == [list(schemas[3])[: len(it)] for it in schemas]


def test_what_does_not_fit_is_null_and_its_text_stands_beside(nights: Nights) -> None:
    nights.run(1, [{"stars": 1}])
    table = nights.run(2, [{"stars": 2}, {"stars": "four"}, {"stars": [1]}, {}])
    assert values(table) == [
        {"stars": 2.0, "stars_text": None},
        {"stars": None, "stars_text": "four"},
        {"stars": None, "stars_text": "[1]"},
        {"stars": None, "stars_text": None},
    ]


def test_a_change_is_said_with_its_first_row(
    nights: Nights, caplog: pytest.LogCaptureFixture
) -> None:
    nights.run(1, [{"stars": 1, "colour": "red"}])
    assert nights.changes == []
    nights.run(
        2, [{"stars": 2, "colour": "blue"}, {"stars": "four"}, {"stars": False, "colour": 3}]
    )
    assert [change.sentence() for change in nights.changes] == [
        "column 'stars' is of type double, and tonight 2 rows hold text and true or false, first"
        " a.jsonl row 2: null there, with the text in 'stars_text'",
        "column 'colour' is of type string, and tonight 1 row holds numbers, first a.jsonl row 3:"
        " kept there as text",
    ]
    assert all(change.sentence() in caplog.text for change in nights.changes)


def test_a_row_that_is_no_new_document_changes_nothing(nights: Nights) -> None:
    nights.run(1, [{"id": "a", "text": "a", "stars": 1}])
    nights.run(2, [{"id": "a", "text": "a", "stars": "four"}, {"id": "b", "text": "b"}])
    assert nights.changes == []


def test_duckdb_polars_and_pandas_read_all_nights_together(four_nights: Nights) -> None:
    """The recipes of docs/tables.md, and the plain glob that cut values and said nothing."""
    stars, glob = (
        [1.0, 2.0, 5.0, 1.5, 2.5, 5.5, 2.0, None, 5.0, None],
        f"{four_nights.documents}/*/*/*.parquet",
    )
    columns = ["stars", "product", "extra", "stars_text", "country"]
    plain = duckdb.sql(f"select stars from '{glob}' order by night, doc_id").fetchall()
    assert [row[0] for row in plain] == stars
    by_name = duckdb.sql(
        f"select * from read_parquet('{glob}', union_by_name = true) order by night, doc_id"
    )
    assert [row[0] for row in by_name.project("stars").fetchall()] == stars
    assert set(columns) <= set(by_name.columns)

    last = f"{four_nights.documents}/feed=f/night=2026-03-04"
    schema = pq.read_schema(f"{last}/part-0.parquet")
    schema = schema.append(pa.field("feed", pa.string())).append(pa.field("night", pa.string()))
    frame = pd.read_parquet(four_nights.documents, schema=schema)
    assert [None if pd.isna(it) else it for it in frame["stars"]] == stars
    assert list(frame["stars_text"].dropna()) == ["four"]
    assert sorted(set(frame["night"])) == [f"2026-03-0{day}" for day in range(1, 5)]
    first = pd.read_parquet(four_nights.documents)
    assert [None if pd.isna(it) else it for it in first["stars"]] == stars

    scanned = pl.scan_parquet(
        glob, schema=pl.read_parquet_schema(f"{last}/part-0.parquet"), missing_columns="insert"
    )
    assert scanned.collect()["stars"].to_list() == stars
    assert scanned.collect()["country"].to_list() == [None] * 9 + ["NL"]


def test_a_night_that_is_made_up_for_takes_the_types_of_the_nights_after_it(nights: Nights) -> None:
    nights.run(1, [{"stars": 1}])
    nights.run(5, [{"stars": "x", "price": 2, "text_of": True}])
    table = nights.run(3, [{"stars": "y", "price": "dear", "own": "a"}])
    assert own(table) == {
        "stars": "double", "price": "double", "own": "string", "stars_text": "string", "price_text": "string",
    }  # fmt: skip
    later = nights.run(6, [{"own": 5, "price": 3}])
    assert own(later) == own(table) | {"text_of": "bool"}
    assert values(later)[0]["own"] == "5"


def test_a_night_that_is_run_again_publishes_the_same(nights: Nights) -> None:
    rows: list[dict[str, Any]] = [{"b": 1, "night": "x", "a": "y"}, {"b": 2, "text_": [1]}]
    first = nights.run(1, rows)
    nights.run(2, [{"a": 1, "b": "z", "c": True}])
    assert nights.run(1, rows).equals(first, check_metadata=True)


def test_a_night_that_is_gone_leaves_its_columns_to_the_nights_after_it(nights: Nights) -> None:
    nights.run(1, [{"stars": 1}])
    nights.run(2, [{}])
    del nights.past[1]
    table = nights.run(3, [{"stars": "four"}])
    assert values(table) == [{"stars": None, "stars_text": "four"}]


def test_what_is_left_of_a_pruned_night_has_no_columns_to_keep(
    nights: Nights, store: Store
) -> None:
    known = pa.table({"doc_id": ["a"], "text_digest": ["b"]})
    nights.past[1] = NightTable(
        night=date(2026, 3, 1), table=keep_table(nights.store(1), "known", known)
    )
    assert own(nights.run(2, [{"stars": 1}])) == {"stars": "double"}


def test_a_column_without_a_value_waits_for_one(nights: Nights) -> None:
    assert own(nights.run(1, [{"stars": None}])) == {}
    assert own(nights.run(2, [{"stars": 1}])) == {"stars": "double"}


def test_types_that_parquet_states_stay(nights: Nights) -> None:
    day, whole = pa.array([date(2026, 3, 1), None]), pa.array([1, 2**60])
    nights.run(1, pa.table({"day": day, "n": whole, "empty": pa.array([None, None], pa.int32())}))
    table = nights.run(
        2, [{"day": "2026-03-02", "n": 3.5, "empty": 7}, {"day": "soon", "n": 2**60}]
    )
    assert own(table) | {"day_text": "string", "n_text": "string"} == own(table)
    assert values(table) == [
        {"day": date(2026, 3, 2), "n": None, "empty": 7, "day_text": None, "n_text": "3.5"},
        {"day": None, "n": 2**60, "empty": None, "day_text": "soon", "n_text": None},
    ]
    wider = nights.run(3, pa.table({"n": pa.array([0.5, 4.0])}))
    assert own(wider) == own(table)
    assert [row["n"] for row in values(wider)] == [None, 4]


def test_a_name_is_kept_however_the_feed_spells_its_others(nights: Nights) -> None:
    nights.run(1, [{"stars": 1, "night": 1}])
    second = nights.run(2, [{"stars": "four", "stars_text": "own", "feed_night": 2, "night": 3}])
    assert values(second) == [
        {
            "stars": None,
            "feed_night": 3.0,
            "stars_text": "own",
            "feed_night_": 2.0,
            "stars_text_": "four",
        }
    ]
    third = nights.run(3, [{"feed_night": 2, "stars_text": "own"}])
    assert (
        values(third)[0] | {"feed_night_": 2.0, "stars_text": "own", "stars_text_": None}
        == values(third)[0]
    )


def test_a_column_of_text_beside_is_not_taken_for_the_feeds_own(nights: Nights) -> None:
    nights.run(1, [{"stars": 1}])
    nights.run(2, [{"stars": "four"}])
    table = nights.run(3, [{"stars": "five", "stars_text": True}])
    assert values(table) == [{"stars": None, "stars_text": "five", "stars_text_": True}]


def test_nights_of_an_older_nightfold_keep_the_type_of_the_last(nights: Nights) -> None:
    for day, stars, name in ((1, pa.array([1]), "x"), (2, pa.array([0.5]), "feed_night")):
        old = pa.table(
            {"doc_id": [f"{day}"], "text_digest": ["a"], "stars": stars, name: ["clear"]}
        )
        ref = keep_table(nights.store(day), "old", old)
        nights.past[day] = NightTable(night=date(2026, 3, day), table=ref)
    assert values(nights.run(3, [{"stars": 2, "night": "dark"}])) == [
        {"stars": 2.0, "x": None, "feed_night": "dark"}
    ]
    assert read_known(nights.store(1), []) == NOTHING


def test_the_cache_key_of_prepare_goes_by_the_files_that_decide_the_types(nights: Nights) -> None:
    keys = set()
    for rows in ([{"stars": 1}], [{"stars": "one"}]):
        nights.run(1, rows)
        keys.add(
            cache_key("prepare", 3, {"store": nights.store(2), "past": list(nights.past.values())})
        )
    assert len(keys) == 2


@pytest.mark.parametrize("key", ["a\ud83d", "feed", "position", "é", "a b", ""])
def test_any_key_keeps_its_column(key: str, nights: Nights) -> None:
    first = nights.run(1, [{key: 1, "other": 2}])
    assert own(nights.run(2, [{"other": 3}, {"other": 1, key: 2}])) == own(first)


KEYS = st.sampled_from(
    ["a", "a_text", "a_text_", "night", "feed_night", "feed_night_", "a\ud800", "a\\ud800"]
)
JSON = st.sampled_from([None, True, 1, 2.5, 2**60, "x", [1], {"a": None}])


@given(st.lists(st.lists(st.dictionaries(KEYS, JSON, max_size=4), max_size=3), max_size=4))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_names_and_types_hold_whatever_comes_and_no_value_is_lost(
    story: list[list[dict[str, Any]]],
) -> None:
    known = NOTHING
    for rows in story:
        planned = plan_columns(known, rows, {})
        names = [it.name for it in planned.fields.values()]
        assert len(set(names)) == len(names)
        assert not RESERVED & set(names)
        for identity, it in known.decided.items():
            assert planned.fields[identity].equals(it, check_metadata=True)
        records = [{"file": "f", "row": n} for n in range(len(rows))]
        arrays = {name: it.to_pylist() for name, it in planned.arrays(records, rows).items()}
        for n, row in enumerate(rows):
            for key, value in row.items():
                if value is not None:
                    beside = planned.fields.get((key, True))
                    held = arrays[planned.fields[key, False].name][n]
                    assert (held is None) == (
                        beside is not None and arrays[beside.name][n] is not None
                    )
        known = Known(list(planned.fields), planned.fields)
