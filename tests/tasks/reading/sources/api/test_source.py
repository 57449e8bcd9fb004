"""A feed from a JSON API: its pages, what is new, and what is refused."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.pieces import opened
from tasks.reading.sources.api import client as api_client
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.kinds import require_feed, source_of
from tasks.reading.sources.web import Bounds
from tasks.store.storage import Store
from tests.tasks.reading.sources.api.server import ROWS, Api, Reply, asked, ids, pages, read


def test_an_answer_that_is_a_list_is_read_as_it_is(api: Api, store: Store) -> None:
    api.answer = lambda _: Reply(ROWS)
    feed = read(store, api.feed("?lang=en"), asked())
    (piece,) = feed.pieces
    assert (piece.name, piece.path, feed.state) == ("reviews.jsonl", None, None)
    with opened(store, piece) as stream:
        assert [json.loads(line) for line in stream] == ROWS
    assert api.asked == [{"lang": "en"}]


def by_next(number: int) -> Reply:
    following = f"?lang=en&p={number + 1}" if number < 2 else None
    return Reply({"data": {"items": [ROWS[number]]}, "@odata.next": following})


def by_link(number: int) -> Reply:
    linked = {"Link": f'</api/reviews?lang=en&p={number + 1}>; rel="next"'} if number < 2 else {}
    return Reply({"data": {"items": [ROWS[number]]}}, headers=linked)


def by_cursor(number: int) -> Reply:
    found: dict[str, Any] = {"data": {"items": [ROWS[number]]}}
    return Reply(found | ({"page": {"after": number + 1}} if number < 2 else {}))


def by_number(number: int) -> Reply:
    return Reply({"data": {"items": ROWS[number : number + 1]}})


@pytest.mark.parametrize(
    ("page_of", "settings", "numbers"),
    [
        (by_next, {"next": "@odata.next"}, [None, "1", "2"]),
        (by_link, {"next": "link"}, [None, "1", "2"]),
        (by_cursor, {"cursor": "page.after", "cursor_param": "p"}, [None, "1", "2"]),
        (by_number, {"page_param": "p", "first_page": 0}, ["0", "1", "2", "3"]),
    ],
)
def test_pages_are_followed_to_their_end(
    page_of: Any, settings: dict[str, Any], numbers: list[Any], api: Api, store: Store, caplog: Any
) -> None:
    api.answer = pages(page_of)
    feed = read(store, api.feed("?lang=en"), asked(records="data.items", **settings))
    assert ids(store, feed) == [1, 2, 3]
    assert [it.get("p") for it in api.asked] == numbers
    assert {it["lang"] for it in api.asked} == {"en"}
    assert not [it for it in caplog.records if it.levelno >= logging.WARNING]


def test_a_path_to_the_next_page_that_is_not_there_is_said(
    api: Api, store: Store, caplog: Any
) -> None:
    api.answer = lambda _: Reply({"items": ROWS, "paging": {"next": "?p=1"}})
    read(store, api.feed(), asked(records="items", next="paging.nxt"))
    assert "has no `next` = 'paging.nxt', so it is taken for the only one" in caplog.text
    assert "'items', 'paging', 'paging.next'" in caplog.text


@pytest.mark.parametrize(
    ("settings", "page_of"),
    [
        ({"page_param": "p"}, lambda number: Reply(ROWS)),
        ({"next": "link"}, lambda number: Reply([], headers={"Link": '<>; rel="next"'})),
    ],
)
def test_a_page_that_comes_twice_is_refused(
    settings: dict[str, Any], page_of: Any, api: Api, store: Store
) -> None:
    api.answer = pages(page_of)
    with pytest.raises(FeedError, match=r"/api/reviews has given one page twice, after \d, so"):
        read(store, api.feed(), asked(**settings))
    assert len(api.asked) <= 2


def test_pages_and_bytes_are_bounded(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer = pages(lambda number: Reply([{"id": number}]))
    with pytest.raises(FeedError, match=r"more than 3 pages; .* raise `max_pages`"):
        read(store, api.feed(), asked(page_param="p", max_pages=3))
    assert len(api.asked) == 3
    with pytest.raises(
        FeedError, match=r"more than 30 bytes in all its pages; .* raise `max_bytes`"
    ):
        read(store, api.feed(), asked(page_param="p", max_bytes=30))
    monkeypatch.setattr(api_client, "BOUNDS", Bounds(5, 60))
    with pytest.raises(FeedError, match="must answer with at most 5 bytes"):
        read(store, api.feed(), asked())


def test_a_night_asks_from_where_the_last_one_stopped(api: Api, store: Store, caplog: Any) -> None:
    settings = asked(since="seen.at", since_param="from")
    api.answer = lambda _: Reply([*ROWS, {"id": 4}])
    first = read(store, api.feed("?lang=en"), settings)
    assert ids(store, first) == [1, 2, 3, 4]
    assert "1 record without a value at `since` = 'seen.at'" in caplog.text
    state = first.facts()["source"]["state"]
    # The same moment twice, in two zones: the first of its values stays.
    assert (state["value"], len(state["records"])) == ("2026-11-02T08:00:00+02:00", 2)

    late = {"id": 5, "seen": {"at": "2026-11-02T06:00:00Z"}}
    api.answer = lambda _: Reply([*ROWS[1:], late])
    second = read(store, api.feed("?lang=en"), settings, first)
    assert api.asked[-1] == {"lang": "en", "from": "2026-11-02T08:00:00+02:00"}
    assert (ids(store, second), second.is_continued) == ([5], True)

    api.answer = lambda _: Reply([*ROWS[1:], late])
    third = read(store, api.feed("?lang=en"), settings, second)
    assert (third.pieces, third.state) == ([], second.state)


@pytest.mark.parametrize(("path", "name"), [("/reviews/", "reviews"), ("/", None), ("", None)])
def test_the_piece_is_named_as_the_end_of_the_url(
    path: str, name: str | None, api: Api, store: Store
) -> None:
    api.answer = lambda _: Reply(ROWS)
    (piece,) = read(store, f"json+{api.address}{path}", asked()).pieces
    assert piece.name == f"{name or '127.0.0.1'}.jsonl"


def test_another_question_has_another_state(api: Api) -> None:
    feeds = [api.feed(), api.feed("?lang=en"), api.feed("?lang=de")]
    scopes = {source_of(it, asked(since="id", since_param="from")).scope() for it in feeds}
    scopes.add(source_of(api.feed(), asked(records="a", since="id", since_param="from")).scope())
    assert len(scopes) == 4
    assert not any("lang" in it for it in scopes)
    assert source_of(api.feed(), asked()).scope() == ""


@pytest.mark.parametrize(
    ("body", "settings", "said"),
    [
        (b"<html>\x1b[2J", {}, r"must answer with JSON, got '<html>\\\\x1b"),
        (b"[" * 99_999, {}, "must answer with JSON"),
        (
            {"items": [], "\x1b": 1},
            {},
            r"as its whole answer, got an object; .* 'items', '\\\\x1b'",
        ),
        ({"data": {"rows": []}}, {"records": "data.items"}, "got nothing; .*'data', 'data.rows'"),
        ({"items": None}, {"records": "items"}, "got null"),
        ([1], {"records": "items"}, "the answer is a list"),
        ([{"at": True}], {"since": "at", "since_param": "f"}, "got true; name another path"),
        ([{"at": 1}, {"at": "b"}], {"since": "at", "since_param": "f"}, 'got "b" beside 1'),
        ({"items": ROWS, "n": True}, {"records": "items", "next": "n"}, "a text at `next` = 'n'"),
    ],
)
def test_an_answer_of_another_form_is_refused(
    body: Any, settings: dict[str, Any], said: str, api: Api, store: Store
) -> None:
    api.answer = lambda _: Reply(body)
    with pytest.raises(FeedError, match=said) as failed:
        read(store, api.feed(), asked(**settings))
    assert not is_transient_error(failed.value)


def test_a_feed_that_is_no_url_is_refused(store: Store, tmp_path: Path) -> None:
    for feed in ("json+https:///reviews", "json+https://host:port/reviews"):
        with pytest.raises(FeedError, match="must be the URL of a JSON API"):
            require_feed(feed)
    with pytest.raises(FeedError, match="without a password"):
        require_feed("json+https://me:secret@host/reviews")
    source = source_of("json+https://host/reviews")
    source.require_apart(tmp_path)
    assert source.lasting() == "json+https://host/reviews"


def test_missing_is_what_a_wrong_url_is_called(api: Api) -> None:
    api.answer = lambda _: Reply(status=404)
    with pytest.raises(FeedMissingError):
        require_feed(api.feed(), asked())
