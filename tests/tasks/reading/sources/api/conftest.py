"""A JSON API on this machine, for all tests that ask one."""

from collections.abc import Iterator
from threading import Thread

import pytest

from tasks.reading.sources.api import client as api_client
from tests.tasks.reading.sources.api.server import Api, Server, handler


@pytest.fixture(scope="session")
def api_served() -> Iterator[Api]:
    api = Api()
    with Server(("127.0.0.1", 0), handler(api)) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        api.address = f"http://127.0.0.1:{server.server_port}"
        yield api
        server.shutdown()


@pytest.fixture
def api(api_served: Api, slept: list[float]) -> Api:
    api_served.asked, api_served.told = [], []
    return api_served


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no test wait; give how long it would have."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    seconds: list[float] = []
    monkeypatch.setattr(api_client, "sleep", seconds.append)
    return seconds
