"""What is not on this machine is fetched once, and read where it has landed."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import fsspec
import pytest

from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources.kinds import require_feed
from tasks.store.fetched.landed import landed_path, nothing_landed
from tasks.store.storage import Store, read_table

ROWS = "".join(json.dumps({"id": n, "text": f"text {n}" * 99}) + "\n" for n in range(8_000))
"""More than a file system of fsspec fetches in one block."""


class Site:
    """A web site of files that counts what is asked of it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: Counter[tuple[str, str]] = Counter()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                content = self._answer()
                self.wfile.write(content)

            def _answer(self) -> bytes:
                site.asked[self.command, self.path] += 1
                content = site.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Type", "text/html" if self.path == "/" else "text/plain")
                self.end_headers()
                return content or b""

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def served(site: Site) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), site.handler()) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/reviews.jsonl", "/*.jsonl"])
def test_a_remote_file_is_fetched_once(path: str, store: Store) -> None:
    pytest.importorskip("aiohttp", reason="comes with the extra http")
    site = Site({"/reviews.jsonl": ROWS.encode(), "/": b'<a href="/reviews.jsonl">reviews</a>'})
    with served(site) as address:
        require_feed(address + path)
        feed = find_pieces(store, address + path)
        raw = read_feed(store, feed, IngestSettings())
    assert raw.rows.rows == 8_000
    assert site.asked["GET", "/reviews.jsonl"] == 1
    (piece,) = feed.pieces
    assert (piece.name, piece.path) == ("reviews.jsonl", None)
    assert (piece.size, piece.sha256) == (len(ROWS), hashlib.sha256(ROWS.encode()).hexdigest())


def test_a_remote_file_that_changes_after_it_was_fetched_is_read_as_it_was(store: Store) -> None:
    place = "memory://changing/reviews.jsonl"
    write_text(place, '{"id": 1, "text": "before"}\n')
    feed = find_pieces(store, place)
    write_text(place, '{"id": 1, "text": "after"}\n')
    raw = read_feed(store, feed, IngestSettings())
    assert read_table(store, raw.rows, ["text"]).to_pylist() == [{"text": "before"}]


def test_a_file_of_this_machine_is_not_copied(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text('{"id": 1, "text": "one"}\n', encoding="utf-8")
    for feed in (str(path), f"file://{path}"):
        (piece,) = find_pieces(store, feed).pieces
        assert piece.path == str(path)
    assert not list(store.root.rglob("*"))


def test_what_has_landed_goes_with_the_run(store: Store) -> None:
    write_text("memory://night/reviews.jsonl", '{"id": 1, "text": "one"}\n')

    def run_that_fails() -> None:
        with nothing_landed(store):
            (piece,) = find_pieces(store, "memory://night/").pieces
            assert landed_path(store, piece.sha256).is_file()
            raise RuntimeError("the night fails")

    with pytest.raises(RuntimeError, match="the night fails"):
        run_that_fails()
    assert not list(store.state.rglob("*"))


def write_text(url: str, text: str) -> None:
    with fsspec.open(url, "w") as file:
        file.write(text)
