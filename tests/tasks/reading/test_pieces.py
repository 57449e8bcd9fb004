import csv
import errno
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tasks.reading import pieces
from tasks.reading.formats import lines
from tasks.reading.formats.rows import Row
from tasks.reading.formats.settings import FileSettings
from tasks.reading.pieces import opened, read_rows, require_unchanged
from tasks.reading.sources.base import Piece
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store

WriteFeed = Callable[[str, bytes], Piece]
Compress = Callable[[bytes, str], bytes]

VALUES = [
    {"id": "1", "text": "Crème brûlée, 5 €\nand a second line"},
    {"id": "2", "text": 'She said "fine".'},
    {"id": "3", "text": ""},
    {"id": "4", "text": "🙂 汉字"},
]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def comma_separated(rows: list[dict[str, Any]], **form: Any) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]), **form)
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def parquet(table: pa.Table, **form: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **form)
    return bytes(sink.getvalue().to_pybytes())


STORE = Store(root=Path("nowhere"), feed="reviews", night=date(2026, 3, 2))
"""For pieces that lie outside the store."""


def piece_at(path: Path, kind: str) -> Piece:
    """A piece that need not be found first."""
    return Piece(name=path.name, path=str(path), format=kind, compression=None, size=0, sha256="")


def read(content: bytes, kind: str = "jsonl", encoding: str = "utf-8") -> list[Row]:
    """Needs no fixture, for tests that draw hundreds of files."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"drawn.{kind}"
        path.write_bytes(content)
        return list(read_rows(STORE, piece_at(path, kind), FileSettings(encoding=encoding)))


def problems(rows: list[Row]) -> dict[int, str | None]:
    return {row.number: row.problem_rule for row in rows if row.problem_rule is not None}


def ids(rows: list[Row]) -> list[str]:
    return [row.values["id"] for row in rows if row.values is not None]


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", jsonl(VALUES)),
        ("csv", comma_separated(VALUES)),
        ("parquet", parquet(pa.Table.from_pylist(VALUES))),
    ],
)
def test_every_format_and_compression_gives_the_same_rows(
    kind: str, content: bytes, ending: str, write_feed: WriteFeed, compress: Compress
) -> None:
    file = write_feed(f"a.{kind}{ending}", compress(content, ending))
    rows = list(read_rows(STORE, file, FileSettings()))
    assert [row.values for row in rows] == VALUES
    assert [json.loads(row.raw) for row in rows] == VALUES
    assert "汉字" in rows[3].raw
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert problems(rows) == {}


def test_archives_of_several_members_are_read_to_the_end(
    write_feed: WriteFeed, compress: Compress
) -> None:
    for ending in (".gz", ".zst"):
        part = compress(jsonl(VALUES), ending)
        rows = list(read_rows(STORE, write_feed(f"a.jsonl{ending}", part + part), FileSettings()))
        assert [row.values for row in rows] == VALUES + VALUES


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037", "gbk"],
)
@pytest.mark.parametrize(("kind", "write"), [("jsonl", jsonl), ("csv", comma_separated)])
def test_declared_encodings_are_read(encoding: str, kind: str, write: Callable[..., bytes]) -> None:
    text = "汉字" if encoding == "gbk" else "Äpfel, für 5 Mark"
    values = [{"id": str(number), "text": text} for number in range(3)]
    rows = read(write(values).decode().encode(encoding), kind, encoding)
    assert [row.values for row in rows] == values


@pytest.mark.parametrize(("kind", "write"), [("jsonl", jsonl), ("csv", comma_separated)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(
    encoding: str, kind: str, write: Callable[..., bytes]
) -> None:
    content = b"\xef\xbb\xbf".decode() + write(VALUES).decode()
    assert [row.values for row in read(content.encode(encoding), kind, encoding)] == VALUES


def test_a_wrong_wide_encoding_is_told_apart_from_broken_rows() -> None:
    with pytest.raises(FeedError, match=r"drawn.jsonl is not encoded as utf-16.*set `encoding`"):
        read(jsonl(VALUES) + b"x", encoding="utf-16")
    with pytest.raises(FeedError, match="truncated data"):
        read(jsonl(VALUES).decode().encode("utf-16")[:-1], encoding="utf-16")


@pytest.mark.parametrize(("kind", "write"), [("jsonl", jsonl), ("csv", comma_separated)])
@given(position=st.integers(0, 199), has_mark=st.booleans())
@settings(max_examples=25, deadline=None)
def test_one_undecodable_byte_spoils_one_row_and_its_offset_is_named(
    kind: str, write: Callable[..., bytes], position: int, has_mark: bool
) -> None:
    values = [{"id": str(number), "text": f"text {number:04d} né"} for number in range(200)]
    mark = b"\xef\xbb\xbf" if has_mark else b""
    content = bytearray(mark + write(values))
    offset = content.index(f"text {position:04d}".encode())
    content[offset] = 0xE9
    rows = read(bytes(content), kind)
    assert problems(rows) == {position + 1: "text_decodes"}
    assert rows[position].problem == f"byte 0xe9 at offset {offset:,} is no utf-8"
    assert f"\\xe9ext {position:04d}" in rows[position].raw
    assert len(rows) == 200


def test_a_byte_that_cp1252_does_not_know_is_named() -> None:
    (row,) = read(b'{"id": "1", "text": "\x81"}\n', encoding="cp1252")
    assert row.problem == "byte 0x81 at offset 21 is no cp1252"


def test_an_illegible_header_is_an_error_of_the_whole_file() -> None:
    with pytest.raises(FeedError, match="header is illegible: byte 0xf6 at offset 4 is no utf-8"):
        read("id;Größe\n1;2\n".encode("latin-1").replace(b"Gr", b"G"), "csv")


def test_a_cut_line_is_a_row_with_a_problem() -> None:
    content = jsonl(VALUES)
    rows = read(content[: len(content) - 15])
    assert ids(rows) == ["1", "2", "3"]
    assert problems(rows) == {4: "row_parses"}
    assert "the line is not valid JSON: " in str(rows[3].problem)
    assert rows[3].raw.startswith('{"id": "4"')


@pytest.mark.parametrize(
    ("line", "kind"),
    [("[1]", "list"), ('"x"', "str"), ("1", "int"), ("null", "NoneType"), ("NaN", "float")],
)
def test_a_line_that_is_no_object_is_a_row_with_a_problem(line: str, kind: str) -> None:
    (row,) = read(line.encode())
    assert row.problem_rule == "row_parses"
    assert row.problem == f"the line must be a JSON object, got {kind}"


@pytest.mark.parametrize("value", ["[" * 100_000, "1" * 5_000], ids=["deep", "huge_integer"])
def test_json_that_python_refuses_is_a_row_with_a_problem(value: str) -> None:
    rows = read(b'{"id": ' + value.encode() + b"}\n" + jsonl(VALUES))
    assert problems(rows) == {1: "row_parses"}
    assert len(rows) == 5


def test_blank_lines_are_no_rows_but_lines_are_counted() -> None:
    rows = read(b'\n{"id": "1"}\n\n  \t\n{"id": "2"}\r\n\n')
    assert [(row.number, row.values) for row in rows] == [(2, {"id": "1"}), (5, {"id": "2"})]


def test_empty_files_and_bare_headers_have_no_rows() -> None:
    for content in (b"", b"\n\n", b"id,text", b"id,text\r\n\r\n"):
        assert read(content, "csv") == []
    assert read(b"") == read(b"\n \n") == []
    assert read(parquet(pa.table({"id": pa.array([], pa.string())})), "parquet") == []


def test_lone_surrogates_come_through_for_the_stage_to_judge() -> None:
    (row,) = read(b'{"id": "\\ud83d"}\n')
    assert row.values == {"id": "\ud83d"}
    assert row.raw == '{"id": "\\ud83d"}'


@pytest.mark.parametrize("name", ["text", "note"])
def test_two_columns_of_one_name_are_refused_by_name(name: str) -> None:
    sentence = f"drawn.csv has two columns named '{name}'; rename or remove one of them"
    with pytest.raises(FeedError, match=sentence):
        read(f"id,text,{name},{name}\n1,a,b,c\n".encode(), "csv")


def test_more_columns_than_a_table_can_have_are_refused_with_their_number() -> None:
    header = ",".join(["id", "text", *(f"c{number}" for number in range(100_000))])
    with pytest.raises(FeedError, match="has 100,002 columns; at most 10,000 are read"):
        read(f"{header}\n1,a{',x' * 100_000}\n".encode(), "csv")


def test_a_raw_text_that_is_cut_says_so() -> None:
    (row,) = read(b"id,text\n1,a," + b"x" * (1 << 20) + b"\n", "csv")
    assert str(row.problem).endswith("; raw is cut at 1,048,576 characters")
    assert len(row.raw) == 1 << 20


def test_a_csv_of_the_old_macintosh_is_read() -> None:
    assert ids(read(b"id,text\r1,a\r2,b\r", "csv")) == ["1", "2"]


def test_rows_lost_to_an_encoding_are_counted_with_what_to_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    read(b'{"id": "\xff"}\n{"id": "\xfe"}\n{"id": "x"}\n')
    assert (
        "drawn.jsonl has 2 rows with bytes that their encoding lacks; set `encoding`" in caplog.text
    )


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_bytes_called_jsonl_are_rows_with_problems(content: bytes) -> None:
    # A byte order mark of UTF-16, and an array, speak for the whole file.
    assume(not content.lstrip().startswith((b"\xff\xfe", b"\xfe\xff", b"[")))
    rows = read(content)
    assert all((row.values is None) == (row.problem is not None) for row in rows)
    assert len(rows) <= content.count(b"\n") + content.count(b"\r") + 1


@given(st.binary(max_size=400), st.sampled_from(["csv", "parquet"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_called_csv_or_parquet_are_rows_or_a_feed_error(
    content: bytes, kind: str
) -> None:
    try:
        rows = read(content, kind)
    except FeedError:
        return
    assert all((row.values is None) == (row.problem is not None) for row in rows)


@given(
    values=st.lists(
        st.dictionaries(
            st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(), max_size=3
        ),
        max_size=8,
    ),
    read_bytes=st.integers(1, 9),
)
@settings(max_examples=50, deadline=None)
def test_rows_do_not_depend_on_where_the_blocks_end(
    values: list[dict[str, Any]], read_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_READ_BYTES", read_bytes)
        for encoding in ("utf-8", "utf-16"):
            rows = read(jsonl(values).decode().encode(encoding), encoding=encoding)
            assert [row.values for row in rows] == values


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 64)
    monkeypatch.setattr(lines, "_BYTES_KEPT", 32)
    monkeypatch.setattr(lines, "_READ_BYTES", 16)


@pytest.mark.usefixtures("short_lines")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_overlong_line_is_one_refused_row(encoding: str) -> None:
    long = '{"id": "2", "text": "' + "x" * 300 + '"}\n'
    content = '{"id": "1"}\n' + long + '{"id": "3"}\n{"id": "4"}\n' + long.strip()
    rows = read(content.encode(encoding), encoding=encoding)
    assert ids(rows) == ["1", "3", "4"]
    assert problems(rows) == {2: "row_parses", 5: "row_parses"}
    assert rows[1].problem == "the line is longer than 64 bytes; raw is cut at 32 characters"
    assert rows[1].raw == long[:32]


@pytest.mark.usefixtures("short_lines")
def test_a_line_of_just_the_longest_length_is_read() -> None:
    line = b'{"id": "' + b"x" * 53 + b'"}\n'
    assert len(line) == 64
    assert problems(read(line + b" " + line)) == {2: "row_parses"}


@pytest.mark.usefixtures("short_lines")
def test_a_row_with_two_problems_names_the_first() -> None:
    rows = read(b'id,text\n1,"\xff\n\xfe"\n2,"' + b"x" * 300 + b"\n3,\xff\n", "csv")
    assert rows[0].problem == "byte 0xff at offset 11 is no utf-8"
    assert rows[1].problem == (
        "the line is longer than 64 bytes; raw is cut at 32 characters (line 4 of the file)"
    )


def test_memory_does_not_grow_with_a_line(
    monkeypatch: pytest.MonkeyPatch, write_feed: WriteFeed
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1 << 16)
    monkeypatch.setattr(lines, "_BYTES_KEPT", 1 << 10)
    monkeypatch.setattr(lines, "_READ_BYTES", 1 << 14)
    file = write_feed("a.jsonl", b"x" * 8_000_000)
    tracemalloc.start()
    (row,) = read_rows(STORE, file, FileSettings())
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert row.problem_rule == "row_parses"
    assert peak_bytes < 1_000_000


@pytest.mark.usefixtures("short_lines")
def test_offsets_are_right_after_an_overlong_line() -> None:
    content = b"x" * 1_000 + b"\n" + b'{"id": "\xff"}\n'
    rows = read(content)
    assert rows[1].problem == f"byte 0xff at offset {content.index(0xFF):,} is no utf-8"


@pytest.mark.usefixtures("short_lines")
def test_a_quotation_mark_in_an_overlong_line_takes_no_other_row_in() -> None:
    content = b'id,text\n1,a\n2,"' + b"x" * 300 + b'"\n3,"c"\n'
    rows = read(content, "csv")
    assert ids(rows) == ["1", "3"]
    assert problems(rows) == {2: "row_parses"}


@pytest.mark.usefixtures("short_lines")
def test_a_csv_without_a_line_end_is_no_empty_file() -> None:
    with pytest.raises(FeedError, match="header is illegible: the line is longer"):
        read(b"x" * 300, "csv")


def test_every_truncated_archive_is_an_error_that_names_the_file(
    write_feed: WriteFeed, compress: Compress
) -> None:
    for ending in (".gz", ".zst"):
        whole = compress(jsonl(VALUES * 20), ending)
        for n_bytes in range(1, len(whole)):
            file = write_feed(f"a.jsonl{ending}", whole[:n_bytes])
            with pytest.raises(FeedError, match=rf"a.jsonl{ending} is no readable jsonl \("):
                list(read_rows(STORE, file, FileSettings()))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.zst", "a.parquet", "a.parquet.gz"])
def test_a_file_that_is_not_what_its_name_says_is_named(name: str, write_feed: WriteFeed) -> None:
    with pytest.raises(FeedError, match=f"{name} is no readable .*fetch it again"):
        list(read_rows(STORE, write_feed(name, jsonl(VALUES)), FileSettings()))


def test_a_damaged_parquet_file_gives_rows_or_a_feed_error() -> None:
    whole = parquet(pa.Table.from_pylist(VALUES), compression="snappy")
    n_refused = 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        try:
            read(bytes(damaged), "parquet")
        except FeedError:
            n_refused += 1
    assert n_refused > len(whole) / 3


def test_parquet_rows_are_numbered_across_batches() -> None:
    rows = read(parquet(pa.table({"id": list(range(3_000))})), "parquet")
    assert [row.number for row in rows] == list(range(1, 3_001))
    assert [row.values for row in rows[-2:]] == [{"id": 2998}, {"id": 2999}]


def test_raw_of_a_parquet_row_is_json_whatever_the_types() -> None:
    table = pa.table({"day": [date(2026, 3, 1)], "bytes": [b"caf\xc3\xa9"], "list": [[1, None]]})
    (row,) = read(parquet(table), "parquet")
    assert json.loads(row.raw) == {"day": "2026-03-01", "bytes": "café", "list": [1, None]}


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("reset"),
        TimeoutError(),
        OSError(errno.EIO, "disk"),
        requests.ReadTimeout("slow"),
        requests.ConnectionError("no route"),
    ],
    ids=repr,
)
def test_trouble_on_disk_or_network_is_not_blamed_on_the_file(
    error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def unopened(_store: Store, _piece: Piece) -> Iterator[IO[bytes]]:
        raise error
        yield

    monkeypatch.setattr(pieces, "opened", unopened)
    with pytest.raises(type(error)) as raised:
        read(b"")
    assert raised.value is error


def test_a_file_that_is_gone_is_a_feed_error() -> None:
    file = piece_at(Path("/nowhere/drawn.jsonl"), "jsonl")
    with pytest.raises(FeedError, match=r"drawn.jsonl is gone since it was found; run again"):
        list(read_rows(STORE, file, FileSettings()))


def test_opened_gives_the_uncompressed_bytes(write_feed: WriteFeed, compress: Compress) -> None:
    for ending in ("", ".gz", ".zst"):
        with opened(STORE, write_feed(f"a.csv{ending}", compress(b"id,text\n", ending))) as stream:
            assert stream.read() == b"id,text\n"


def test_an_unchanged_file_passes(write_feed: WriteFeed) -> None:
    require_unchanged(write_feed("a.jsonl", b"x" * 3_000_000))


def test_a_changed_a_longer_and_a_lost_file_are_noticed(
    write_feed: WriteFeed, tmp_path: Path
) -> None:
    path = tmp_path / "feed" / "a.jsonl"
    found = write_feed("a.jsonl", b"abc")
    for change in (
        lambda: path.write_bytes(b"abd"),
        lambda: path.write_bytes(b"abcd"),
        path.unlink,
    ):
        change()
        with pytest.raises(FeedError, match=r"a.jsonl changed while it was read; run again"):
            require_unchanged(found)
