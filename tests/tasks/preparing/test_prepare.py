import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.preparing.check_prepared import Documents, check_prepared
from tasks.preparing.check_raw import CheckedFeed, check_raw
from tasks.preparing.checks import REFUSED, CheckSettings
from tasks.preparing.prepare import Prepared, prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.texts.cleaning import clean_text, text_digest
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.history import NightTable
from tasks.store.records import refs_in_result
from tasks.store.storage import Store, keep_bytes, keep_table, read_table
from validation.tables.schemas import DOCUMENTS, DUPLICATES
from validation.usual import UsualNight

Rows = list[dict[str, Any]]
FeedBytes = dict[str, bytes]

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "flows" / "sample"
TRUTH: dict[str, dict[str, Any]] = json.loads(
    (ROOT / "tests" / "data" / "sample_truth.json").read_text("utf-8")
)
TEXT = "The battery lasts two days."
every_night = pytest.mark.parametrize("night", list(TRUTH))


def jsonl(rows: Rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def prepare_files(
    store: Store,
    files: FeedBytes,
    past: Sequence[NightTable] = (),
    refused: Sequence[int] = (),
    settings: PrepareSettings | None = None,
) -> Prepared:
    """Run ingest and prepare, with a raw check that refuses the rows at some positions."""
    folder = store.root.parent / f"feed-{store.night}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    raw = read_feed(store, find_pieces(store, str(folder)), IngestSettings())
    rows = [
        {"position": place, "file": "f", "row": 1, "rule_id": "r", "severity": "s"}
        | {"reason": "", "raw": ""}
        for place in refused
    ]
    check = CheckedFeed(
        raw=raw,
        checks={"raw": keep_bytes(store, "check", b"{}", ".json")},
        refused=keep_table(store, "check", pa.Table.from_pylist(rows, schema=REFUSED)),
    )
    return prepare.fn(store, check, list(past), settings or PrepareSettings(), "refuse")


def tables(store: Store, prepared: Prepared) -> tuple[Rows, Rows]:
    return tuple(
        read_table(store, ref).to_pylist() for ref in (prepared.candidates, prepared.duplicates)
    )


def prepare_rows(store: Store, *rows: dict[str, Any], **how: Any) -> tuple[Rows, Rows]:
    return tables(store, prepare_files(store, {"a.jsonl": jsonl(list(rows))}, **how))


def earlier_night(store: Store, day: int, *rows: dict[str, Any]) -> NightTable:
    night = store.model_copy(update={"night": date(2026, 2, day)})
    prepared = prepare_files(night, {"a.jsonl": jsonl(list(rows))})
    return NightTable(night=night.night, table=prepared.candidates)


def test_a_candidate_has_every_column_of_a_document(store: Store) -> None:
    (candidate,), duplicates = prepare_rows(
        store,
        {"id": " 7 ", "text": "<p>Good&nbsp;&amp; cheap</p>", "title": "caf\u00c3\u00a9"}
        | {"date": "2026-03-01T23:30:00-05:00", "source": "web", "label": "x"},
    )
    assert candidate == {
        "position": 0,
        "reused_on": None,
        "doc_id": "7",
        "text": "Good & cheap",
        "text_digest": text_digest("café", "Good & cheap"),
        "timestamp": datetime(2026, 3, 2, 4, 30, tzinfo=UTC),
        "source": "web",
        "title": "café",
        "label": "x",
        "duplicate_of": None,
        "is_truncated": False,
    }
    assert duplicates == []


def test_tables_have_their_schemas(store: Store) -> None:
    prepared = prepare_files(store, {"a.jsonl": jsonl([{"id": 1, "text": "a", "n": 1}])})
    schema = pq.read_schema(store.resolve(prepared.candidates))
    assert schema.names == ["position", "reused_on", *DOCUMENTS.names, "n"]
    assert all(schema.field(field.name).equals(field) for field in DOCUMENTS)
    assert pq.read_schema(store.resolve(prepared.duplicates)).equals(DUPLICATES)


def test_refused_rows_are_left_out_and_positions_count_all_rows(store: Store) -> None:
    rows = [{"id": number, "text": f"text {number}"} for number in range(5)]
    prepared = prepare_files(
        store,
        {"a.jsonl": jsonl(rows[:2]) + b"broken\n", "b.jsonl": jsonl(rows[2:])},
        refused=[1, 2, 4],
    )
    candidates, _ = tables(store, prepared)
    assert [(row["position"], row["doc_id"]) for row in candidates] == [
        (0, "0"),
        (3, "2"),
        (5, "4"),
    ]


def test_a_row_that_comes_twice_is_one_document(store: Store) -> None:
    candidates, duplicates = prepare_rows(
        store, {"id": 1, "text": TEXT}, {"id": 2, "text": "other"}, {"id": 1, "text": TEXT}
    )
    assert [row["doc_id"] for row in candidates] == ["1", "2"]
    assert duplicates == [
        {
            "file": "a.jsonl",
            "row": 3,
            "doc_id": "1",
            "duplicate_of": "1",
            "kind": "same_row",
            "first_night": "2026-03-02",
        }
    ]


def test_a_known_text_under_a_new_id_is_a_document_that_points_at_the_first(store: Store) -> None:
    candidates, duplicates = prepare_rows(
        store, *({"id": number, "text": TEXT} for number in (1, 2, 3, 2))
    )
    assert [(row["doc_id"], row["duplicate_of"]) for row in candidates] == [
        ("1", None),
        ("2", "1"),
        ("3", "1"),
    ]
    assert [(row["doc_id"], row["duplicate_of"], row["kind"]) for row in duplicates] == [
        ("2", "1", "same_text"),
        ("3", "1", "same_text"),
        ("2", "2", "same_row"),
    ]


@pytest.mark.parametrize(
    "text", [f"<p>{TEXT}</p>", f"  {TEXT}\n", TEXT.replace(" ", "\u00a0"), "Ｔ" + TEXT[1:]]
)
def test_rows_that_clean_to_one_text_are_folded(text: str, store: Store) -> None:
    candidates, duplicates = prepare_rows(store, {"id": 1, "text": TEXT}, {"id": 2, "text": text})
    assert [row["text"] for row in candidates] == [TEXT, TEXT]
    assert [(row["duplicate_of"], row["kind"]) for row in duplicates] == [("1", "same_text")]


def test_texts_under_other_titles_are_other_documents(store: Store) -> None:
    _, duplicates = prepare_rows(
        store,
        {"id": 1, "text": TEXT, "title": "A"},
        {"id": 2, "text": TEXT, "title": "B"},
        {"id": 3, "text": TEXT},
    )
    assert duplicates == []


def test_duplicates_of_earlier_nights_name_the_first_night(store: Store) -> None:
    past = [
        earlier_night(store, 1, {"id": 1, "text": TEXT}),
        earlier_night(store, 2, {"id": 2, "text": TEXT}, {"id": 3, "text": "third"}),
    ]
    candidates, duplicates = prepare_rows(
        store,
        {"id": 2, "text": TEXT},
        {"id": 9, "text": TEXT},
        {"id": 8, "text": "third"},
        past=past,
    )
    assert [(row["doc_id"], row["duplicate_of"]) for row in candidates] == [("9", "1"), ("8", "3")]
    assert [list(row.values())[1:] for row in duplicates] == [
        [1, "2", "2", "same_row", "2026-02-02"],
        [2, "9", "1", "same_text", "2026-02-01"],
        [3, "8", "3", "same_text", "2026-02-02"],
    ]


def test_an_id_that_had_another_text_on_an_earlier_night_is_marked(store: Store) -> None:
    past = [earlier_night(store, 1, {"id": 1, "text": TEXT})]
    candidates, duplicates = prepare_rows(
        store, {"id": 1, "text": "rewritten"}, {"id": 2, "text": "rewritten"}, past=past
    )
    assert [(row["doc_id"], row["reused_on"]) for row in candidates] == [
        ("1", "2026-02-01"),
        ("2", None),
    ]
    # The marked row is not kept for good, so nothing may point at it.
    assert [row["duplicate_of"] for row in candidates] == [None, None]
    assert duplicates == []


@pytest.mark.parametrize("text", ["<p></p>", "<p>&#8203;</p>", "<!-- -->", "\u200b"])
def test_a_text_that_cleaning_leaves_empty_is_the_first_of_no_fold(text: str, store: Store) -> None:
    candidates, duplicates = prepare_rows(
        store, {"id": 1, "text": text}, {"id": 2, "text": text}, {"id": 1, "text": TEXT}
    )
    assert [(row["doc_id"], row["text"], row["duplicate_of"]) for row in candidates] == [
        ("1", "", None),
        ("2", "", None),
        ("1", TEXT, None),
    ]
    assert [row["reused_on"] for row in candidates] == [None, None, None]
    assert duplicates == []


def test_long_texts_are_cut_and_flagged(store: Store) -> None:
    candidates, duplicates = prepare_rows(
        store,
        {"id": 1, "text": "word " * 40, "title": "t" * 300},
        {"id": 2, "text": "short", "title": ""},
        {"id": 3, "text": "word " * 50, "title": "t" * 300},
        settings=PrepareSettings(max_text_chars=100),
    )
    assert [(len(row["text"]), row["is_truncated"]) for row in candidates] == [
        (99, True),
        (5, False),
        (99, True),
    ]
    assert [len(row["title"] or "") for row in candidates] == [100, 0, 100]
    assert candidates[1]["title"] is None
    # What is embedded is the same, so it is one text.
    assert [row["duplicate_of"] for row in duplicates] == ["1"]


@pytest.mark.parametrize("title", ["word " * 200, "x" * 200, " " * 2_500 + "title"])
def test_long_titles_are_cut_as_texts_are(title: str, store: Store) -> None:
    row = {"id": "1", "text": TEXT, "title": title}
    (document,), _ = prepare_rows(store, row, settings=PrepareSettings(max_text_chars=100))
    assert len(document["title"] or "") <= 100
    assert not (document["title"] or "").endswith("wor")
    assert document["is_truncated"]


def test_a_title_takes_no_more_time_than_a_text_may(store: Store) -> None:
    row = {"id": "1", "text": TEXT, "title": "\u0345\u0300" * 1_000_000}
    started = time.process_time()
    prepare_rows(store, row)
    # Sorting all these marks would take hours.
    assert time.process_time() - started < 30


def test_an_id_that_is_withdrawn_on_a_late_row_is_no_document(store: Store) -> None:
    rows: Rows = [{"id": str(number), "text": f"text number {number}"} for number in range(500)]
    candidates, _ = prepare_rows(store, *rows, {"id": "7", "deleted": True})
    assert [row["doc_id"] for row in candidates] == [row["id"] for row in rows if row["id"] != "7"]
    assert "deleted" not in candidates[0]


def test_metadata_of_the_deepest_nesting_is_carried_through(store: Store) -> None:
    deep = "[" * 99 + "]" * 99
    content = f'{{"id": "1", "text": "{TEXT}", "deep": {deep}}}'.encode()
    (document,), _ = tables(store, prepare_files(store, {"a.jsonl": content}))
    assert document["deep"] == deep


def test_timestamps_come_out_in_utc(store: Store) -> None:
    dates = ["2026-03-01", "2026-03-01T10:00:00+05:30", 1772323200, "1 Mar 2026 00:00 -0500", None]
    prepared = prepare_files(
        store,
        {
            "a.jsonl": jsonl(
                [{"id": n, "text": f"t{n}", "date": when} for n, when in enumerate(dates)]
            )
        },
    )
    column = read_table(store, prepared.candidates)["timestamp"]
    assert column.type == pa.timestamp("us", tz="UTC")
    assert [when and when.isoformat() for when in column.to_pylist()] == [
        "2026-03-01T00:00:00+00:00",
        "2026-03-01T04:30:00+00:00",
        "2026-03-01T00:00:00+00:00",
        "2026-03-01T05:00:00+00:00",
        None,
    ]


def test_metadata_is_carried_through_untouched(store: Store) -> None:
    rows: Rows = [
        {"id": 1, "text": "a", "stars": 5, "verified": True, "tags": ["x", "é"], "source": "web"},
        {"id": 2, "text": "b", "stars": 4.5, "body": "<b>kept</b>", "night": "clear"},
    ]
    candidates, _ = prepare_rows(store, *rows)
    metadata = [list(row.items())[11:] for row in candidates]
    assert metadata == [
        [
            *(("stars", 5.0), ("verified", True), ("tags", '["x", "é"]')),
            *(("body", None), ("feed_night", None)),
        ],
        [
            *(("stars", 4.5), ("verified", None), ("tags", None)),
            *(("body", "<b>kept</b>"), ("feed_night", "clear")),
        ],
    ]


def test_a_column_is_mapped_in_one_file_and_metadata_in_another(store: Store) -> None:
    files = {"a.jsonl": b'{"id": 1, "body": "one"}\n', "b.csv": b"id,text,body\n2,two,large\n"}
    candidates, _ = tables(store, prepare_files(store, files))
    assert [(row["text"], row["body"]) for row in candidates] == [("one", None), ("two", "large")]


def test_metadata_of_parquet_keeps_its_types(store: Store) -> None:
    sink = pa.BufferOutputStream()
    table = pa.table(
        {
            "id": [1, 2],
            "text": ["a", "b"],
            "stars": pa.array([5, None], pa.int8()),
            "day": [date(2026, 3, 1), None],
            "seen": [datetime(2026, 3, 1, 4, 5), None],
        }
    )
    pq.write_table(table, sink)
    prepared = prepare_files(store, {"a.parquet": sink.getvalue().to_pybytes()})
    kept = read_table(store, prepared.candidates, ["stars", "day", "seen"])
    assert kept.equals(table.select(["stars", "day", "seen"]))


def test_half_a_surrogate_pair_in_metadata_does_not_stop_the_night(store: Store) -> None:
    content = b'{"id": 1, "text": "a", "emoji": "\\ud83d"}\n'
    candidates, _ = tables(store, prepare_files(store, {"a.jsonl": content}))
    assert candidates[0]["emoji"] == "\\ud83d"


def test_a_night_without_rows_gives_empty_tables(store: Store) -> None:
    assert tables(store, prepare_files(store, {"a.jsonl": b""})) == ([], [])


def test_the_same_rows_give_the_same_references(store: Store) -> None:
    rows = jsonl([{"id": number % 40, "text": f"text {number % 50}"} for number in range(100)])
    assert prepare_files(store, {"a.jsonl": rows}) == prepare_files(store, {"a.jsonl": rows})


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from(["a", "<p>a</p>", "b", "<p></p>", "c"])),
        max_size=12,
    )
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_is_a_candidate_or_repeats_one(rows: list[tuple[str, str]], store: Store) -> None:
    candidates, duplicates = prepare_rows(
        store, *({"id": doc_id, "text": text} for doc_id, text in rows)
    )
    same_row = [row for row in duplicates if row["kind"] == "same_row"]
    same_text = [row for row in duplicates if row["kind"] == "same_text"]
    assert len(candidates) + len(same_row) == len(rows)
    assert len(same_text) == sum(row["duplicate_of"] is not None for row in candidates)
    good = [row for row in candidates if row["text"] and row["reused_on"] is None]
    firsts = {row["text"]: row["doc_id"] for row in good if row["duplicate_of"] is None}
    assert {row["text"] for row in good} == set(firsts)
    assert all(row["duplicate_of"] in {None, firsts[row["text"]]} for row in good)
    assert len({row["doc_id"] for row in good}) == len(good)


