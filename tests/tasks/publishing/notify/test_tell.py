"""Channels are told by a real request to a server of this machine, and none fails the night."""

import json
import logging
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tasks.publishing.notify.message import Message
from tasks.publishing.notify.settings import Channel
from tasks.publishing.notify.tell import problem_with, tell
from tasks.store.storage import Store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MESSAGE = Message("night 2026-03-01, 1 alarm", ["'battery' is new <b>", "trust high"], 1)
VARIABLE = "NIGHTFOLD_NOTIFY_HOOK"
CHANNEL = Channel(url_from=VARIABLE)


class _Hook(BaseHTTPRequestHandler):
    """Takes JSON, and refuses what comes to /refused."""

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(json.loads(said))  # type: ignore[attr-defined]
        self.send_response(500 if "refused" in self.path else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Hook) as started:
        started.taken = []  # type: ignore[attr-defined]
        Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


def told_at(server: HTTPServer, path: str = "") -> dict[str, str]:
    return {VARIABLE: f"json://me:s3cr3t@127.0.0.1:{server.server_port}/{path}"}


def test_a_channel_is_told(server: Any) -> None:
    assert problem_with(CHANNEL, MESSAGE, told_at(server)) is None
    told = server.taken[-1]
    assert told["title"] == "night 2026-03-01, 1 alarm"
    assert told["message"] == "'battery' is new <b>\ntrust high"


def test_a_channel_that_reads_html_gets_it_escaped(server: Any) -> None:
    url = told_at(server)[VARIABLE]
    assert problem_with(CHANNEL, MESSAGE, {VARIABLE: f"{url}?format=html"}) is None
    assert "<li>&#x27;battery&#x27; is new &lt;b&gt;</li>" in server.taken[-1]["message"]


def test_what_goes_wrong_is_said_without_the_url(
    server: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = problem_with(CHANNEL, MESSAGE, told_at(server, "refused"))
    assert refused == "it could not be reached, or refused the message"
    assert problem_with(CHANNEL, MESSAGE, {}) == f"the environment has no {VARIABLE}"
    unknown = problem_with(CHANNEL, MESSAGE, {VARIABLE: "s3cr3t"})
    assert unknown == f"{VARIABLE} is no URL that Apprise knows"

    def broken(*_: object, **__: object) -> bool:
        raise OSError("json://me:s3cr3t@host")

    monkeypatch.setattr("apprise.Apprise.notify", broken)
    assert problem_with(CHANNEL, MESSAGE, told_at(server)) == "an unexpected OSError"
    assert "s3cr3t" not in caplog.text


def test_failures_are_counted_and_a_quiet_night_disturbs_nobody(
    store: Store,
    publish_night: Callable[..., dict[str, Any]],
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish_night(2, ["a", "b"])
    n_before = len(server.taken)
    monkeypatch.setenv(VARIABLE, told_at(server)[VARIABLE])
    every_night = [Channel(url_from=it, on="always") for it in (VARIABLE, "NOT_SET")]
    caplog.set_level(logging.WARNING)
    assert tell(store, [CHANNEL, *every_night]) == 1
    assert "the channel of NOT_SET was not told of the night" in caplog.text
    assert len(server.taken) == n_before + 1
    assert "2 clusters" in server.taken[-1]["message"]
    assert server.taken[-1]["title"] == "nightfold: night 2026-03-02 of reviews, no alarm"
    assert tell(store.on(store.night.replace(day=9)), every_night) == 2


def test_a_url_is_refused_in_a_configuration_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="must be the name of a variable") as refused:
        Channel(url_from="mailto://me:s3cr3t@host")
    assert "s3cr3t" not in str(refused.value)
