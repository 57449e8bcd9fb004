"""A kind of feed with settings and a state is read by a night without a change anywhere else."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from tasks.frame.stage import cache_key
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources import kinds
from tasks.reading.sources.base import Found, landed_piece
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.files import FilesSource
from tasks.reading.sources.kinds import (
    NO_SETTINGS,
    Kind,
    foreign_groups,
    require_feed,
    require_own_settings,
    source_of,
)
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store, read_table


class TableSource:
    """Rows that somebody has in memory."""

    TABLES: ClassVar[dict[str, list[dict[str, Any]]]] = {
        "reviews": [{"id": 1, "text": "one"}, {"id": 2, "text": "two"}]
    }

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._table = feed.removeprefix("table://")
        self._is_followed = isinstance(settings, Sources) and settings.table.is_followed

    def lasting(self) -> str:
        return f"table://{self._table}"

    def require_apart(self, store: Path) -> None:
        """Memory holds no store."""

    def require_there(self) -> None:
        if self._table not in self.TABLES:
            raise FeedMissingError(f"{self._table} is no table")

    def scope(self) -> str:
        return f"table://{self._table}" if self._is_followed else ""

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        n_read = state["n_read"] if state else 0
        rows = "".join(json.dumps(row) + "\n" for row in self.TABLES[self._table][n_read:])
        piece = landed_piece(store, f"{self._table}.jsonl", lambda path: path.write_text(rows))
        return Found([piece], {"n_read": n_read + rows.count("\n")} if self._is_followed else None)


class TableSettings(BaseModel):
    is_followed: bool = False


class Sources(SourceSettings):
    table: TableSettings = TableSettings()


FOLLOWED = Sources(table=TableSettings(is_followed=True))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Kind(re.compile("table://"), __name__, "TableSource", "table")
    monkeypatch.setattr(kinds, "KINDS", (table, *kinds.KINDS))


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


def test_settings_reach_their_kind_and_are_refused_beside_another() -> None:
    require_own_settings("table://reviews", FOLLOWED)
    require_own_settings("reviews.jsonl", Sources())
    others = list(SourceSettings.model_fields)
    assert foreign_groups("table://reviews", FOLLOWED) == others
    assert foreign_groups("reviews.jsonl", Sources()) == [*others, "table"]
    with pytest.raises(FeedError, match=r"^\[table\] is set, and reviews.jsonl is no feed of that"):
        require_own_settings("reviews.jsonl", FOLLOWED)


def test_a_source_goes_on_from_its_own_state(store: Store, caplog: Any) -> None:
    first = find_pieces(store, "table://reviews", FOLLOWED)
    assert first.facts() == {"source": {"of": "table://reviews", "state": {"n_read": 2}}}
    last = SourceState(of="table://reviews", state={"n_read": 1})
    assert find_pieces(store, "table://reviews", FOLLOWED, last).pieces[0].size == 25
    assert not [it for it in caplog.records if it.levelno >= logging.WARNING]
    other = SourceState(of="table://invoices", state={"n_read": 1})
    assert find_pieces(store, "table://reviews", FOLLOWED, other) == first
    assert "another feed, or asked it in another way (table://invoices)" in caplog.text


def test_what_remembers_nothing_tells_nothing(store: Store, tmp_path: Path) -> None:
    assert find_pieces(store, "table://reviews").facts() == {}
    (tmp_path / "reviews.jsonl").write_text('{"id": 1, "text": "one"}\n')
    assert find_pieces(store, str(tmp_path / "reviews.jsonl"), NO_SETTINGS).facts() == {}


def test_no_cache_key_depends_on_a_state(store: Store) -> None:
    feeds = [
        find_pieces(store, "table://reviews", settings) for settings in (FOLLOWED, NO_SETTINGS)
    ]
    keys = {cache_key("ingest", 1, {"feed": feed}) for feed in feeds}
    assert len(keys) == 1


def test_a_feed_of_files_loads_no_library_of_another_kind() -> None:
    code = (
        "import sys, tasks.reading.pieces as it; it.source_of('reviews.jsonl');"
        " print({'sqlalchemy', 'httpx', 'feedparser'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
