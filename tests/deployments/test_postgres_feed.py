"""A feed from PostgreSQL, really read: types, ties, quoting, what is refused, and who is let in."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tasks.boundary.transient import is_transient_error
from tasks.reading.pieces import find_pieces, opened
from tasks.reading.sources.base import Feed
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.kinds import require_feed
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.sql.settings import SqlSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store
from tests.flows.processes import find_port

pytestmark = pytest.mark.slow

SCHEMA = """
create schema "In";
create table "In"."Reviews" (
    id bigint, text text, "When" timestamptz, stars numeric(3, 1), day date, tags text[], more jsonb
);
"""
BIG = 2**40


@pytest.fixture(scope="module")
def reviews(postgres: str) -> Iterator[sa.URL]:
    """A table of reviews; the password is in the environment, not in the URL that is given."""
    url = sa.make_url(postgres)
    execute(url, SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTFOLD_SQL_PASSWORD", str(url.password))
        yield url


def execute(url: sa.URL, statement: str, *rows: tuple[Any, ...]) -> None:
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as there:
        for row in rows or [()]:
            there.execute(statement, row)


def insert(url: sa.URL, *rows: tuple[Any, ...]) -> None:
    execute(url, f'insert into "In"."Reviews" values ({", ".join(["%s"] * 7)})', *rows)


def asked(**settings: str) -> SourceSettings:
    return SourceSettings(sql=SqlSettings(**settings))


def read(
    url: str, settings: SourceSettings, folder: Path, last: Feed | None = None
) -> tuple[list[dict[str, Any]], Feed]:
    store = Store(root=folder, feed="reviews", night=date(2026, 3, 2))
    text = last.state.model_dump_json() if last and last.state else None
    state = SourceState.model_validate_json(text) if text else None
    feed = find_pieces(store, url, settings, state)
    rows: list[dict[str, Any]] = []
    for piece in feed.pieces:
        with opened(store, piece) as stream:
            rows += [json.loads(line) for line in stream]
    return rows, feed


def test_a_table_of_postgresql_is_followed(reviews: sa.URL, tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
    more = json.dumps({"a": [1, None]})
    insert(
        reviews,
        (BIG, "it leaks, 100 %", moment, Decimal("4.5"), date(2026, 3, 1), ["a", "b"], more),
        (BIG + 1, None, moment, None, None, None, None),
    )
    url = reviews._replace(password=None).render_as_string()
    table = asked(table="In.Reviews", since="When")
    require_feed(url, table)
    rows, first = read(url, table, tmp_path)
    assert rows[0] == {
        "id": BIG, "text": "it leaks, 100 %", "When": "2026-03-01T12:00:00.123456+00:00", "stars": 4.5,
        "day": "2026-03-01", "tags": ["a", "b"], "more": {"a": [1, None]},
    }  # fmt: skip
    assert read(url, table, tmp_path, first)[0] == []
    later = moment.replace(microsecond=123_457)
    insert(reviews, (BIG + 2, "tie", moment, *[None] * 4), (BIG + 3, "new", later, *[None] * 4))
    rows, second = read(url, table, tmp_path, first)
    assert [row["text"] for row in rows] == ["tie", "new"]
    assert read(url, table, tmp_path, second)[0] == []

    for since, n_after in (("id", 0), ("day", 0), ("stars", 0)):
        query = """select id, day, stars, text::text from "In"."Reviews" where text like '%it%'"""
        settings = asked(query=query, since=since)
        rows, found = read(url, settings, tmp_path)
        assert [row["id"] for row in rows] == [BIG]
        assert len(read(url, settings, tmp_path, found)[0]) == n_after


def test_what_postgresql_refuses_is_said_in_a_sentence(
    reviews: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = reviews._replace(password=None).render_as_string()
    with pytest.raises(FeedMissingError, match=r"got 'In\.orders'; there are 'Reviews'$"):
        require_feed(url, asked(table="In.orders"))
    for query, sentence in (
        ("select 1 as id, 2 as id", "two columns named 'id'"),
        ("select * from orders", 'relation "orders" does not exist'),
    ):
        with pytest.raises(FeedError, match=sentence) as refused:
            read(url, asked(query=query), tmp_path)
        assert not is_transient_error(refused.value)
    # Not even a function may write.
    insert_it = """create function "In".add() returns int language sql as
        $$ insert into "In"."Reviews" (id) values (0) returning 1 $$"""
    execute(reviews, insert_it)
    with pytest.raises(FeedError, match="read-only transaction"):
        read(url, asked(query='select "In".add() as id'), tmp_path)

    away = reviews._replace(password=None, port=find_port()).render_as_string()
    with pytest.raises(FeedError, match="does not answer") as refused:
        read(away, asked(table="In.Reviews"), tmp_path)
    assert is_transient_error(refused.value)
    require_feed(away, asked(table="In.Reviews"))
    monkeypatch.setenv("NIGHTFOLD_SQL_PASSWORD", "wr0ng")
    with pytest.raises(FeedError, match="does not let nightfold in") as refused:
        read(url, asked(table="In.Reviews"), tmp_path)
    assert not is_transient_error(refused.value)
    assert "wr0ng" not in str(refused.value)