def test_mails_that_are_cut_are_counted(store: Store, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    texts = ("It leaks\n> Dear Ann", "It is loud", "> nothing else")
    rows = ({"id": str(n), "text": text} for n, text in enumerate(texts))
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings, check_settings = PrepareSettings(mail=True), CheckSettings()
    raw = read_feed(store, find_pieces(store, str(feed)), IngestSettings())
    check = check_raw.fn(store, raw, check_settings, UsualNight())
    prepared = prepare.fn(store, check, [], settings, "refuse")
    bounds = check_settings.document_bounds(settings.max_text_chars, UsualNight())
    documents = check_prepared.fn(store, prepared, check, bounds, None)
    assert (documents.counts.cut, documents.facts()["counts"]["cut"]) == (1, 1)
    assert read_table(store, documents.tables["documents"])["cut_text"].to_pylist() == [
        "It leaks", None, None,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def sample_nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Store, Documents]]:
    """The nights of the bundled feed, prepared one after the other in one store."""
    root = tmp_path_factory.mktemp("sample")
    past: list[NightTable] = []
    nights = {}
    for name, truth in TRUTH.items():
        run_date = date.fromisoformat(truth["run_date"])
        store = Store(root=root, feed="sample", night=run_date)
        raw = read_feed(store, find_pieces(store, str(SAMPLE / name)), IngestSettings())
        check = check_raw.fn(store, raw, CheckSettings(), UsualNight())
        prepared = prepare.fn(store, check, past, PrepareSettings(), "refuse")
        documents = check_prepared.fn(
            store, prepared, check, CheckSettings().document_bounds(10_000, UsualNight()), None
        )
        past = [*past, documents.tonight(store)]
        nights[name] = store, documents
    return nights


