"""A JSON API that answers as each test wants it, and what the tests ask it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.reading.pieces import find_pieces, opened
from tasks.reading.sources.api.settings import HttpSettings
from tasks.reading.sources.base import Feed
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.source_state import SourceState
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


class Server(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up: some answers are too long for them."""

    def handle_error(self, *_: Any) -> None:
        pass


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


def asked(**settings: Any) -> SourceSettings:
    return SourceSettings(
        http=HttpSettings(**{"requests_per_second": 1e6, "max_pages": 50} | settings)
    )


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
