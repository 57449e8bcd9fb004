import pyarrow as pa

from tasks.preparing.batches import batches_of


def test_a_table_in_memory_is_read_as_often_as_needed() -> None:
    table = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    read = batches_of(table)
    for _ in range(2):
        assert pa.Table.from_batches(read()).equals(table)
    assert pa.Table.from_batches(read(["b"])).equals(table.select(["b"]))
