"""A feed from a JSON API: its pages, what is new, what it is told, and what is refused."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.pieces import find_pieces, opened
from tasks.reading.sources import api_client
from tasks.reading.sources.api_settings import HttpSettings
from tasks.reading.sources.base import Feed
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.kinds import require_feed, source_of
from tasks.reading.sources.settings import SourceSettings
from tasks.store.source_state import SourceState
from tasks.store.storage import Store

ROWS = [
    {"id": 1, "text": "the kettle leaks \ud83d", "seen": {"at": "2026-11-01T08:00:00Z"}},
    {"id": 2, "text": "der Deckel hält nicht", "seen": {"at": "2026-11-02T08:00:00+02:00"}},
    {"id": 3, "text": "it is loud", "seen": {"at": "2026-11-02T06:00:00Z"}},
]


@dataclass
class Reply:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Responder = Callable[[dict[str, str]], Reply]


class Api:
    """A server whose one path is answered as each test wants it."""

    def __init__(self) -> None:
        self.address = ""
        self.answer: Responder = lambda _: Reply([])
        self.asked: list[dict[str, str]] = []
        self.told: list[dict[str, str]] = []

    def feed(self, query: str = "") -> str:
        return f"json+{self.address}/api/reviews{query}"


def handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            api.asked.append(query)
            api.told.append(dict(self.headers))
            reply = api.answer(query)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture(scope="module")
def served() -> Iterator[Api]:
    api = Api()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(api)) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        api.address = f"http://127.0.0.1:{server.server_port}"
        yield api
        server.shutdown()


@pytest.fixture
def api(served: Api) -> Api:
    served.asked, served.told = [], []
    return served


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no test wait; give how long it would have."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    seconds: list[float] = []
    monkeypatch.setattr(api_client, "sleep", seconds.append)
    return seconds


def asked(**settings: Any) -> SourceSettings:
    return SourceSettings(http=HttpSettings(**{"requests_per_second": 1e6} | settings))


def read(store: Store, feed: str, settings: SourceSettings, last: Feed | None = None) -> Feed:
    # As a manifest keeps it.
    text = last.state.model_dump_json() if last and last.state else None
    return find_pieces(
        store, feed, settings, SourceState.model_validate_json(text) if text else None
    )


def ids(store: Store, feed: Feed) -> list[Any]:
    found = []
    for piece in feed.pieces:
        with opened(store, piece) as stream:
            found += [json.loads(line)["id"] for line in stream]
    return found


def pages(page_of: Callable[[int], Reply]) -> Responder:
    """Answer a request with the page that its parameter `p` counts, from 0."""
    return lambda query: page_of(int(query.get("p", 0)))


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
    with pytest.raises(
        FeedError, match=r"more than 30 bytes in all its pages; .* raise `max_bytes`"
    ):
        read(store, api.feed(), asked(page_param="p", max_bytes=30))
    monkeypatch.setattr(api_client, "_MAX_ANSWER_BYTES", 5)
    with pytest.raises(FeedError, match="at most 5 bytes a page"):
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


def test_another_question_has_another_state(api: Api) -> None:
    feeds = [api.feed(), api.feed("?lang=en"), api.feed("?lang=de")]
    scopes = {source_of(it, asked(since="id", since_param="from")).scope() for it in feeds}
    assert len(scopes) == 3
    assert not any("lang" in it for it in scopes)
    assert source_of(api.feed(), asked()).scope() == ""


SECRET = "Bearer t0ps3cret"


def test_headers_come_from_the_environment_and_go_nowhere_else(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = asked(headers_from={"Authorization": "REVIEWS_TOKEN"}, since="id", since_param="f")
    monkeypatch.delenv("REVIEWS_TOKEN", raising=False)
    with pytest.raises(FeedError, match=r"variable REVIEWS_TOKEN, .* for Authorization, must be"):
        require_feed(api.feed(), settings)
    monkeypatch.setenv("REVIEWS_TOKEN", f"{SECRET}\nX: y")
    with pytest.raises(FeedError, match="must be one line of ASCII") as refused:
        require_feed(api.feed(), settings)
    assert not api.told
    monkeypatch.setenv("REVIEWS_TOKEN", f"{SECRET}\n")
    api.answer = lambda _: Reply(ROWS)
    feed = read(store, api.feed(), settings)
    assert api.told[0]["Authorization"] == SECRET
    kept = (str(refused.value), caplog.text, feed.model_dump_json(), str(feed.facts()), settings)
    assert not any("t0ps3cret" in str(it) for it in kept)


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"items": ROWS, "next": "http://localhost:{port}/api/reviews?sig=s3cret"}),
        Reply({"items": ROWS, "next": "http://me:s3cret@127.0.0.1:{port}/api/reviews"}),
        Reply(status=302, headers={"Location": "http://localhost:{port}/api/reviews?sig=s3cret"}),
    ],
)
def test_no_other_origin_is_asked(reply: Reply, api: Api, store: Store) -> None:
    port = api.address.rpartition(":")[2]
    body, headers = json.loads(json.dumps([reply.body, reply.headers]).replace("{port}", port))
    api.answer = lambda _: Reply(body, reply.status, headers)
    with pytest.raises(FeedError, match=r"on another origin, .*which is not asked") as refused:
        read(store, api.feed(), asked(records="items", next="next"))
    assert "s3cret" not in str(refused.value)
    assert len(api.asked) == 1


def test_a_redirect_on_the_same_origin_is_followed(api: Api, store: Store) -> None:
    moved = Reply(status=301, headers={"Location": "/api/reviews/?moved=1"})
    api.answer = lambda query: Reply(ROWS) if query else moved
    assert ids(store, read(store, api.feed(), asked())) == [1, 2, 3]
    api.answer = lambda _: moved
    with pytest.raises(FeedError, match=r"refuses what is asked of it .status 301"):
        read(store, api.feed(), asked())


@pytest.mark.parametrize(
    ("status", "said", "is_passing"),
    [
        (500, "does not answer now", True),
        (429, "does not answer now", True),
        (401, "does not let nightfold in", False),
        (404, "is not there", False),
        (400, "refuses what is asked", False),
    ],
)
def test_only_what_may_pass_is_tried_again(
    status: int, said: str, is_passing: bool, api: Api, store: Store
) -> None:
    api.answer = lambda _: Reply(status=status)
    with pytest.raises(FeedError, match=f"/api/reviews {said}.* .status {status}") as failed:
        read(store, api.feed("?p=hidden"), asked())
    assert is_transient_error(failed.value) == is_passing
    assert "hidden" not in str(failed.value)
    if is_passing:
        require_feed(api.feed(), asked())
        return
    with pytest.raises(FeedError, match=said):
        require_feed(api.feed(), asked())


def test_a_server_that_is_down_is_tried_again(store: Store) -> None:
    # Port 9 is that of a service that nobody runs any more.
    with pytest.raises(FeedError, match=r"127.0.0.1:9/api does not answer") as failed:
        read(store, "json+http://127.0.0.1:9/api", asked())
    assert is_transient_error(failed.value)


def test_the_api_is_waited_for_as_long_as_it_says(
    api: Api, store: Store, slept: list[float]
) -> None:
    replies = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply(status=503, headers={"Retry-After": "Sun, 01 Nov 2020 08:00:00 GMT"}),
        Reply(ROWS),
    ]
    api.answer = lambda _: replies.pop(0)
    assert ids(store, read(store, api.feed(), asked(requests_per_second=1e9))) == [1, 2, 3]
    assert slept == [7, 0]
    api.answer = lambda _: Reply(status=503, headers={"Retry-After": "5"})
    with pytest.raises(FeedError, match="does not answer now"):
        read(store, api.feed(), asked(requests_per_second=1e9))
    assert slept[2:] == [5] * 5
    api.answer = lambda _: Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(FeedError, match="not to be asked for 3,600 seconds") as failed:
        read(store, api.feed(), asked())
    assert not is_transient_error(failed.value)


def test_requests_keep_their_pace(api: Api, store: Store, slept: list[float]) -> None:
    api.answer = pages(lambda number: Reply(ROWS[number - 1 : number]))
    read(store, api.feed(), asked(page_param="p", requests_per_second=0.1))
    # No sleep has passed: the third request is 20 seconds after the first, the fourth 30.
    assert [round(it, -1) for it in slept] == [10, 20, 30]


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


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"next": "a", "page_param": "p"}, "at most one of .* got next and page_param"),
        ({"cursor": "a"}, "both cursor and cursor_param or neither, got only cursor = 'a'"),
        ({"since_param": "a"}, "both since and since_param or neither, got only since_param"),
        ({"headers_from": {"Authorization": SECRET}}, "the name of an environment variable"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        HttpSettings(**settings)
    assert "t0ps3cret" not in str(refused.value)


def test_missing_is_what_a_wrong_url_is_called(api: Api) -> None:
    api.answer = lambda _: Reply(status=404)
    with pytest.raises(FeedMissingError):
        require_feed(api.feed(), asked())
