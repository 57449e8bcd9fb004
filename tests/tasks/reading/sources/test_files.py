import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tasks.boundary.secret_urls import MaskedError
from tasks.reading.pieces import find_pieces, opened, require_unchanged
from tasks.reading.sources.base import Feed, Piece
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.kinds import require_feed
from tasks.reading.sources.places import NotApartError
from tasks.reading.sources.urls import require_no_secret
from tasks.store.storage import Store

WriteFeed = Callable[[str, bytes], Piece]
Compress = Callable[[bytes, str], bytes]
SECRET = "s3cr3t"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that are read, and files that are passed over."""
    root = tmp_path / "feed"
    for name in (
        "b.csv",
        "a.jsonl.gz",
        "late/c.parquet",
        "late/again/d.NDJSON",
        "late/_SUCCESS",
        "late/_parts/e.jsonl",
        ".hidden.jsonl",
        ".git/f.jsonl",
        "notes.txt",
        "archive.rar",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def names(feed: Feed) -> list[str]:
    return [file.name for file in feed.pieces]


def test_a_single_file_is_described_by_its_bytes(folder: Path, store: Store) -> None:
    (file,) = find_pieces(store, str(folder / "a.jsonl.gz")).pieces
    assert file == Piece(
        path=str(folder / "a.jsonl.gz"),
        name="a.jsonl.gz",
        format="jsonl",
        compression="gzip",
        size=10,
        sha256=hashlib.sha256(b"a.jsonl.gz").hexdigest(),
    )


def test_a_folder_is_searched_in_order_and_hidden_files_are_passed_over(
    folder: Path, store: Store
) -> None:
    feed = find_pieces(store, str(folder))
    assert names(feed) == ["a.jsonl.gz", "b.csv", "late/again/d.NDJSON", "late/c.parquet"]


def test_files_of_unknown_endings_are_passed_over_with_a_warning(
    folder: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "tasks.reading.sources.files"):
        find_pieces(store, str(folder))
    (warning,) = (record.getMessage() for record in caplog.records)
    assert warning.startswith("passed over archive.rar, notes.txt: none ends in .jsonl")


def test_of_many_files_of_unknown_endings_a_warning_names_the_first(
    folder: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2000):
        (folder / f"{number:04d}.png").touch()
    find_pieces(store, str(folder))
    (warning,) = (it.getMessage() for it in caplog.records if "passed over" in it.getMessage())
    assert "0000.png, 0001.png, 0002.png, 0003.png, 0004.png and 1,997 more: " in warning


def test_a_folder_below_a_hidden_one_is_not_hidden(tmp_path: Path, store: Store) -> None:
    path = tmp_path / ".cache" / "feed" / "a.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert names(find_pieces(store, str(path.parent))) == ["a.jsonl"]
    assert names(find_pieces(store, str(path.parent / "*.jsonl"))) == ["a.jsonl"]


def test_a_glob_names_files_below_its_fixed_part(folder: Path, store: Store) -> None:
    assert names(find_pieces(store, f"{folder}/*.csv")) == ["b.csv"]
    assert names(find_pieces(store, f"{folder}/l*/*.parquet")) == ["late/c.parquet"]
    assert names(find_pieces(store, f"{folder}/late/?.parquet")) == ["c.parquet"]
    assert names(find_pieces(store, f"{folder}/**/[a-d].*")) == [
        "a.jsonl.gz",
        "b.csv",
        "late/again/d.NDJSON",
        "late/c.parquet",
    ]


def test_a_file_whose_name_looks_like_a_glob_is_found(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "reviews [1].jsonl"
    path.write_bytes(b"x")
    require_feed(str(path))
    (file,) = find_pieces(store, str(path)).pieces
    assert file.name == "reviews [1].jsonl"
    with opened(store, file) as stream:
        assert stream.read() == b"x"


@pytest.mark.parametrize("protocol", ["file", "memory"])
def test_urls_are_read_like_paths(protocol: str, tmp_path: Path, store: Store) -> None:
    root = f"{protocol}://{tmp_path}/feed"
    for name in ("b.jsonl", "late/a.csv"):
        with fsspec.open(f"{root}/{name}", "wb", auto_mkdir=True) as file:
            file.write(name.encode())
    for feed in (root, f"{root}/**"):
        require_feed(feed)
        found = find_pieces(store, feed)
        assert names(found) == ["b.jsonl", "late/a.csv"]
        with opened(store, found.pieces[1]) as stream:
            assert stream.read() == b"late/a.csv"


@pytest.mark.parametrize("feed", ["nowhere", "nowhere/*.jsonl", "no/a.jsonl"])
def test_a_feed_that_is_not_there_is_missing(feed: str, tmp_path: Path, store: Store) -> None:
    for refuse in (require_feed, lambda path: find_pieces(store, path)):
        with pytest.raises(FeedMissingError, match="is not there"):
            refuse(f"{tmp_path}/{feed}")


def test_a_folder_without_readable_files_is_an_error(tmp_path: Path, store: Store) -> None:
    (tmp_path / "notes.txt").write_text("x")
    require_feed(str(tmp_path))
    with pytest.raises(FeedError, match=r"holds no file that ends in .jsonl, .ndjson"):
        find_pieces(store, str(tmp_path))


def test_a_single_file_of_unknown_ending_is_an_error(tmp_path: Path, store: Store) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FeedError, match=r"notes.txt must end in .jsonl"):
        find_pieces(store, str(tmp_path / "notes.txt"))


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("forum.SQLite3", r"a database is read as sqlite:///\S+/forum.SQLite3, with `table`"),
        ("tickets.xls", r"save the sheet as .xlsx or .csv$"),
        ("export.tar.gz", r"pack its files as .zip$"),
        ("notes.doc", r"rename it or convert it$"),
    ],
)
def test_a_file_that_is_not_read_as_it_is_says_how_it_becomes_a_feed(
    tmp_path: Path, store: Store, name: str, instead: str
) -> None:
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(FeedError, match=instead):
        find_pieces(store, str(tmp_path / name))


@pytest.mark.parametrize(
    "feed", ["nosuch://a/b.jsonl", "zip://*.jsonl::file:///a.zip", "simplecache::memory://a"]
)
def test_urls_that_are_none_are_an_error(feed: str) -> None:
    with pytest.raises(FeedError, match=r"must be (a path or a URL|one path or URL)"):
        require_feed(feed)


@pytest.mark.parametrize(
    "feed",
    [
        f"sftp://user:{SECRET}@host/feed.jsonl",
        f"ftp://user:{SECRET}@host:2121/feed/*.csv",
        f"sftp://user:1{SECRET}@host",
        f"sftp://user:p@{SECRET}@host/feed",
        f"https://:{SECRET}@host/feed",
        f"simplecache::ftp://user:{SECRET}@host/feed",
        f"sftp://user:a/{SECRET}@host/feed",
        f"https://{SECRET}@host/f.jsonl",
        f"https://host/f.jsonl?sig={SECRET}",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(feed: str, store: Store) -> None:
    for refuse in (require_no_secret, require_feed, lambda url: find_pieces(store, url)):
        with pytest.raises(FeedError, match="feed must be a URL without a password") as raised:
            refuse(feed)
        assert SECRET not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None


@pytest.fixture
def remote() -> MemoryFileSystem:
    """A file system whose host stands in its URLs alone, as that of sftp."""

    class Remote(MemoryFileSystem):
        protocol = "remote"
        store: ClassVar[dict[str, Any]] = {}
        pseudo_dirs: ClassVar[list[str]] = [""]
        trouble: ClassVar[Exception | None] = None

        def __init__(self, host: str, **kwargs: Any) -> None:
            assert host == "host"
            super().__init__(**kwargs)

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return "/" + path.removeprefix("remote://host").strip("/")

        @staticmethod
        def _get_kwargs_from_urls(path: str) -> dict[str, str]:
            return {"host": path.removeprefix("remote://").partition("/")[0]}

        def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
            if Remote.trouble:
                raise Remote.trouble
            found: dict[str, Any] = super().info(path, **kwargs)
            return found

    fsspec.register_implementation("remote", Remote, clobber=True)
    return Remote("host")


def test_a_feed_on_a_host_is_read_from_that_host(remote: MemoryFileSystem, store: Store) -> None:
    for name in ("/feed/a.jsonl", "/feed/b [1]/c::d.jsonl"):
        remote.pipe(name, name.encode())
    for feed in ("remote://host/feed", "remote://host/feed/**", "remote://host/feed/b [1]/*"):
        require_feed(feed)
        last = find_pieces(store, feed).pieces[-1]
        require_unchanged(last)
        with opened(store, last) as stream:
            assert stream.read() == b"/feed/b [1]/c::d.jsonl"


def test_a_host_that_does_not_answer_is_not_a_feed_that_is_missing(
    remote: MemoryFileSystem, store: Store
) -> None:
    feed = "remote://host/a.jsonl"
    for trouble in (TimeoutError("slow"), FileNotFoundError("a.jsonl")):
        trouble.__cause__ = TimeoutError("slow")
        type(remote).trouble = trouble  # type: ignore[attr-defined]
        require_feed(feed)
        with pytest.raises(type(trouble)):
            find_pieces(store, feed)
    type(remote).trouble = PermissionError(f"{feed}?sig={SECRET}")  # type: ignore[attr-defined]
    for refuse in (require_feed, lambda url: find_pieces(store, url)):
        with pytest.raises(MaskedError, match=r"PermissionError: remote://host/a.jsonl\?\*\*\*"):
            refuse(feed)


@pytest.mark.parametrize("name", ["fold[1]", "a*", "what?", "[", "x::y", "a?b=1", "{night}", "%41"])
def test_a_folder_is_read_whatever_marks_its_name_has(
    name: str, tmp_path: Path, store: Store
) -> None:
    for file in (
        f"{name}/a.jsonl",
        f"{name}/x::y.jsonl",
        f"{name}/late/[b].csv",
        "fold1/c.jsonl",
        "ab/c.jsonl",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.encode())
    for feed in (f"{tmp_path}/{name}", f"{tmp_path}/{name}/", f"{tmp_path}/{name}/**"):
        require_feed(feed)
        found = find_pieces(store, feed)
        assert names(found) == ["a.jsonl", "late/[b].csv", "x::y.jsonl"]
        for file in found.pieces:
            require_unchanged(file)
            with opened(store, file) as stream:
                assert stream.read() == f"{name}/{file.name}".encode()


def test_a_file_that_looks_like_a_chain_is_opened_as_itself(tmp_path: Path, store: Store) -> None:
    (tmp_path / "feed").mkdir()
    for name in ("x", "x::y.jsonl", "y.jsonl"):
        (tmp_path / "feed" / name).write_bytes(name.encode())
    first, _ = find_pieces(store, str(tmp_path / "feed")).pieces
    with opened(store, first) as stream:
        assert stream.read() == b"x::y.jsonl"
    assert names(find_pieces(store, str(tmp_path / "feed" / "x::y.jsonl"))) == ["x::y.jsonl"]


def test_names_are_printable_and_stay_apart(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a\x1b[31m.jsonl", "a\\x1b[31m.jsonl", "b\nERROR.csv", "\x1b]0;x\x07.txt"):
        (tmp_path / name).write_bytes(name.encode())
    found = find_pieces(store, str(tmp_path))
    assert names(found) == ["a\\x1b[31m.jsonl", "a\\\\x1b[31m.jsonl", "b\\nERROR.csv"]
    for file in found.pieces:
        require_unchanged(file)
    assert r"passed over \x1b]0;x\x07.txt" in caplog.text
    assert caplog.text.replace("\n", "").isprintable()


def test_a_name_that_is_no_utf8_is_refused_unless_it_is_passed_over_anyway(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.jsonl").touch()
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    assert names(find_pieces(store, str(tmp_path))) == ["a.jsonl"]
    assert r"passed over caf\xe9.txt" in caplog.text
    (tmp_path / os.fsdecode(b"caf\xe9.jsonl")).touch()
    with pytest.raises(FeedError, match=r"^caf\\xe9.jsonl must have a name in UTF-8; rename it$"):
        find_pieces(store, str(tmp_path))


def test_a_glob_that_reaches_into_the_store_is_refused(store: Store) -> None:
    table = store.partition("documents") / "part-0.parquet"
    table.parent.mkdir(parents=True)
    table.touch()
    with pytest.raises(NotApartError, match="must not lie inside the store"):
        find_pieces(store, f"{store.root.parent}/*/*/*/*/*")
