import io
import json
import logging
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.reading.formats.parquet import read_parquet
from tasks.reading.formats.rows import FileLog, Row, UnfitFileError, as_text
from tasks.reading.formats.settings import FileSettings

LOG = FileLog(logging.getLogger(__name__), "a file")


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def read(table: pa.Table) -> list[Row]:
    return list(read_parquet(io.BytesIO(parquet(table)), FileSettings(), LOG))


def broken_text(kind: pa.DataType) -> pa.Array:
    values = pa.array([b"one", b"caf\xe9", b"three"])
    return values.cast(pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()).view(
        kind
    )


class Watched(io.BytesIO):
    """A file that knows the most that was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.most = max(self.most, len(found))
        return found


def test_a_row_group_as_large_as_its_file_is_never_held_whole() -> None:
    rng = np.random.default_rng(0)
    file = Watched(parquet(pa.table({"raw": [rng.bytes(1_000) for _ in range(8_000)]})))
    assert sum(1 for _ in read_parquet(file, FileSettings(), LOG)) == 8_000
    assert file.most < 4_000_000


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
@pytest.mark.parametrize("name", ["text", "note"])
def test_bytes_that_are_no_utf8_refuse_their_row_alone(kind: pa.DataType, name: str) -> None:
    rows = read(pa.table({"id": ["1", "2", "3"], name: broken_text(kind)}))
    assert [row.problem_rule for row in rows] == [None, "text_decodes", None]
    assert rows[1].problem == f"column {name!r} has bytes that are no UTF-8"
    assert json.loads(rows[1].raw) == {"id": "2", name: "caf\\xe9"}
    assert [row.values for row in (rows[0], rows[2])] == [
        {"id": "1", name: "one"},
        {"id": "3", name: "three"},
    ]


@pytest.mark.parametrize(
    ("column", "spelled"),
    [
        (pa.array([0, 10**18, 1], pa.timestamp("ms")), "1000000000000000000 as timestamp[ms]"),
        (pa.array([0, -(10**18), 1], pa.timestamp("ms", "UTC")), "-1000000000000000000 as"),
        (pa.array([0, 2**30, 1], pa.int32()).view(pa.date32()), "1073741824 as date32[day]"),
        (pa.array([0, 2**62, 1], pa.int64()).view(pa.time64("us")), "unreadable time64[us]"),
        (pa.array([0, 2**62, 1], pa.duration("s")), "unreadable duration[s]"),
    ],
    ids=str,
)
def test_a_value_out_of_range_refuses_its_row_alone(column: pa.Array, spelled: str) -> None:
    rows = read(pa.table({"id": ["1", "2", "3"], "when": column}))
    assert [row.problem_rule for row in rows] == [None, "row_parses", None]
    assert str(rows[1].problem).startswith("column 'when' has a value out of range (")
    assert json.loads(rows[1].raw)["when"].startswith(spelled)


def test_rows_around_a_broken_cell_keep_their_numbers() -> None:
    texts = [b"ok"] * 5_000
    texts[3_000] = b"\xff"
    rows = read(pa.table({"id": range(5_000), "text": pa.array(texts).view(pa.string())}))
    assert [row.number for row in rows] == list(range(1, 5_001))
    assert [row.number for row in rows if row.values is None] == [3_001]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0], pa.timestamp("s", "Mars/Olympus")),
        pa.array([[0]], pa.list_(pa.timestamp("us", "Mars/Olympus"))),
        pa.array([{"at": 0}], pa.struct([("at", pa.timestamp("us", "Mars/Olympus"))])),
    ],
    ids=str,
)
def test_a_time_zone_that_is_not_known_is_named_with_its_column(column: pa.Array) -> None:
    with pytest.raises(
        UnfitFileError, match="column 'seen' in the time zone 'Mars/Olympus', which is not known"
    ):
        read(pa.table({"id": ["1"], "seen": column}))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+05:30"])
def test_time_zones_that_are_known_are_read(zone: str) -> None:
    (row,) = read(pa.table({"at": pa.array([0], pa.timestamp("s", zone))}))
    assert row.values is not None
    assert row.values["at"].timestamp() == 0


@pytest.mark.parametrize("names", [["id", "text", "text"], ["id", "text", "x", "x"]])
def test_two_columns_of_one_name_are_refused_by_name(names: list[str]) -> None:
    with pytest.raises(UnfitFileError, match=f"has two columns named '{names[-1]}'; rename"):
        read(pa.table([["a"]] * len(names), names=names))


def test_two_fields_of_one_name_in_a_column_are_refused_by_name() -> None:
    kind: Any = pa.struct([("x", pa.int64()), ("x", pa.int64())])
    column = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], fields=list(kind))
    with pytest.raises(UnfitFileError, match="the column 'meta' with two fields of one name"):
        read(pa.table({"id": ["1"], "meta": column}))


TYPES = {
    "decimal": (
        pa.decimal128(38, 2),
        Decimal("12345678901234567890.12"),
        "12345678901234567890.12",
    ),
    "large decimal": (pa.decimal256(50, 2), Decimal("1.5"), "1.50"),
    "duration": (pa.duration("us"), timedelta(seconds=90), "0:01:30"),
    "exact duration": (pa.duration("ns"), 90_000_000_001, "0 days 00:01:30.000000001"),
    "map": (pa.map_(pa.string(), pa.int64()), [("a", 1), ("b", 2)], [["a", 1], ["b", 2]]),
    "list": (pa.list_(pa.date32()), [date(2024, 3, 1), None], ["2024-03-01", None]),
    "vector": (pa.list_(pa.float32(), 2), [1.0, 2.5], [1.0, 2.5]),
    "struct": (
        pa.struct([("a", pa.decimal128(5, 2)), ("b", pa.binary()), ("c", pa.time64("us"))]),
        {"a": Decimal("1.50"), "b": b"x", "c": time(1, 2)},
        {"a": "1.50", "b": "x", "c": "01:02:00"},
    ),
    "dictionary": (pa.dictionary(pa.int32(), pa.large_string()), "é", "é"),
    "binary": (pa.binary(), b"caf\xc3\xa9 \xff", "café \\xff"),
    "fixed binary": (pa.binary(2), b"ab", "ab"),
    "view": (pa.string_view(), "é", "é"),
    "time": (pa.time32("ms"), time(1, 2, 3), "01:02:03"),
    "half": (pa.float16(), 1.5, 1.5),
    "unsigned": (pa.uint64(), 2**64 - 1, 2**64 - 1),
    "null": (pa.null(), None, None),
}


@pytest.mark.parametrize("name", list(TYPES))
def test_a_column_of_any_type_is_json_and_text(name: str) -> None:
    kind, value, spelled = TYPES[name]
    rows = read(pa.table({"id": ["1", "2"], name: pa.array([value, None], kind)}))
    assert [row.problem for row in rows] == [None, None]
    assert [json.loads(row.raw)[name] for row in rows] == [spelled, None]
    assert all(row.values is not None for row in rows)
    (first, second) = [as_text((row.values or {})[name]) for row in rows]
    assert isinstance(first, str | None)
    assert second is None
