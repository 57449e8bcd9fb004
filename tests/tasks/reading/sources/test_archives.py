import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.reading.formats import unpacking
from tasks.reading.formats.settings import FileSettings
from tasks.reading.pieces import find_pieces, read_rows
from tasks.reading.sources import archives
from tasks.reading.sources.base import Feed
from tasks.reading.sources.errors import FeedError
from tasks.store.fetched.landed import landed_path
from tasks.store.storage import Store

Find = Callable[[bytes], Feed]


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


@pytest.fixture
def find(store: Store, tmp_path: Path) -> Find:
    """Find the pieces of a feed that is one archive."""

    def found(content: bytes) -> Feed:
        path = tmp_path / "feed" / "night.ZIP"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return find_pieces(store, str(path))

    return found


def test_the_files_of_an_archive_are_the_pieces(
    find: Find, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    feed = find(
        packed(
            {
                "a.csv": b"id,text\n1,a\n",
                "lang=en/b.jsonl": b'{"id": 2}\n',
                "notes.txt": b"x",
                "inner.zip": packed({"c.csv": b"id\n"}),
                "__MACOSX/._a.csv": b"\0",
                "empty/": b"",
            }
        )
    )
    assert [piece.name for piece in feed.pieces] == ["night.ZIP/a.csv", "night.ZIP/lang=en/b.jsonl"]
    rows = [row for it in feed.pieces for row in read_rows(store, it, FileSettings())]
    assert [row.values for row in rows] == [{"id": "1", "text": "a"}, {"id": 2}]
    assert "passed over notes.txt, inner.zip in night.ZIP: none ends in" in caplog.text


def test_archives_in_a_folder_and_elsewhere_are_unpacked_too(store: Store, tmp_path: Path) -> None:
    import fsspec

    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "a.zip").write_bytes(packed({"b.csv": b"id,text\n"}))
    (folder / "c.csv").write_bytes(b"id,text\n")
    memory = fsspec.filesystem("memory")
    memory.pipe("/archives/a.zip", packed({"b.csv": b"id,text\n"}))
    here, there = find_pieces(store, str(folder)), find_pieces(store, "memory://archives/a.zip")
    assert [piece.name for piece in here.pieces] == ["a.zip/b.csv", "c.csv"]
    assert here.pieces[0] == there.pieces[0]


@pytest.mark.parametrize(
    "name", ["../../out.csv", "/etc/out.csv", "a/../../out.csv", "a\x1b[2J.csv"]
)
def test_names_lead_nowhere(name: str, find: Find, store: Store, tmp_path: Path) -> None:
    (piece,) = find(packed({name: b"id,text\n"})).pieces
    assert piece.name.isprintable()
    assert landed_path(store, piece.sha256).read_bytes() == b"id,text\n"
    outside = [it for it in tmp_path.rglob("*") if it.is_file() and store.root not in it.parents]
    assert [it.name for it in outside] == ["night.ZIP"]


def test_archives_that_would_fill_the_disk_are_refused(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FeedError, match=r"night.ZIP holds .* bytes in .*200 to one is no text"):
        find(packed({"a.csv": bytes(unpacking._UNSUSPECTED_BYTES + 1)}))
    content = packed({"a.csv": b"id\n", "b.csv": b"id\n"})
    monkeypatch.setattr(archives, "_MAX_BYTES", 5)
    with pytest.raises(FeedError, match="holds 6 bytes unpacked; at most 5 are read"):
        find(content)
    monkeypatch.setattr(archives, "_MAX_MEMBERS", 1)
    with pytest.raises(FeedError, match="holds 2 files; at most 1 are read"):
        find(content)


def test_two_files_of_one_name_are_refused(find: Find) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.csv", b"id\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", b"id,x\n")
    with pytest.raises(FeedError, match=r"holds 2 files named 'a.csv'"):
        find(sink.getvalue())


def test_encrypted_files_are_refused(find: Find) -> None:
    content = bytearray(packed({"a.csv": b"id\n"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FeedError, match=r"'a.csv', which is encrypted; unpack it first"):
        find(bytes(content))


def test_an_archive_without_a_feed_is_refused(find: Find) -> None:
    with pytest.raises(FeedError, match=r"night.ZIP holds no file that ends in .jsonl"):
        find(packed({"notes.txt": b"x"}))


def test_every_damaged_archive_gives_its_files_or_a_feed_error(find: Find) -> None:
    whole = packed({"a.csv": b"id,text\n1,some words\n" * 3})
    n_refused = 0
    places = range(0, len(whole), 3)
    for position in places:
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        try:
            find(bytes(damaged))
        except FeedError:
            n_refused += 1
    assert n_refused > len(places) / 3
    for n_bytes in range(0, len(whole), 9):
        with pytest.raises(FeedError, match=r"night.ZIP is no readable zip file"):
            find(whole[:n_bytes])