def test_every_file_that_the_checks_keep_is_named_by_their_results(store: Store) -> None:
    """A cached stage's file that no record names is an orphan to the doctor."""
    raw = read_feed(store, find_pieces(store, str(SAMPLE / "night-1")), IngestSettings())
    check = check_raw.fn(store, raw, CheckSettings(), UsualNight())
    prepared = prepare.fn(store, check, [], PrepareSettings(), "refuse")
    documents = check_prepared.fn(
        store, prepared, check, CheckSettings().document_bounds(10_000, UsualNight()), None
    )
    kept = {it.relative_to(store.root).as_posix() for it in store.state.glob("stages/check*/*")}
    assert kept
    assert kept <= {
        ref.path for ref in refs_in_result([check.model_dump(), documents.model_dump()])
    }


@every_night
def test_the_sample_feed_gives_the_counts_of_its_truth(
    night: str, sample_nights: dict[str, tuple[Store, Documents]]
) -> None:
    _, documents = sample_nights[night]
    counts = documents.counts
    assert {
        "read": counts.read,
        "good": counts.accepted,
        "duplicates": counts.duplicate,
        "broken": counts.quarantined + counts.without_text,
    } == TRUTH[night]["counts"]


@every_night
def test_the_broken_rows_of_the_sample_feed_are_quarantined_by_their_rules(
    night: str, sample_nights: dict[str, tuple[Store, Documents]]
) -> None:
    store, documents = sample_nights[night]
    quarantine = read_table(store, documents.tables["quarantine"]).to_pylist()
    assert [(row["file"], row["row"], row["rule_id"]) for row in quarantine] == [
        (row["file"], row["row"], row["rule_id"]) for row in TRUTH[night]["broken"]
    ]


