"""Which columns the other nights have, from their schemas alone."""

from datetime import date

import pyarrow as pa

from tasks.preparing.columns.known_columns import (
    KEY,
    ONLY_TEXT,
    TEXT_OF,
    Known,
    identity_of,
    known_columns,
)

TONIGHT = date(2026, 3, 10)


def own(key: str, kind: pa.DataType, name: str | None = None, **marks: bytes) -> pa.Field:
    return pa.field(
        name or key, kind, metadata={KEY: key.encode(), **{k.encode(): v for k, v in marks.items()}}
    )


def schema(*columns: pa.Field) -> pa.Schema:
    return pa.schema([pa.field("doc_id", pa.string()), *columns])


def test_columns_come_in_the_order_of_the_nights() -> None:
    stars, tags = own("stars", pa.float64()), own("tags", pa.string())
    nights = [(date(2026, 3, 2), schema(tags, stars)), (date(2026, 3, 1), schema(stars))]
    known = known_columns(TONIGHT, nights)
    assert known.carried == [("stars", False), ("tags", False)]
    assert known.decided == {("stars", False): stars, ("tags", False): tags}


def test_the_nearest_night_counts_and_those_before_come_first() -> None:
    kinds = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
    days = [date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 11), date(2026, 3, 20)]
    nights = [(day, schema(own("n", kind))) for day, kind in zip(days, kinds, strict=True)]
    assert known_columns(TONIGHT, nights).decided["n", False].type == pa.int16()
    later = known_columns(TONIGHT, nights[2:])
    assert later.decided["n", False].type == pa.int32()
    assert later.carried == []


def test_a_run_of_the_same_night_again_decides_nothing() -> None:
    assert known_columns(TONIGHT, [(TONIGHT, schema(own("n", pa.int8())))]) == Known([], {})


def test_only_our_marks_are_kept() -> None:
    column = own("n", pa.string(), **{ONLY_TEXT.decode(): b"yes", "PARQUET:field_id": b"9"})
    found = known_columns(TONIGHT, [(date(2026, 3, 1), schema(column))]).decided["n", False]
    assert found.metadata == {KEY: b"n", ONLY_TEXT: b"yes"}


def test_a_column_is_known_by_its_key() -> None:
    assert identity_of(own("night", pa.string(), "feed_night")) == ("night", False)
    beside = own("n", pa.string(), "n_text", **{TEXT_OF.decode(): b"n"})
    assert identity_of(beside) == ("n", True)


def test_a_column_of_an_older_night_is_known_by_its_name() -> None:
    assert identity_of(pa.field("stars", pa.int8())) == ("stars", False)
    assert identity_of(pa.field("feed_night", pa.int8())) == ("night", False)
    assert identity_of(pa.field("feed_stars", pa.int8())) == ("feed_stars", False)
