import json
import logging
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.reading import raw_feed as raw_feed_module
from tasks.reading.named_columns import Columns
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store, read_table
from validation.tables.stage_schemas import RAW_ROWS

IngestFiles = Callable[..., tuple[RawFeed, list[dict[str, Any]]]]


def jsonl(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def parquet(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


def test_every_row_of_every_file_is_kept_in_order(ingest_files: IngestFiles) -> None:
    raw, rows = ingest_files(
        {
            "b.csv": b"ID,Body,When\n7,seven,2026-03-01\n8\n",
            "a.jsonl": b'{"id": 1, "text": "one", "title": "One", "source": "web"}\n{"id": \n',
        }
    )
    assert [(row["file"], row["row"], row["doc_id"], row["text"]) for row in rows] == [
        ("a.jsonl", 1, "1", "one"),
        ("a.jsonl", 2, None, None),
        ("b.csv", 1, "7", "seven"),
        ("b.csv", 2, None, None),
    ]
    assert [row["title"] for row in rows] == ["One", None, None, None]
    assert [row["source"] for row in rows] == ["web", "a.jsonl", "b.csv", "b.csv"]
    assert [row["problem_rule"] for row in rows] == [None, "row_parses", None, "row_parses"]
    assert rows[3]["problem"] == "the record has 1 field, the header 3"
    assert rows[1]["raw"] == '{"id":'
    assert raw.columns == {
        "a.jsonl": {"doc_id": "id", "text": "text", "title": "title", "source": "source"},
        "b.csv": {"doc_id": "ID", "text": "Body"},
    }
    assert raw.rows.rows == 4


def test_the_table_has_the_schema_of_raw_rows(ingest_files: IngestFiles, store: Store) -> None:
    raw, _ = ingest_files({"a.jsonl": jsonl({"id": 1, "text": "a"})})
    assert pq.read_schema(store.resolve(raw.rows)).equals(RAW_ROWS)


@pytest.mark.parametrize(
    ("value", "doc_id"), [(1, "1"), (1.0, "1"), (True, "True"), ("1 ", "1 "), (None, None)]
)
def test_ids_that_are_no_text_become_text(
    value: object, doc_id: str | None, ingest_files: IngestFiles
) -> None:
    _, rows = ingest_files({"a.jsonl": jsonl({"id": value, "text": "a"})})
    assert rows[0]["doc_id"] == doc_id


def test_nan_is_absent(ingest_files: IngestFiles) -> None:
    _, rows = ingest_files({"a.parquet": parquet(id=[1.0, float("nan")], text=["a", "b"])})
    assert [row["doc_id"] for row in rows] == ["1", None]


def test_empty_files_and_bare_headers_give_no_rows(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tasks.reading.raw_feed"):
        raw, rows = ingest_files({"a.jsonl": b"", "b.csv": b"", "c.csv": b"id,text\n"})
    assert rows == []
    assert raw.rows.rows == 0
    assert raw.columns == {"a.jsonl": {}, "b.csv": {}, "c.csv": {}}
    assert "columns of c.csv: none, for no row could be read" in caplog.text


def test_a_file_of_broken_rows_only_is_kept_row_by_row(ingest_files: IngestFiles) -> None:
    _, rows = ingest_files({"a.jsonl": bytes(range(256)) * 20})
    assert len(rows) == 21
    assert {row["problem_rule"] for row in rows} <= {"text_decodes", "row_parses"}


def test_half_a_surrogate_pair_in_a_text_refuses_the_row(ingest_files: IngestFiles) -> None:
    content = b'{"id": "1", "text": "cut \\ud83d"}\n{"id": "2", "text": "b", "x": "\\ud83d"}\n'
    _, rows = ingest_files({"a.jsonl": content})
    assert [row["problem_rule"] for row in rows] == ["text_decodes", None]
    assert rows[0]["raw"] == '{"id": "1", "text": "cut \\ud83d"}'
    assert rows[0]["text"] is None


def test_the_columns_in_use_are_said_aloud(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tasks.reading.raw_feed"):
        ingest_files({"a.jsonl": jsonl({"id": 1, "text": "a", "x": 2})})
    assert "columns of a.jsonl: doc_id = 'id', text = 'text'" in caplog.text


def test_configured_columns_and_encoding_are_used(ingest_files: IngestFiles) -> None:
    settings = IngestSettings(encoding="Latin1", columns=Columns(text="größe"))
    raw, rows = ingest_files({"a.csv": "id;größe;text\n1;fünf;x\n".encode("latin-1")}, settings)
    assert settings.encoding == "iso8859-1"
    assert rows[0]["text"] == "fünf"
    assert raw.columns["a.csv"]["text"] == "größe"


@pytest.mark.parametrize("encoding", ["nonsense", "hex", "undefined", ""])
def test_encodings_that_are_none_are_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match="encoding must be a text encoding that Python knows, got"):
        IngestSettings(encoding=encoding)


def test_columns_may_appear_on_a_later_row_among_the_first(ingest_files: IngestFiles) -> None:
    _, rows = ingest_files(
        {"a.jsonl": jsonl({"x": 1}, {"id": 1, "text": "a"}, {"id": 2, "text": "b", "title": "B"})}
    )
    assert [row["title"] for row in rows] == [None, None, "B"]


@pytest.mark.parametrize("row", [100, 10_000])
def test_a_column_that_first_comes_on_a_late_row_counts(
    row: int, ingest_files: IngestFiles
) -> None:
    rows: list[dict[str, Any]] = [{"id": number, "text": f"t {number}"} for number in range(row)]
    late = {"id": 7, "deleted": True, "date": "2026-03-01", "title": "T", "label": "L"}
    raw, found = ingest_files({"a.jsonl": jsonl(*rows, late)})
    assert raw.columns["a.jsonl"] == {
        "doc_id": "id",
        "text": "text",
        "withdrawn": "deleted",
        "timestamp": "date",
        "title": "title",
        "label": "label",
    }
    assert (found[-1]["withdrawn"], found[-1]["timestamp"]) == ("True", "2026-03-01")
    assert (found[-1]["title"], found[-1]["label"]) == ("T", "L")
    assert {line["withdrawn"] for line in found[:-1]} == {None}


def test_a_withdrawal_that_is_overlooked_is_logged(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"id": 1, "text": "a", "deleted_at": None, "is_deleted": True}]
    ingest_files({"a.jsonl": jsonl(*rows)})
    assert (
        "a.jsonl: column 'is_deleted' is read as withdrawn, and 'deleted_at' looks like it too;"
        " set `withdrawn`" in caplog.text
    )


def test_a_missing_column_of_a_file_with_a_header_is_noticed_at_once(
    ingest_files: IngestFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_feed_module, "_write_rows", lambda *_: pytest.fail("it was read on"))
    with pytest.raises(FeedError, match=r"a.csv has no column that looks like text"):
        ingest_files({"a.csv": b"id,words\n" + b"1,a\n" * 1_000})


def test_a_row_with_too_many_keys_is_refused_and_costs_no_other(ingest_files: IngestFiles) -> None:
    wide = {"id": 1, "text": "a"} | {f"k{number}": number for number in range(100_000)}
    _, rows = ingest_files({"a.jsonl": jsonl(wide, {"id": 2, "text": "b", "x": 1})})
    assert [row["problem_rule"] for row in rows] == ["row_parses", None]
    assert rows[0]["problem"].startswith("with the key 'id' the feed has 100,002 columns")


def test_a_record_of_very_many_lines_is_read_and_logged(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    poem = "\n".join(f"line {number} of it" for number in range(150))
    records = "".join(f'{number},"{poem}"\n' for number in range(7))
    _, rows = ingest_files({"a.csv": b"id,text\n" + records.encode()})
    assert [row["n_lines"] for row in rows] == [150] * 7
    assert rows[0]["text"] == poem
    assert "a.csv row 2 is one record of 150 lines, from line 152 on" in caplog.text
    assert "a.csv has 2 such rows more" in caplog.text
    assert "row 6" not in caplog.text


def test_a_feed_without_a_text_column_is_an_error(ingest_files: IngestFiles) -> None:
    with pytest.raises(FeedError, match=r"a.jsonl has no column that looks like text"):
        ingest_files({"a.jsonl": jsonl({"id": 1, "words": "a"})})


def test_types_that_parquet_states_are_kept_for_the_metadata(ingest_files: IngestFiles) -> None:
    raw, _ = ingest_files(
        {
            "a.parquet": parquet(id=["1"], text=["a"], stars=pa.array([5], pa.int8())),
            "b.parquet": parquet(id=["2"], text=["b"], day=[date(2026, 3, 1)]),
            "c.parquet": parquet(id=["3"], text=["c"]),
        }
    )
    assert raw.metadata_types == {"stars": "int8", "day": "date32[day]"}


@pytest.mark.parametrize(
    "other",
    [
        {"b.parquet": parquet(id=["2"], text=["b"], stars=["five"])},
        {"b.jsonl": jsonl({"id": 2, "text": "b", "stars": "five"})},
    ],
)
def test_a_type_that_another_file_contradicts_is_not_stated(
    other: dict[str, bytes], ingest_files: IngestFiles
) -> None:
    raw, _ = ingest_files({"a.parquet": parquet(id=["1"], text=["a"], stars=[5]), **other})
    assert raw.metadata_types == {}


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv", "a.parquet"])
def test_a_feed_that_changes_between_finding_and_reading_is_noticed(
    name: str, store: Store, tmp_path: Path, compress: Callable[[bytes, str], bytes]
) -> None:
    before, after = {
        "a.csv": (b"id,text\n1,a\n", b"id,text\n1,b\n"),
        "a.parquet": (parquet(id=["1"], text=["a"]), parquet(id=["1"], text=["b"])),
    }.get(name, (jsonl({"id": 1, "text": "a"}), jsonl({"id": 1, "text": "a"}, {"id": 2})))
    path = tmp_path / name
    path.write_bytes(compress(before, path.suffix))
    feed = find_pieces(store, str(path))
    path.write_bytes(compress(after, path.suffix))
    with pytest.raises(FeedError, match=rf"{name} changed while it was read; run again"):
        read_feed(store, feed, IngestSettings())
    assert not list(store.root.rglob("*.parquet"))


def test_a_feed_that_grows_while_it_is_read_is_noticed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl({"id": 1, "text": "a"}))
    feed = find_pieces(store, str(path))
    write_rows = raw_feed_module._write_rows

    def write_rows_and_grow(*args: Any) -> None:
        write_rows(*args)
        with path.open("ab") as file:
            file.write(jsonl({"id": 2, "text": "b"}))

    monkeypatch.setattr(raw_feed_module, "_write_rows", write_rows_and_grow)
    with pytest.raises(FeedError, match="changed while it was read"):
        read_feed(store, feed, IngestSettings())


def test_a_feed_file_that_is_gone_is_a_feed_error(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    feed = find_pieces(store, str(path))
    path.unlink()
    with pytest.raises(FeedError, match=r"a.jsonl is gone since it was found"):
        read_feed(store, feed, IngestSettings())


def test_the_same_bytes_give_the_same_table(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl(*({"id": number, "text": f"text {number}"} for number in range(5_000))))
    refs = [
        read_feed(store, find_pieces(store, str(path)), IngestSettings()).rows for _ in range(2)
    ]
    assert refs[0] == refs[1]


def test_memory_does_not_grow_with_the_feed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_feed_module, "_BATCH_ROWS", 100)

    def peak_bytes(n_rows: int) -> int:
        path = tmp_path / "a.jsonl"
        line = jsonl({"id": 1, "text": "word " * 200})
        path.write_bytes(line * n_rows)
        feed = find_pieces(store, str(path))
        tracemalloc.start()
        read_feed(store, feed, IngestSettings())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_bytes(12_000) < 1.2 * peak_bytes(3_000)


def test_dates_are_handed_on_as_the_config_says_they_are_written(
    ingest_files: IngestFiles,
) -> None:
    settings = IngestSettings(date_format="%d/%m/%Y")
    files = {"a.csv": b"id,text,date\n1,one,07/08/2019\n2,two,2019-08-09\n3,three,\\N\n"}
    _, rows = ingest_files(files, settings)
    assert [row["timestamp"] for row in rows] == ["2019-08-07T00:00:00", "2019-08-09", None]
    assert '"date": "07/08/2019"' in rows[0]["raw"]


def test_words_for_nothing_are_absent_and_counted_in_the_log(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    content = jsonl({"id": 1, "text": "NULL", "source": "n/a"}, {"id": "nan", "text": "two"})
    with caplog.at_level(logging.INFO):
        _, rows = ingest_files({"a.jsonl": content})
    assert [(row["doc_id"], row["text"]) for row in rows] == [("1", None), (None, "two")]
    assert rows[0]["source"] == "a.jsonl"
    assert "1 of doc_id, 1 of source, 1 of text" in caplog.text


def test_a_date_that_is_not_wanted_is_metadata(ingest_files: IngestFiles) -> None:
    settings = IngestSettings(columns=Columns(timestamp=""))
    raw, rows = ingest_files({"a.csv": b"id,text,date\n1,one,07/08/2019\n"}, settings)
    assert rows[0]["timestamp"] is None
    assert "timestamp" not in raw.columns["a.csv"]


def test_a_file_of_titles_is_read_and_says_that_they_are_the_texts(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    _, rows = ingest_files({"a.csv": b"id,subject\n1,one\n"})
    assert (rows[0]["title"], rows[0]["text"]) == ("one", None)
    assert (
        "a.csv has no column that looks like text, so its titles, column 'subject'" in caplog.text
    )


def test_the_folders_of_a_file_are_columns(store: Store, tmp_path: Path) -> None:
    for day in ("2024-03-01", "2024-03-02"):
        folder = tmp_path / "feed" / "lang=en" / f"date={day}"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_bytes(jsonl({"id": day, "text": "a"}))
    raw = read_feed(store, find_pieces(store, str(tmp_path / "feed")), IngestSettings())
    rows = read_table(store, raw.rows).to_pylist()
    assert [row["timestamp"] for row in rows] == ["2024-03-01", "2024-03-02"]
    assert [json.loads(row["raw"])["lang"] for row in rows] == ["en", "en"]


def test_a_date_of_the_file_counts_more_than_that_of_its_folder(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "feed" / "date=2024-03-01"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(jsonl({"id": 1, "text": "a", "created": "2024-02-01"}))
    (folder / "empty.csv").write_bytes(b"id,text\n")
    raw = read_feed(store, find_pieces(store, str(tmp_path / "feed")), IngestSettings())
    assert [row["timestamp"] for row in read_table(store, raw.rows).to_pylist()] == ["2024-02-01"]
    assert "'created' is read as timestamp, and 'date' looks like it too" in caplog.text


def test_ids_that_came_as_floats_too_large_to_be_exact_are_warned_of(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    rows = jsonl({"id": 1e17, "text": "a"}, {"id": 7.0, "text": "b"}, {"id": 10**17, "text": "c"})
    with caplog.at_level(logging.WARNING):
        ingest_files({"a.jsonl": rows})
    assert "1 id came as floats of 2^53 or more" in caplog.text


def test_an_id_is_made_of_the_content_or_of_the_columns_named(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    files = {"a.csv": b"day,said,user\n2026-02-01,one,u\n2026-02-02,one,u\n2026-02-01,one,v\n"}
    said = Columns(text="said", timestamp="day")
    with caplog.at_level(logging.WARNING):
        raw, rows = ingest_files(files, IngestSettings(columns=said))
    first, other_day, other_user = (row["doc_id"] for row in rows)
    assert first == other_user != other_day
    assert first.startswith("made-")
    assert raw.columns["a.csv"]["doc_id"] == "made of said, day"
    assert (
        "a.csv has no column that looks like an id, so each id is made from 'said', 'day'"
        in caplog.text
    )
    _, rows = ingest_files(
        files, IngestSettings(columns=said.model_copy(update={"doc_id": ("user",)}))
    )
    first, same_user, other_user = (row["doc_id"] for row in rows)
    assert first == same_user != other_user


def test_words_for_nothing_make_no_id(ingest_files: IngestFiles) -> None:
    columns = Columns(doc_id=("order",))
    _, rows = ingest_files(
        {"a.csv": b"order,text\nNULL,one\n7,two\n"}, IngestSettings(columns=columns)
    )
    assert rows[0]["doc_id"] is None
    assert rows[1]["doc_id"].startswith("made-")


def test_a_row_whose_text_is_an_object_is_refused_with_the_way_out(
    ingest_files: IngestFiles,
) -> None:
    rows = [{"id": n, "text": "plain"} for n in range(120)]
    _, found = ingest_files({"a.jsonl": jsonl(*rows, {"id": 120, "text": {"en": "b"}})})
    assert found[-1]["problem_rule"] == "row_parses"
    assert found[-1]["problem"].endswith(
        'name one of them under [ingest.columns]: text = "text.en"'
    )


def test_a_rating_is_pointed_at_and_said_aloud_and_stays_an_own_column(
    ingest_files: IngestFiles, caplog: pytest.LogCaptureFixture
) -> None:
    rows = b'{"id": 1, "text": "a"}\n' * 200 + b'{"id": 2, "text": "b", "stars": 4}\n'
    with caplog.at_level(logging.INFO):
        raw, _ = ingest_files({"a.jsonl": rows, "b.jsonl": b'{"id": 3, "text": "c"}'})
    assert raw.ratings == {"a.jsonl": "stars"}
    assert "stars" not in raw.columns["a.jsonl"].values()
    assert raw.facts()["columns"]["a.jsonl"] == {"doc_id": "id", "text": "text", "rating": "stars"}
    assert "rating = 'stars'" in caplog.text
    wanted = IngestSettings(columns=Columns(rating="points"))
    with pytest.raises(FeedError, match="has no column 'points' for rating"):
        ingest_files({"c.jsonl": b'{"id": 3, "text": "c"}'}, wanted)