@every_night
def test_the_duplicates_of_the_sample_feed_are_found(
    night: str, sample_nights: dict[str, tuple[Store, Documents]]
) -> None:
    store, documents = sample_nights[night]
    names = {truth["run_date"]: name for name, truth in TRUTH.items()}
    found = [
        row | {"first_night": names[row["first_night"]]}
        for row in read_table(store, documents.tables["duplicates"]).to_pylist()
    ]
    assert found == TRUTH[night]["duplicates"]


@every_night
def test_the_dirty_texts_of_the_sample_feed_come_out_clean(
    night: str, sample_nights: dict[str, tuple[Store, Documents]]
) -> None:
    store, documents = sample_nights[night]
    rows = read_table(
        store, documents.tables["documents"], ["doc_id", "text", "is_truncated"]
    ).to_pylist()
    texts = {row["doc_id"]: row["text"] for row in rows}
    planted = TRUTH[night]["planted"]
    dirty = planted["html"] | planted["nfkc"] | planted["mojibake"]
    assert {doc_id: texts[doc_id] for doc_id in dirty} == {
        doc_id: clean_text(clean) for doc_id, clean in dirty.items()
    }
    truncated = {row["doc_id"] for row in rows if row["is_truncated"]}
    assert truncated == set(planted["very_long"])


