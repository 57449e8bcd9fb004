"""A kind of feed that is no file is read by a night without a change anywhere else."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources import kinds
from tasks.reading.sources.base import Piece, landed_piece
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.files import FilesSource
from tasks.reading.sources.kinds import require_feed, source_of
from tasks.store.storage import Store, read_table


class TableSource:
    """Rows that somebody has in memory."""

    TABLES: ClassVar[dict[str, list[dict[str, Any]]]] = {
        "reviews": [{"id": 1, "text": "one"}, {"id": 2, "text": "two"}]
    }

    def __init__(self, feed: str) -> None:
        self._table = feed.removeprefix("table://")

    @classmethod
    def takes(cls, feed: str) -> bool:
        return feed.startswith("table://")

    def lasting(self) -> str:
        return f"table://{self._table}"

    def require_apart(self, store: Path) -> None:
        """Memory holds no store."""

    def require_there(self) -> None:
        if self._table not in self.TABLES:
            raise FeedMissingError(f"{self._table} is no table")

    def pieces(self, store: Store) -> list[Piece]:
        rows = "".join(json.dumps(row) + "\n" for row in self.TABLES[self._table])
        return [landed_piece(store, f"{self._table}.jsonl", lambda path: path.write_text(rows))]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", (TableSource, *kinds.KINDS))


def test_a_second_kind_of_feed_is_found_and_read(store: Store) -> None:
    require_feed("table://reviews")
    feed = find_pieces(store, "table://reviews")
    raw = read_feed(store, feed, IngestSettings())
    rows = read_table(store, raw.rows, ["file", "doc_id", "text"]).to_pylist()
    assert rows == [
        {"file": "reviews.jsonl", "doc_id": "1", "text": "one"},
        {"file": "reviews.jsonl", "doc_id": "2", "text": "two"},
    ]


def test_each_feed_has_the_first_kind_that_takes_it() -> None:
    assert isinstance(source_of("table://reviews"), TableSource)
    for feed in ("reviews.jsonl", "https://host/table://reviews", "/table/", ""):
        assert isinstance(source_of(feed), FilesSource)


def test_a_feed_of_any_kind_is_looked_for_before_a_run() -> None:
    with pytest.raises(FeedMissingError, match="invoices is no table"):
        require_feed("table://invoices")
    with pytest.raises(FeedError, match="without a password"):
        require_feed("table://user:secret@host")
