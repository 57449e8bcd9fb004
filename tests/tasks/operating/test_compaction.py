from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.operating import compaction
from tasks.operating.compaction import plan, write_parts
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.storage import DamagedFileError
from tests.tasks.shelves import digests_on

VECTORS = {letter: np.full(2, number, np.float32) for number, letter in enumerate("abcdefgh")}


@pytest.fixture
def shelf(tmp_path: Path) -> EmbeddingShelf:
    """Three small files: ab, cd, ef."""
    made = EmbeddingShelf(tmp_path, "E", "0" * 64)
    for letters in ("ab", "cd", "ef"):
        add(made, letters)
    return made


def add(shelf: EmbeddingShelf, letters: str) -> None:
    shelf.add(list(letters), np.stack([VECTORS[letter] for letter in letters]))


def folder_of(root: Path) -> Path:
    (folder,) = (root / "embeddings").iterdir()
    return folder


def compact(root: Path, used: str, retired: set[Path] | None = None) -> set[Path]:
    """Lay out anew; give the files that are no longer needed."""
    layout = plan(folder_of(root), set(used), retired or set())
    written = write_parts(layout) if layout.wanted else []
    return set(layout.rewritten) - set(written)


def test_unused_texts_go_and_small_files_become_one(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    old = compact(tmp_path, "abde")
    assert len(old) == 3
    assert digests_on(shelf) == set("abcdef"), "old files stay for those who listed them"
    for path in old:
        path.unlink()
    assert digests_on(shelf) == set("abde")
    gathered = shelf.gather(list("edba"))
    np.testing.assert_array_equal(gathered, np.stack([VECTORS[letter] for letter in "edba"]))
    assert len(list(folder_of(tmp_path).iterdir())) == 1


def test_a_layout_that_is_good_stays(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    for path in compact(tmp_path, "abcdef"):
        path.unlink()
    layout = plan(folder_of(tmp_path), set("abcdef"), set())
    assert (len(layout.stay), layout.rewritten, layout.wanted, layout.n_dropped) == (
        1,
        [],
        set(),
        0,
    )


def test_dropped_texts_are_counted(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    assert plan(folder_of(tmp_path), set("abc"), set()).n_dropped == 3
    assert plan(folder_of(tmp_path), set(), set()).n_dropped == 6
    assert compact(tmp_path, "") == set(folder_of(tmp_path).iterdir())


def test_a_text_that_came_back_is_carried_over_from_a_retired_file(
    shelf: EmbeddingShelf, tmp_path: Path
) -> None:
    retired = compact(tmp_path, "ab")
    again = compact(tmp_path, "abc", retired)
    for path in retired | again:
        path.unlink(missing_ok=True)
    assert digests_on(shelf) == set("abc")


def test_large_files_stay_until_a_text_in_them_is_unused(
    shelf: EmbeddingShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_SMALL", 2)
    layout = plan(folder_of(tmp_path), set("abcde"), set())
    assert len(layout.stay) == 2
    assert layout.wanted == {"e"}


def test_new_files_are_bounded(
    shelf: EmbeddingShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "PART_ROWS", 4)
    layout = plan(folder_of(tmp_path), set("abcdef"), set())
    assert len(write_parts(layout)) == 2


def test_a_text_that_stands_twice_is_written_once(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    add(shelf, "bg")
    for path in compact(tmp_path, "abcdefg"):
        path.unlink()
    (path,) = folder_of(tmp_path).iterdir()
    assert digests_on(shelf) == set("abcdefg")
    assert pq.read_metadata(path).num_rows == 7


def test_a_damaged_file_is_named(shelf: EmbeddingShelf, tmp_path: Path) -> None:
    path = next(folder_of(tmp_path).iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(
        DamagedFileError, match=rf"{path.name} is damaged.*doctor --store {tmp_path} --repair"
    ):
        plan(folder_of(tmp_path), set("a"), set())
