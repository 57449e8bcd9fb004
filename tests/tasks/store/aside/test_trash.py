from pathlib import Path

from tasks.store.aside.trash import empty_trash, make_way, move_to_trash, trashed
from tasks.store.files import write_atomically


def files(root: Path) -> dict[str, str]:
    return {
        it.relative_to(root).as_posix(): it.read_text() for it in root.rglob("*") if it.is_file()
    }


def test_a_file_keeps_its_path_and_leaves_no_empty_folder(tmp_path: Path) -> None:
    write_atomically(tmp_path / "documents/feed=f/night=2026-03-01/a", b"a")
    move_to_trash(tmp_path, "documents/feed=f/night=2026-03-01/a")
    assert files(tmp_path) == {"trash/documents/feed=f/night=2026-03-01/a": "a"}
    assert not (tmp_path / "documents" / "feed=f").exists()


def test_what_clashes_goes_beside_what_is_there(tmp_path: Path) -> None:
    for content in ("1", "2", "3"):
        write_atomically(tmp_path / "a" / "b", content.encode())
        move_to_trash(tmp_path, "a/b")
    write_atomically(tmp_path / "a/b/c", b"4")
    move_to_trash(tmp_path, "a/b/c")
    move_to_trash(tmp_path, "a/b") if (tmp_path / "a/b").exists() else None
    assert sorted(files(tmp_path / "trash").values()) == ["1", "2", "3", "4"]
    assert files(tmp_path)["trash/2/a/b"] == "2"


def test_folders_and_links_go_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b", b"b")
    (tmp_path / "loop").symlink_to("loop")
    move_to_trash(tmp_path, "a")
    move_to_trash(tmp_path, "loop")
    assert (tmp_path / "trash" / "loop").is_symlink()
    assert files(tmp_path) == {"trash/a/b": "b"}


def test_the_prune_after_the_one_that_sees_it_removes_it(tmp_path: Path) -> None:
    empty_trash(tmp_path)
    write_atomically(tmp_path / "a", b"a")
    move_to_trash(tmp_path, "a")
    assert [len(it) for it in trashed(tmp_path)] == [0, 1]
    empty_trash(tmp_path)
    write_atomically(tmp_path / "b", b"b")
    move_to_trash(tmp_path, "b")
    assert [len(it) for it in trashed(tmp_path)] == [1, 1]
    empty_trash(tmp_path)
    assert list(files(tmp_path).values()) == ["b"]
    for _ in range(2):
        empty_trash(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_way_is_made_for_a_file_where_something_else_stands(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"a file where a folder belongs")
    make_way(tmp_path, "a/b/c")
    write_atomically(tmp_path / "a/b/c/d", b"a folder where a file belongs")
    make_way(tmp_path, "a/b/c")
    write_atomically(tmp_path / "a/b/c", b"c")
    make_way(tmp_path, "a/b/c")
    assert set(files(tmp_path)) == {"trash/a", "trash/2/a/b/c/d", "a/b/c"}
