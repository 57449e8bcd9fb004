"""The command line and its servers, as processes of their own and as a client sees them."""

import json
import multiprocessing
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flows.prefect_home.key import key_file
from flows.prefect_home.runtime import prefect_home
from tests.flows.warm import Stem

STARTUP = Path(__file__).parents[1] / "startup"

SHORT = 5
"""Epochs in a round of training."""


@contextmanager
def trained_briefly() -> Iterator[None]:
    """Train for a few epochs: how good the clusters of a few dozen texts are is not asked here."""
    from models.images import encoder
    from models.nightfold import cotraining

    short = ((cotraining, "MAX_EPOCHS"), (encoder, "FEWEST_STEPS"))
    before = [vars(module)[name] for module, name in short]
    for module, name in short:
        vars(module)[name] = SHORT
    try:
        yield
    finally:
        for (module, name), value in zip(short, before, strict=True):
            vars(module)[name] = value


class Forked:
    """Processes that are forked off one that has loaded the libraries: they begin at once.

    Their flows report to the server of the tests, which outlives every kill.
    """

    def __init__(self, api: str) -> None:
        self.api = api
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.flows.preloaded"])

    def run(self, function: Callable[..., object], *args: object) -> int:
        """Call a function of a module in a process of its own; return the exit code of that."""
        process = self._context.Process(target=in_child, args=(self.api, function, args))
        process.start()
        process.join()
        code = process.exitcode
        assert code is not None
        return code


def in_child(api: str, function: Callable[..., object], args: tuple[object, ...]) -> None:
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_LOGGING_TO_API_ENABLED,
        temporary_settings,
    )

    settings: dict[Any, Any] = {PREFECT_API_URL: api, PREFECT_LOGGING_TO_API_ENABLED: False}
    with trained_briefly(), temporary_settings(settings):
        function(*args)


def environment() -> dict[str, str]:
    """A person's environment, without what an outer run or another Prefect may have set.

    Whatever processes come of it look for garbage seldom; see `tests.startup.sitecustomize`.
    """
    ours = ("PREFECT_", "NIGHTFOLD_", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(STARTUP)}


def command(*words: object) -> list[str]:
    return [str(Path(sys.executable).with_name("nightfold")), *map(str, words)]


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask_server(url: str, store: Path, body: dict[str, Any] | None = None) -> Any:
    """Ask the own server of a store."""
    return ask_api(
        url, body, {"Authorization": f"Bearer {key_file(prefect_home(store)).read_text()}"}
    )


def ask_api(
    url: str, body: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Any:
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        time.sleep(1)  # a busy database: ask again, as Prefect's own client does
    raise AssertionError(f"{url}: the server was not available for 20 times")


ENDS = ("Completed", "Failed", "Crashed", "Cancelled")


class Service:
    """A serving process and its API."""

    def __init__(
        self, stem: Stem, feed: Path, store: Path, log: Path, port: int | None, config: Path
    ) -> None:
        self.port = port = port or find_port()
        self.api, self.log, self.store = f"http://127.0.0.1:{port}/api", log, store
        schedule = ("--cron", "0 2 * * *", "--port", port, "--config", config)
        words = command("serve", feed, "--store", store, *schedule)
        env = environment() | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        self.process = stem.start(words, log, log, env)
        self.wait_for(lambda: "serving nightly/serve-default" in self.said())

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return ask_server(self.api + path, self.store, body)

    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("/deployments/name/nightly/serve-default")
        return found

    def trigger(self) -> str:
        return str(self.ask(f"/deployments/{self.deployment()['id']}/create_flow_run", {})["id"])

    def end_of(self, run: str) -> str:
        self.wait_for(lambda: self.ask(f"/flow_runs/{run}")["state"]["name"] in ENDS)
        return str(self.ask(f"/flow_runs/{run}")["state"]["name"])

    def wait_for(self, condition: Callable[[], bool], seconds: int = 600) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.3)
