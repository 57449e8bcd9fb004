import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tasks.store import embeddings as embeddings_module
from tasks.store.embeddings import EmbeddingShelf, fixed_lists, holds_finite, matrix_of
from tasks.store.storage import DamagedFileError
from tests.tasks.shelves import digests_on
from validation.tables.schemas import embeddings

Matrix = NDArray[np.float32]


@pytest.fixture
def shelf(tmp_path: Path) -> EmbeddingShelf:
    return EmbeddingShelf(tmp_path, "all-MiniLM-L6-v2", "0123456789abcdef" * 4)


def vectors(n_texts: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n_texts, 4)).astype(np.float32)


def parts(root: Path) -> list[Path]:
    return sorted(root.rglob("*.parquet"))


def test_vectors_come_back_bit_for_bit_in_any_order(shelf: EmbeddingShelf) -> None:
    matrix = vectors(5)
    shelf.add(["a", "b", "c"], matrix[:3])
    shelf.add(["d", "e"], matrix[3:])
    assert digests_on(shelf) == set("abcde")
    gathered = shelf.gather(["e", "a", "d"])
    assert gathered.dtype == np.float32
    np.testing.assert_array_equal(gathered, matrix[[4, 0, 3]])


def test_only_files_that_hold_a_wanted_text_are_read(
    shelf: EmbeddingShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a night costs follows from its window, not from all that was ever encoded."""
    matrix = vectors(4)
    for number, digest in enumerate("abcd"):
        shelf.add([digest], matrix[[number]])
    read: list[list[str] | None] = []

    def counted(path: Path, columns: list[str] | None = None) -> pa.Table:
        read.append(columns)
        return pq.read_table(path, columns=columns, partitioning=None)

    monkeypatch.setattr(embeddings_module, "read_part", counted)
    np.testing.assert_array_equal(shelf.gather(["c"]), matrix[[2]])
    assert read.count(None) == 1
    assert shelf.missing(["a", "d", "x"]) == {"x"}
    assert read.count(None) == 1, "to look for digests, no vector is read"


def test_a_night_without_new_texts_stops_at_the_last_file_that_it_needs(
    shelf: EmbeddingShelf,
) -> None:
    shelf.add(["old"], vectors(1))
    (old,) = shelf.parts()
    old.write_bytes(b"damaged")
    os.utime(old, (0, 0))
    shelf.add(["new"], vectors(1, seed=1))
    assert shelf.missing(["new"]) == set()
    np.testing.assert_array_equal(shelf.gather(["new"]), vectors(1, seed=1))
    with pytest.raises(DamagedFileError):
        shelf.missing(["new", "other"])


def test_a_vector_that_is_gone_is_an_error(shelf: EmbeddingShelf) -> None:
    with pytest.raises(DamagedFileError, match="lacks 1 vectors that were there"):
        shelf.gather(["a"])
    shelf.add(["a"], vectors(1))
    with pytest.raises(DamagedFileError, match=r"MiniLM-L6-v2-0123456789ab lacks 2 vectors"):
        shelf.gather(["a", "b", "c"])


def test_a_number_that_is_not_finite_is_damage_and_no_missing_vector(shelf: EmbeddingShelf) -> None:
    shelf.add(["a"], np.array([[1.0, np.nan]], dtype=np.float32))
    (part,) = shelf.parts()
    assert not holds_finite(part)
    with pytest.raises(
        DamagedFileError, match=r"part-.* is damaged: it holds numbers that are not"
    ):
        shelf.gather(["a"])


def test_no_vector_of_a_file_with_a_flipped_bit_is_used(shelf: EmbeddingShelf) -> None:
    """Parquet reads most of them without complaint, as other numbers."""
    matrix = vectors(64)
    shelf.add([f"text {number}" for number in range(64)], matrix)
    (part,) = shelf.parts()
    whole = part.read_bytes()
    for place in range(4, len(whole), 97):
        part.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(DamagedFileError):
            shelf.gather([f"text {number}" for number in range(64)])
    part.write_bytes(whole)
    np.testing.assert_array_equal(shelf.gather(["text 7"]), matrix[[7]])


def test_a_shelf_that_is_not_there_is_empty(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    assert digests_on(shelf) == set()
    assert list(tmp_path.iterdir()) == []


def test_a_part_is_named_by_its_content_and_laid_out_as_published(
    shelf: EmbeddingShelf, tmp_path: Path
) -> None:
    for _ in range(2):
        shelf.add(["a", "b"], vectors(2))
    (part,) = parts(tmp_path)
    folder = "embeddings/encoder=all-MiniLM-L6-v2-0123456789ab"
    assert part.parent == tmp_path / folder
    assert pq.read_schema(part).equals(embeddings(4))
    shelf.add(["a", "b"], vectors(2, seed=1))
    assert len(parts(tmp_path)) == 2


def test_a_shelf_takes_only_what_it_lacks(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    matrix = vectors(3)
    shelf.add(["b"], matrix[:1])
    items = pa.table(
        [pa.array(["a", "b"]), fixed_lists(matrix[1:])], names=["text_digest", "embedding"]
    )
    for _ in range(2):
        shelf.complete(items)
    assert len(parts(tmp_path)) == 2
    np.testing.assert_array_equal(shelf.gather(["a", "b"]), matrix[[1, 0]])


def test_half_written_parts_are_not_read(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    shelf.add(["a"], vectors(1))
    (parts(tmp_path)[0].parent / ".writing-x").write_bytes(b"half a part")
    assert digests_on(shelf) == {"a"}


def test_encoders_have_shelves_of_their_own(tmp_path: Path) -> None:
    one = EmbeddingShelf(tmp_path, "model", "1" * 64)
    other = EmbeddingShelf(tmp_path, "model", "2" * 64)
    one.add(["a"], vectors(1))
    assert digests_on(other) == set()


@pytest.mark.parametrize("name", ["org/model", "../../model", "/models/my model/", "ä", "a=b"])
def test_a_shelf_stays_in_its_folder_whatever_the_encoder_is_called(
    name: str, tmp_path: Path
) -> None:
    EmbeddingShelf(tmp_path, name, "1" * 64).add(["a"], vectors(1))
    (part,) = parts(tmp_path)
    assert part.parent.parent == tmp_path / "embeddings"
    assert part.parent.name.count("=") == 1


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 6), st.integers(1, 5)),
        elements=st.floats(-10, 10, width=32),
    )
)
@settings(deadline=None)
def test_matrix_and_lists_are_two_forms_of_one_thing(matrix: Matrix) -> None:
    lists = pa.chunked_array([fixed_lists(matrix)])
    np.testing.assert_array_equal(matrix_of(lists), matrix)
    np.testing.assert_array_equal(matrix_of(lists.slice(1)), matrix[1:])
    chunks = pa.chunked_array([fixed_lists(matrix), fixed_lists(matrix[::-1])])
    np.testing.assert_array_equal(matrix_of(chunks), np.concatenate([matrix, matrix[::-1]]))


def test_a_column_without_chunks_is_an_empty_matrix() -> None:
    assert matrix_of(pa.chunked_array([], pa.list_(pa.float32(), 3))).shape == (0, 3)


def test_a_damaged_file_is_named_with_what_to_do(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    shelf.add(["a"], vectors(1))
    (path,) = parts(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    for read in (lambda: shelf.missing(["a"]), lambda: shelf.gather(["a"])):
        with pytest.raises(DamagedFileError, match=rf"doctor --store {tmp_path} --repair`; its"):
            read()
