"""A feed from SQLite: what is read, where the next night goes on, and what is refused."""

import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.pieces import find_pieces, opened
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources.base import Feed
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.kinds import require_feed, source_of
from tasks.reading.sources.places import NotApartError
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.sql.settings import SqlSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store, read_table

Insert = Callable[..., None]

ROWS = [(1, "the kettle leaks", 10), (2, "the lid sticks", 20), (3, "it is loud", 20)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.db"
    with closing(sqlite3.connect(path)) as there, there:
        there.execute('create table reviews (id integer, text text, "Seen At")')
        there.execute("create table invoices (id integer)")
        there.executemany("insert into reviews values (?, ?, ?)", ROWS)
    return path


@pytest.fixture
def insert(database: Path) -> Insert:
    def inserted(*rows: Sequence[Any]) -> None:
        with closing(sqlite3.connect(database)) as there, there:
            there.executemany("insert into reviews values (?, ?, ?)", rows)

    return inserted


def asked(**settings: str) -> SourceSettings:
    return SourceSettings(sql=SqlSettings(**settings))


SINCE = asked(table="reviews", since="Seen At")


@pytest.fixture
def found(store: Store, database: Path) -> Callable[..., tuple[list[int], Feed]]:
    """Read a night; give the ids and what was found."""

    def find(settings: SourceSettings = SINCE, last: Feed | None = None) -> tuple[list[int], Feed]:
        # As a manifest keeps it.
        text = last.state.model_dump_json() if last and last.state else None
        state = SourceState.model_validate(json.loads(text)) if text else None
        feed = find_pieces(store, f"sqlite:///{database}", settings, state)
        ids = []
        for piece in feed.pieces:
            with opened(store, piece) as stream:
                ids += [json.loads(line)["id"] for line in stream]
        return ids, feed

    return find


def test_a_table_is_read_whole_without_a_cursor(found: Any, store: Store) -> None:
    ids, feed = found(asked(table="reviews"))
    assert (ids, feed.state) == ([1, 2, 3], None)
    raw = read_feed(store, feed, IngestSettings())
    rows = read_table(store, raw.rows, ["file", "doc_id", "text"]).to_pylist()
    assert rows[1] == {"file": "reviews.jsonl", "doc_id": "2", "text": "the lid sticks"}


def test_each_night_goes_on_from_the_last_and_misses_no_tie(found: Any, insert: Insert) -> None:
    ids, first = found()
    assert ids == [1, 2, 3]
    assert found(last=first)[0] == []
    assert found(last=first)[1].pieces == []
    # One of the same moment has come later, and one with a text that changed.
    insert((4, "too late", 20), (5, "it rusts", 30), (0, "of the past", 5))
    ids, second = found(last=first)
    assert ids == [4, 5]
    assert found(last=second)[0] == []
    assert found(last=second)[1].state == second.state
    # A night that failed has moved nothing: the first state gives the same rows again.
    assert found(last=first) == (ids, second)


def test_a_tie_that_comes_alone_is_remembered_beside_the_others(found: Any, insert: Insert) -> None:
    _, first = found()
    insert((4, "too late", 20))
    ids, second = found(last=first)
    assert ids == [4]
    assert found(last=second)[0] == []


def test_with_very_many_ties_they_are_read_again_and_it_is_said(
    found: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tasks.reading.sources.sql.cursor.MAX_KNOWN", 1)
    _, first = found()
    assert "are read again tomorrow" in caplog.text
    assert found(last=first)[0] == [2, 3]


def test_rows_without_a_cursor_are_counted(
    found: Any, insert: Insert, caplog: pytest.LogCaptureFixture
) -> None:
    insert((7, "when?", None), (8, "never", None))
    assert found()[0] == [1, 2, 3]
    assert "2 rows without a value in 'Seen At' left out" in caplog.text


@pytest.mark.parametrize("query", ["select id, text, \"Seen At\", ' :x' || '12:30' from reviews;"])
def test_a_query_is_read_as_it_stands(found: Any, insert: Insert, query: str) -> None:
    settings = asked(query=query, since="Seen At")
    ids, first = found(settings)
    assert ids == [1, 2, 3]
    insert((4, "new", 21))
    assert found(settings, first)[0] == [4]
    other = asked(query=query + " ", since="Seen At")
    assert found(other, first)[0] == [1, 2, 3, 4]


def test_cursors_of_mixed_kinds_follow_the_order_of_the_database(
    found: Any, insert: Insert
) -> None:
    insert((4, "x", "2026-03-01 10:00"), (5, "y", 20.5))
    ids, first = found()
    assert ids == [1, 2, 3, 5, 4]
    insert((6, "z", "2026-03-01 10:01"), (7, "past", 21))
    assert found(last=first)[0] == [6]


def test_a_cursor_without_an_order_is_refused(found: Any, insert: Insert) -> None:
    insert((4, "x", b"\x01"))
    with pytest.raises(FeedError, match="of numbers, texts, dates or times, got bytes"):
        found()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "needs `table` or `query` under"),
        ({"table": "orders"}, "got 'orders'; there are 'invoices', 'reviews'$"),
        ({"table": "reviews", "since": "at"}, "got 'at'; there are 'id', 'text', 'Seen At'$"),
        ({"query": "select 1", "since": "at"}, "got 'at'; there are '1'$"),
        ({"query": "delete from reviews"}, "refuses what is asked of it .*syntax error"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    found: Any, database: Path, settings: dict[str, str], sentence: str
) -> None:
    for refuse in (found, lambda it: require_feed(f"sqlite:///{database}", it)):
        with pytest.raises(FeedError, match=sentence) as refused:
            refuse(asked(**settings))
        assert refused.value.__cause__ is None
        assert not is_transient_error(refused.value)
    assert found(asked(table="reviews"))[0] == [1, 2, 3]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FeedMissingError, match=r"nowhere\.db is not there"):
        require_feed(f"sqlite:///{tmp_path}/nowhere.db", SINCE)
    assert not (tmp_path / "nowhere.db").exists()
    for feed in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(FeedError, match="must name a file"):
            require_feed(feed, SINCE)