def test_columns_of_any_parquet_type_are_carried_along(store: Store) -> None:
    kinds: dict[str, Any] = {
        "decimal": (pa.decimal128(9, 2), [Decimal("1.50"), None]),
        "duration": (pa.duration("ns"), [90_000_000_000, None]),
        "map": (pa.map_(pa.string(), pa.int64()), [[("a", 1)], None]),
        "list": (pa.list_(pa.string()), [["a", None], None]),
        "struct": (pa.struct([("a", pa.binary())]), [{"a": b"x"}, None]),
        "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["x", None]),
        "binary": (pa.binary(), [b"\xff", None]),
        "moment": (pa.time32("ms"), [3_720_000, None]),
        "half": (pa.float16(), [1.5, None]),
        "unsigned": (pa.uint64(), [2**64 - 1, None]),
    }
    arrays = {name: pa.array(values, kind) for name, (kind, values) in kinds.items()}
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "text": ["one", "two"], **arrays}), sink)
    candidates, _ = tables(store, prepare_files(store, {"a.parquet": sink.getvalue()}))
    assert [{name: row[name] for name in kinds} for row in candidates] == [
        {
            "decimal": "1.50",
            "duration": "0 days 00:01:30",
            "map": '[["a", 1]]',
            "list": '["a", null]',
            "struct": '{"a": "x"}',
            "dictionary": "x",
            "binary": "\\xff",
            "moment": "01:02:00",
            "half": 1.5,
            "unsigned": 2**64 - 1,
        },
        dict.fromkeys(kinds),
    ]
