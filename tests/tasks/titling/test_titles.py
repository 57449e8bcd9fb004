"""Titles by a model server: what it is told, what is kept of its answers, what its faults cost."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tasks.curating.curate import Curated
from tasks.operating.doctor.state import examine_titles
from tasks.store.storage import Store, keep_table, read_table
from tasks.titling.ask import cleaned
from tasks.titling.settings import KEY_VARIABLE, URL_VARIABLE, TitleSettings
from tasks.titling.titles import give_titles
from validation.tables.cluster_schemas import CLUSTERS

KEY = "sk-never-seen"


class ModelServer:
    """A stand-in for an OpenAI-compatible server, and what it was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.answer: Callable[[str], tuple[int, Any]] = completion


def completion(told: str) -> tuple[int, Any]:
    name = told.splitlines()[0].removeprefix("Name: ")
    return 200, {"choices": [{"message": {"content": f'"On {name}"'}}]}


@pytest.fixture(scope="module")
def running() -> Iterator[ModelServer]:
    said = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said.asked.append(asked)
            said.paths.append(self.path)
            said.keys.append(self.headers["Authorization"])
            status, body = said.answer(asked["messages"][1]["content"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield said
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(running: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    running.asked, running.paths, running.keys = [], [], []
    running.answer = completion
    return running


def cluster(cluster_id: str, name: str, kind: str = "theme", topic: str = "t-1") -> dict[str, Any]:
    return {
        "cluster_id": cluster_id, "name": name, "keywords": ["a", "b"], "size": 3, "share": 0.5,
        "growth": 0, "cohesion": 0.5, "exemplar_doc_ids": ["d"], "first_seen": "x",
        "last_seen": "x", "status": "born", "kind": kind, "topic_id": topic,
        "exemplar_texts": ["the kettle\n\x1b[2Jleaks"],
    }  # fmt: skip


ROWS = [
    cluster("c-1", "kettle"),
    cluster("c-2", "delivery", topic="t-2"),
    cluster("c-3", "lid"),
    cluster("remarks", "short remarks", kind="remarks"),
]


def titles_of(store: Store, settings: TitleSettings, rows: list[dict[str, Any]]) -> list[Any]:
    clusters = keep_table(store, "t", pa.Table.from_pylist(rows, schema=CLUSTERS))
    curated = Curated(tables={"clusters": clusters}, n_clusters=3, cluster_ids={})
    found = give_titles.fn(store, curated, settings)
    return read_table(store, found.tables["clusters"])["title"].to_pylist()


def test_every_theme_gets_a_title_and_is_told_apart_from_those_beside_it(
    store: Store, server: ModelServer
) -> None:
    settings = TitleSettings(model="m", url=f"{server.address}/")
    assert titles_of(store, settings, ROWS) == ["On kettle", "On delivery", "On lid", None]
    assert set(server.paths) == {"/v1/chat/completions"}
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert {it["model"] for it in server.asked} == {"m"}
    told = server.asked[0]["messages"][1]["content"]
    assert "Other groups: lid; delivery\n" in told
    assert "Words: a, b" in told
    assert "\x1b" not in told
    assert not any(KEY.encode() in it.read_bytes() for it in store.root.rglob("*.json"))


def test_a_title_is_asked_for_once_while_its_cluster_keeps_its_name(
    store: Store, server: ModelServer
) -> None:
    settings = TitleSettings(model="m", url=server.address)
    titles_of(store, settings, ROWS)
    server.asked.clear()
    renamed = [ROWS[0] | {"name": "spout"}, *ROWS[1:]]
    assert titles_of(store, settings, renamed)[:2] == ["On spout", "On delivery"]
    assert len(server.asked) == 1


def flip_a_letter(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"On ", b"In "))


def take_anothers(path: Path) -> None:
    other = next(it for it in path.parent.iterdir() if it != path)
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize("damage", [flip_a_letter, take_anothers])
def test_a_title_that_is_not_what_was_kept_is_asked_for_again(
    store: Store, server: ModelServer, damage: Callable[[Path], None]
) -> None:
    settings = TitleSettings(model="m", url=server.address)
    before = titles_of(store, settings, ROWS)
    kept = sorted((store.state / "titles").iterdir())
    damage(kept[0])
    server.asked.clear()
    assert [it.rule for it in examine_titles(store.root)] == ["title"]
    assert titles_of(store, settings, ROWS) == before
    assert len(server.asked) == 1
    assert list(examine_titles(store.root)) == []


def test_a_title_of_an_older_nightfold_is_not_asked_for_again(
    store: Store, server: ModelServer
) -> None:
    settings = TitleSettings(model="m", url=server.address)
    titles_of(store, settings, ROWS)
    for path in (store.state / "titles").iterdir():
        path.write_text('{"title": "From before"}')
    assert titles_of(store, settings, ROWS) == ["From before"] * 3 + [None]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((401, {"error": "no"}), "the server answered with status 401"),
        ((200, {"error": "no"}), "the answer is no chat completion"),
        ((200, {"choices": [{"message": {"content": " \n"}}]}), "the answer has no title"),
        ((200, "x" * 1_000_001), "the answer has more than 1,000,000 bytes"),
    ],
)
def test_what_fails_costs_titles_and_not_the_night(
    store: Store,
    server: ModelServer,
    caplog: pytest.LogCaptureFixture,
    answer: tuple[int, Any],
    why: str,
) -> None:
    server.answer = lambda _: answer
    with caplog.at_level(logging.DEBUG):
        titles = titles_of(store, TitleSettings(model="m", url=server.address), ROWS)
    assert titles == [None] * 4
    assert f"3 clusters without a title: {why}" in caplog.text
    assert KEY not in caplog.text


def test_a_server_that_is_away_is_asked_three_times(
    store: Store, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda _: (500, {})
    rows = [cluster(f"c-{it}", f"n{it}") for it in range(8)]
    assert titles_of(store, TitleSettings(model="m", url=server.address), rows) == [None] * 8
    assert len(server.asked) == 3
    assert "8 clusters without a title" in caplog.text


def test_without_an_address_nothing_is_asked(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "localhost:11434")
    assert titles_of(store, TitleSettings(model="m"), ROWS) == [None] * 4
    assert f"or {URL_VARIABLE}, must be the http:// or https:// address" in caplog.text


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://localhost:11434/v1/")
    assert TitleSettings(model="m").address() == "http://localhost:11434/v1"


@pytest.mark.parametrize(
    ("url", "said"),
    [("localhost", "must begin with http://"), ("http://me:pw@host/v1", "must have no password")],
)
def test_an_address_that_cannot_be_asked_or_holds_a_secret_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        TitleSettings(model="m", url=url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("**Late delivery**", "Late delivery"),
        ("<think>\nhm\n</think>\n\n“Lieferung zu spät”.", "Lieferung zu spät"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("x" * 200, "x" * 79 + "…"),
        (None, ""),
    ],
)
def test_an_answer_is_cleaned(answer: object, title: str) -> None:
    assert cleaned(answer) == title