def test_a_locked_database_is_asked_again(
    found: Any, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda *a, **k: real(*a, **k | {"timeout": 0}))
    with closing(real(database, isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(FeedError, match=r"does not answer .*locked") as refused:
            found()
        assert is_transient_error(refused.value)
        require_feed(f"sqlite:///{database}", SINCE)


def test_a_relative_file_lasts_and_stays_apart_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert source_of("sqlite:///a.db?timeout=5").lasting() == f"sqlite:///{tmp_path}/a.db?timeout=5"
    assert source_of("postgresql://host/db").lasting() == "postgresql://host/db"
    with pytest.raises(NotApartError, match="must not lie inside the store"):
        source_of("sqlite:///store/a.db").require_apart(tmp_path / "store")
    source_of("postgresql://host/db").require_apart(tmp_path / "store")


def test_a_driver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(FeedError, match=r'needs a driver .* pip install "nightfold\[sql\]"'):
        require_feed("postgresql://host/db", SINCE)
    with pytest.raises(FeedError, match="that SQLAlchemy does not know here"):
        require_feed("postgresql+nothing://host/db", SINCE)


def test_passwords_come_from_elsewhere() -> None:
    require = "without a password"
    for feed in ("postgresql://me:s3cret@host/db", "postgresql://host/db?password=s3cret"):
        with pytest.raises(FeedError, match=require) as refused:
            require_feed(feed, SINCE)
        assert "s3cret" not in str(refused.value)
    for feed in (
        "postgresql://me@host/db",
        "postgresql+psycopg://me@host/db",
        "mysql+pymysql://m@h/d",
    ):
        source = source_of(feed, SINCE)
        assert source.scope() == f"{feed}, table reviews, since Seen At"


def test_what_is_read_is_said(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found()
    assert "read 3 rows, up to Seen At 20" in caplog.text


def test_a_text_that_is_no_utf8_costs_its_row_alone(
    database: Path, insert: Insert, store: Store
) -> None:
    insert((4, "it rusts \u2028 \x85", 30))
    with closing(sqlite3.connect(database)) as there, there:
        there.execute("insert into reviews values (5, cast(x'636166e9' as text), 31)")
    feed = find_pieces(store, f"sqlite:///{database}", SINCE)
    rows = read_table(store, read_feed(store, feed, IngestSettings()).rows).to_pylist()
    assert [(row["row"], row["problem_rule"]) for row in rows] == [
        *((number, None) for number in range(1, 5)),
        (5, "text_decodes"),
    ]
    assert "caf\\xe9" in rows[4]["raw"]
