import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.store.files import (
    copy_atomically,
    sha256_of,
    write_atomically,
    write_checked,
    write_parquet,
)


def test_a_copy_has_the_bytes_and_the_digest_of_its_source(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"content")
    copy_atomically(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_bytes() == b"content"
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "new" / "b")
    assert sha256_of(tmp_path / "a").startswith("ed7002b439e9ac845f22357d822bac14")


def test_content_of_another_digest_takes_the_place_of_nothing(tmp_path: Path) -> None:
    path, digest = tmp_path / "a", "ed7002b439e9ac84"
    assert write_checked(path, lambda it: it.write_bytes(b"content"), digest)
    assert not write_checked(path, lambda it: it.write_bytes(b"damaged"), digest)
    assert [it.read_bytes() for it in tmp_path.iterdir()] == [b"content"]


@pytest.fixture(params=[0o000, 0o022, 0o027, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


def test_who_may_read_a_file_is_for_the_umask_to_say(umask: int, tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"content")
    (tmp_path / "a").chmod(0o777)
    copy_atomically(tmp_path / "a", tmp_path / "b")
    write_atomically(tmp_path / "a", b"anew")
    assert [(tmp_path / it).stat().st_mode & 0o777 for it in "ab"] == [0o666 & ~umask] * 2


def test_numbers_with_fractions_have_no_dictionary_and_all_else_has(tmp_path: Path) -> None:
    schema = pa.schema(
        {
            "id": pa.string(),
            "n": pa.int64(),
            "share": pa.float64(),
            "vector": pa.list_(pa.float32(), 3),
            "terms": pa.list_(pa.string()),
            "of": pa.list_(pa.struct({"name": pa.string(), "z": pa.float32()})),
        }
    )
    row = {"id": "a", "n": 1, "share": 0.5, "vector": [1.0, 2, 3], "terms": ["x"], "of": []}
    table = pa.Table.from_pylist([row | {"of": [{"name": "y", "z": 1.5}]}], schema=schema)
    write_parquet(tmp_path / "t.parquet", table)
    group = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    has = {it.path_in_schema: "RLE_DICTIONARY" in it.encodings for it in columns}
    plain = {"share", "vector.list.element", "of.list.element.z"}
    assert {name for name, is_so in has.items() if not is_so} == plain
    assert {it.compression for it in columns} == {"ZSTD"}
    assert pq.read_table(tmp_path / "t.parquet").equals(table)


def test_vectors_take_the_room_that_their_numbers_do(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 384)).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 384)
    write_parquet(tmp_path / "v.parquet", pa.table({"vector": column}))
    assert (tmp_path / "v.parquet").stat().st_size < 1.02 * vectors.nbytes


def test_vectors_take_less_room_split_by_bytes_and_come_back_as_they_were(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).uniform(0.5, 1, (500, 64)).astype(np.float32)
    flat = pa.array(rows.ravel())
    table = pa.table({"vector": pa.FixedSizeListArray.from_arrays(flat, 64), "share": flat[:500]})
    write_parquet(tmp_path / "a", table)
    pq.write_table(table, tmp_path / "plain", compression="zstd", use_dictionary=False)
    found = pq.read_metadata(tmp_path / "a").row_group(0)
    encodings = {found.column(it).path_in_schema: found.column(it).encodings for it in range(2)}
    assert "BYTE_STREAM_SPLIT" in encodings["vector.list.element"]
    assert "BYTE_STREAM_SPLIT" not in encodings["share"], "any reader reads what is published"
    assert (tmp_path / "a").stat().st_size < 0.95 * (tmp_path / "plain").stat().st_size
    assert pq.read_table(tmp_path / "a") == table
