import pyarrow as pa

from validation.tables.table import Table

SCHEMA = pa.schema([pa.field("name", pa.string()), pa.field("size", pa.int64())])


def columns(**changed: pa.DataType) -> dict[str, pa.DataType]:
    """Return the columns of a file with every column of the schema, and one of the feed."""
    return {"name": pa.string(), "size": pa.int64(), "stars": pa.float64(), **changed}


def test_a_file_may_have_more_columns() -> None:
    assert Table(SCHEMA).wrong_columns(columns()) == []


def test_a_column_of_another_type_is_wrong() -> None:
    assert Table(SCHEMA).wrong_columns(columns(size=pa.int32())) == ["size"]


def test_a_column_that_is_missing_is_wrong_unless_it_came_later() -> None:
    found = {"name": pa.string()}
    assert Table(SCHEMA).wrong_columns(found) == ["size"]
    assert Table(SCHEMA, later=frozenset({"size"})).wrong_columns(found) == []


def test_a_column_that_came_later_has_its_type_where_it_is_there() -> None:
    table = Table(SCHEMA, later=frozenset({"size"}))
    assert table.wrong_columns(columns(size=pa.int32())) == ["size"]
