import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tasks.feed import FeedFile, find_feed
from tasks.ingest import IngestSettings, RawFeed, ingest
from tasks.storage import Store, read_table

WriteFeed = Callable[[str, bytes], FeedFile]
Compress = Callable[[bytes, str], bytes]
IngestRows = Callable[..., tuple[RawFeed, list[dict[str, Any]]]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path / "store", feed="reviews", night=date(2026, 3, 2))


@pytest.fixture
def write_feed(store: Store, tmp_path: Path) -> WriteFeed:
    """Write one file of a feed and find it."""

    def write(name: str, content: bytes) -> FeedFile:
        path = tmp_path / "feed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return find_feed.fn(store, str(path)).files[0]

    return write


@pytest.fixture(scope="session")
def compress() -> Compress:
    """Compress bytes as an ending says."""

    def compressed(content: bytes, ending: str) -> bytes:
        if ending == ".gz":
            return gzip.compress(content)
        if ending == ".zst":
            sink = pa.BufferOutputStream()
            with pa.CompressedOutputStream(sink, "zstd") as stream:
                stream.write(content)
            return bytes(sink.getvalue().to_pybytes())
        return content

    return compressed


@pytest.fixture
def ingest_files(store: Store, tmp_path: Path) -> IngestRows:
    """Write the files of a feed, read them, and give the raw rows."""

    def ingested(
        files: dict[str, bytes], settings: IngestSettings | None = None
    ) -> tuple[RawFeed, list[dict[str, Any]]]:
        folder = tmp_path / "feed"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        raw = ingest.fn(store, find_feed.fn(store, str(folder)), settings or IngestSettings())
        return raw, read_table(store, raw.rows).to_pylist()

    return ingested
