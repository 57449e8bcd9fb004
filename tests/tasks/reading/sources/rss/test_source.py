"""News from sites: what is read, what is asked for again, and what is lost without a site."""

import json
import logging
import ssl
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.pieces import find_pieces, opened
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources.base import Feed
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.rss import fetch as rss_fetch
from tasks.reading.sources.rss import source as rss
from tasks.reading.sources.rss.settings import RssSettings
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.web import Bounds
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store, read_table

MODIFIED = formatdate(1_700_000_000, usegmt=True)


def document(*ids: str, text: str = "the kettle leaks") -> bytes:
    items = "".join(
        f"<item><guid>https://kettles.example/{it}</guid><title>{it}</title>"
        f"<description>{text}</description></item>"
        for it in ids
    )
    return f'<rss version="2.0"><channel><title>Kettles</title>{items}</channel></rss>'.encode()


class News:
    """Sites on loopback: path → status, headers, body; and the headers that they were asked with."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""

    def has(self, path: str, *bodies: bytes, status: int = 200, **headers: str) -> str:
        """Answer a path with bodies one after the other, the last for good; give its URL."""
        self.answers[path] = [(status, headers, body) for body in bodies or (b"",)]
        return self.address + path

    def conditions(self, path: str) -> dict[str, str]:
        """Return what the last question for a path had in its headers."""
        return [headers for asked, headers in self.asked if asked == path][-1]


@pytest.fixture(scope="module")
def server() -> Iterator[News]:
    news = News()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            news.asked.append((self.path, dict(self.headers)))
            left = news.answers[self.path]
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            etag = headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        news.address = f"http://127.0.0.1:{server.server_port}"
        yield news
        server.shutdown()


@pytest.fixture
def news(server: News, monkeypatch: pytest.MonkeyPatch) -> News:
    monkeypatch.setattr(rss, "_PAUSE_SECONDS", 0.0)
    server.answers.clear()
    server.asked.clear()
    return server


Read = Callable[..., tuple[list[str], Feed]]


@pytest.fixture
def found(store: Store) -> Read:
    """Read a night; give the titles and what was found."""

    def find(feed: str, *urls: str, last: Feed | None = None) -> tuple[list[str], Feed]:
        # As a manifest keeps it.
        text = last.state.model_dump_json() if last and last.state else None
        state = SourceState.model_validate_json(text) if text else None
        settings = SourceSettings(rss=RssSettings(urls=urls))
        feed_found = find_pieces(store, f"rss+{feed}", settings, state)
        titles = []
        for piece in feed_found.pieces:
            with opened(store, piece) as stream:
                titles += [json.loads(line)["title"] for line in stream]
        return titles, feed_found

    return find


def test_entries_are_rows_of_the_night(news: News, found: Read, store: Store) -> None:
    _, feed = found(news.has("/feed/", document("a", "b")), news.has("/x=1/y.xml", document("c")))
    raw = read_feed(store, feed, IngestSettings())
    rows = read_table(store, raw.rows, ["doc_id", "text", "title"]).to_pylist()
    assert rows[1] == {"doc_id": "https://kettles.example/b", "text": "the kettle leaks", "title": "b"}  # fmt: skip
    assert rows[2]["title"] == "c"
    host = news.address.removeprefix("http://")
    assert [it.name for it in feed.pieces] == [f"{host}/feed.jsonl", f"{host}/x%3D1/y.xml.jsonl"]


def test_only_what_has_changed_is_sent_again(news: News, found: Read) -> None:
    one = news.has("/one.xml", document("a"), ETag='"1"')
    two = news.has("/two.xml", document("b"), Last_Modified=MODIFIED)
    titles, first = found(one, two)
    assert titles == ["a", "b"]
    assert "If-None-Match" not in news.conditions("/one.xml")

    titles, second = found(one, two, last=first)
    assert titles == ["b"]
    assert news.conditions("/one.xml")["If-None-Match"] == '"1"'
    assert news.conditions("/two.xml")["If-Modified-Since"] == MODIFIED
    assert second.state == first.state
    assert second.is_continued

    news.has("/one.xml", document("a", "new"), ETag='"2"')
    news.has("/two.xml", status=304)
    titles, third = found(one, two, last=second)
    assert titles == ["a", "new"]
    # A night that was not published has moved nothing: the state of the one before reads it again.
    assert found(one, two, last=second) == (titles, third)
    titles, quiet = found(one, two, last=third)
    assert (titles, quiet.pieces, quiet.state) == ([], [], third.state)


def test_a_site_that_is_added_is_read_whole_and_the_others_go_on(news: News, found: Read) -> None:
    one = news.has("/one.xml", document("a"), ETag='"1"')
    _, first = found(one)
    titles, second = found(one, news.has("/two.xml?page=7", document("b")), last=first)
    assert titles == ["b"]
    assert "page" not in second.state.model_dump_json()
    # Another query is another feed.
    assert found(one, news.has("/two.xml?page=8", document("c")), last=second)[0] == ["c"]


def test_a_broken_site_is_named_and_the_others_are_read(
    news: News, found: Read, caplog: pytest.LogCaptureFixture
) -> None:
    good = news.has("/good.xml", document("a"))
    page = news.has("/page?user=7", b"<html><body>\x1b[31m sold</body></html>")
    titles, _ = found(
        good, page, news.has("/gone.xml", status=404), news.has("/down.xml", status=500)
    )
    assert titles == ["a"]
    said = [it.getMessage() for it in caplog.records if it.levelno == logging.WARNING]
    assert len(said) == 3
    assert said[0].startswith(f"{news.address}/page must be RSS or Atom, got b'<html>")
    assert "gone.xml is not there (status 404)" in said[1]
    assert "down.xml does not answer now (status 500)" in said[2]
    assert "user=7" not in caplog.text


def test_a_broken_site_is_asked_for_the_same_again(news: News, found: Read) -> None:
    one, two = news.has("/one.xml", document("a"), ETag='"1"'), news.has("/two.xml", document("b"))
    _, first = found(one, two)
    news.has("/one.xml", status=410, ETag='"9"')
    _, second = found(one, two, last=first)
    assert second.state == first.state


@pytest.mark.parametrize(
    ("status", "is_passing", "n_asked"),
    [
        (404, False, 1),
        (401, False, 1),
        (204, False, 1),
        (304, False, 1),
        (429, True, 3),
        (500, True, 3),
    ],
)
def test_what_may_pass_is_tried_again(
    news: News, found: Read, status: int, is_passing: bool, n_asked: int
) -> None:
    url = news.has("/feed.xml", status=status)
    with pytest.raises(FeedError, match=rf"/feed.xml .*{status}") as error:
        found(url)
    assert is_transient_error(error.value) == is_passing
    assert len(news.asked) == n_asked


def test_a_site_that_comes_back_is_read(news: News, found: Read) -> None:
    url = news.has("/feed.xml", b"", document("a"))
    news.answers["/feed.xml"][0] = (503, {}, b"")
    assert found(url)[0] == ["a"]


def test_all_broken_is_an_error_that_passes_where_one_may(news: News, found: Read) -> None:
    gone, away = news.has("/gone.xml", status=404), "http://127.0.0.1:9/feed.xml"
    with pytest.raises(
        FeedError, match=r"none of 2 feeds .*127.0.0.1:9/feed.xml does not"
    ) as error:
        found(gone, away)
    assert is_transient_error(error.value)
    assert error.value.__cause__ is None


def test_redirects_are_followed_five_times_and_only_on_the_web(news: News, found: Read) -> None:
    news.has("/new.xml", document("a"))
    assert found(news.has("/old.xml", status=301, Location="/new.xml"))[0] == ["a"]
    loop = news.has("/loop.xml", status=302, Location="/loop.xml?token=secret")
    news.has("/loop.xml?token=secret", status=302, Location="/loop.xml")
    news.asked.clear()
    with pytest.raises(FeedError, match=r"cannot be read .*redirects"):
        found(loop)
    assert len(news.asked) == 6
    disk = news.has("/disk.xml", status=302, Location="file:///etc/passwd?token=secret")
    with pytest.raises(FeedError, match=r"cannot be read .*protocol") as error:
        found(disk)
    assert "secret" not in str(error.value)
    assert not is_transient_error(error.value)


def test_an_answer_has_bounds(news: News, found: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    url = news.has("/feed.xml", document("a", text="x" * 2_000))
    monkeypatch.setattr(rss_fetch, "BOUNDS", Bounds(1_000, 60))
    with pytest.raises(FeedError, match="must answer with at most 1,000 bytes"):
        found(url)
    monkeypatch.setattr(rss_fetch, "BOUNDS", Bounds(10_000, -1))
    with pytest.raises(FeedError, match="has not ended an answer") as error:
        found(url)
    assert is_transient_error(error.value)


def test_what_was_cut_is_said_and_asked_for_as_a_whole_again(
    news: News, found: Read, caplog: pytest.LogCaptureFixture
) -> None:
    url = news.has("/cut.xml", document("a", "b")[:-40], ETag='"1"')
    titles, feed = found(url)
    assert titles == ["a", "b"]
    assert "cut.xml is not well-formed" in caplog.text
    assert found(url, last=feed)[0] == ["a", "b"]


def test_a_feed_without_entries_is_nothing_new(news: News, found: Read) -> None:
    titles, feed = found(news.has("/feed.xml", document()))
    assert (titles, feed.pieces) == ([], [])
    assert feed.state is not None


def test_a_condition_that_no_header_may_hold_is_not_kept(news: News, found: Read) -> None:
    _, feed = found(news.has("/feed.xml", document("a"), ETag='"é"', Last_Modified="x" * 1_001))
    assert feed.state is not None
    assert list(feed.state.state["conditions"].values()) == [{}]


def test_a_site_that_is_not_to_be_trusted_is_not_asked_twice(
    news: News, found: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(*_: Any, **__: Any) -> None:
        asked.append(1)
        cause = ssl.SSLCertVerificationError("self-signed")
        raise httpx.ConnectError("self-signed at https://h/?token=pw12") from cause

    monkeypatch.setattr(httpx.Client, "stream", refuse)
    with pytest.raises(
        FeedError, match=r"certificate that is not trusted here .*self-signed"
    ) as error:
        found(news.address)
    assert (is_transient_error(error.value), len(asked)) == (False, 1)
    assert "pw12" not in str(error.value)
    assert error.value.__cause__ is None
