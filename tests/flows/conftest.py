"""Flow tests run the real thing: the command line in its own process, a store, an embedded Prefect."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from flows.key import key_file
from flows.runtime import prefect_home
from tasks.files import write_atomically
from tasks.manifests import FORMAT_VERSION
from tasks.sealed import seal
from tasks.storage import Store

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """A person's environment, without what an outer run or another Prefect may have set."""
    ours = ("PREFECT_", "NIGHTFOLD_", "COLUMNS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def command(*words: object) -> list[str]:
    return [str(Path(sys.executable).with_name("nightfold")), *map(str, words)]


@pytest.fixture(name="command")
def command_line() -> Callable[..., list[str]]:
    """Put words after the name of the installed command."""
    return command


@pytest.fixture
def sample() -> Path:
    """The bundled sample feed."""
    return ROOT / "flows" / "sample"


@pytest.fixture
def nightfold() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line and give its exit code and output."""

    def run(*words: object, umask: int = -1) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            umask=umask,
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@dataclass
class Started:
    """A run in the background; its log goes to a file, as a pipe would outlive the run in its server."""

    process: "subprocess.Popen[bytes]"
    log: Path


@pytest.fixture
def start(sample: Path, tmp_path: Path) -> Callable[[Path], Started]:
    """Start a run of the sample's first night on a store."""

    def started(store: Path) -> Started:
        words = ("run", sample / "night-1", "--store", store, "--night", "2026-03-01")
        log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command(*words, "--n-clusters", "11", "--debug"),
                cwd=ROOT,
                env=environment(),
                stdout=file,
                stderr=file,
            )
        return Started(process, log)

    return started


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return find_port()


def ask_server(url: str, store: Path, body: dict[str, Any] | None = None) -> Any:
    key = key_file(prefect_home(store)).read_text()
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        time.sleep(1)  # a busy database: ask again, as Prefect's own client does
    raise AssertionError(f"{url}: the server was not available for 20 times")


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Ask the server of a store, with its key."""
    return ask_server


@pytest.fixture
def serve_ui() -> Iterator[Callable[[Path, int], str]]:
    """Start the UI of a store, wait until it says its address, and stop it after the test."""
    servers: list[subprocess.Popen[str]] = []

    def serve(store: Path, port: int) -> str:
        words = command("ui", "--store", store, "--port", port)
        server = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        servers.append(server)
        assert server.stdout is not None
        said = server.stdout.readline()
        address = f"http://127.0.0.1:{port}"
        assert address in said
        return address

    yield serve
    for server in servers:
        # Not SIGINT, which a shell without job control lets its background processes ignore.
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
        assert server.returncode == 128 + signal.SIGTERM


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect API of the tests' own, and cache records that no earlier session has left."""
    records = tmp_path_factory.mktemp("records")
    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings({PREFECT_LOCAL_STORAGE_PATH: records}),
    ):
        yield


SUBJECTS = (
    "the battery dies before noon", "charging takes the whole night", "the charger gets hot",
    "the parcel came a week late", "the courier left the box outside", "my delivery never arrived",
    "the coffee machine leaks", "the espresso tastes burnt", "the milk frother is loud",
)  # fmt: skip


def write_feed(path: Path, night: int) -> Path:
    """Write 27 documents about three things, other ones every night."""
    rows = [
        {"id": f"n{night}-{number:02}", "text": f"{opening} {subject}, order {night}{number}."}
        for number, (opening, subject) in enumerate(
            (opening, subject) for opening in ("Sadly", "Well,", "Again") for subject in SUBJECTS
        )
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Operated:
    """A store with its feed, one file a night."""

    store: Path
    feed: Path

    def run(self, night: int, **config: Any) -> Any:
        """Run a night."""
        from flows.nightly import nightly

        return nightly(self.config(night, **config))

    def config(self, night: int, **config: Any) -> Any:
        """Configure a night and write its feed."""
        from flows.config import NightlyConfig

        given = {
            "clustering": {"n_clusters": 3},
            "feed": str(write_feed(self.feed / f"reviews-2026-03-0{night}.jsonl", night)),
            "store": self.store,
            "night": f"2026-03-0{night}",
        }
        return NightlyConfig.model_validate(given | config)


@pytest.fixture(scope="session")
def two_nights(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> Operated:
    """A store with two published nights, for tests that only read."""
    folder = tmp_path_factory.mktemp("operated")
    operated = Operated(folder / "store", folder / "feed")
    for night in (1, 2):
        operated.run(night)
    return operated


@pytest.fixture
def operated(two_nights: Operated, tmp_path: Path) -> Operated:
    """A copy of the two nights that a test may damage."""
    shutil.copytree(two_nights.store, tmp_path / "store")
    shutil.copytree(two_nights.feed, tmp_path / "feed")
    return Operated(tmp_path / "store", tmp_path / "feed")


@pytest.fixture
def write_night() -> Callable[[Path, int], Path]:
    """Write a small feed; see `write_feed`."""
    return write_feed


def published_at(root: Path, feed: str, night: date, at: datetime) -> None:
    """Write what says that a night was published, and when; there are no tables."""
    store = Store(root=root, feed=feed, night=night)
    manifest = {
        "format_version": FORMAT_VERSION,
        "feed": feed,
        "night": str(night),
        "counts": {},
        "tables": {},
        "models": {},
        "encoder": {"name": "made", "digest": "0"},
        "labels": {"published": "refined"},
        "config": {"window_days": 30},
        "fit": None,
        "run": {"published_at": at.isoformat(timespec="seconds")},
    }
    write_atomically(store.manifest_path(), seal(manifest))


@pytest.fixture
def publish_at() -> Callable[[Path, str, date, datetime], None]:
    """Write the manifest of a night; see `published_at`."""
    return published_at


ENDS = ("Completed", "Failed", "Crashed", "Cancelled")


class Service:
    """A serving process and its API."""

    def __init__(self, feed: Path, store: Path, log: Path, port: int | None = None) -> None:
        self.port = port = port or find_port()
        self.api, self.log, self.store = f"http://127.0.0.1:{port}/api", log, store
        words = command("serve", feed, "--store", store, "--cron", "0 2 * * *", "--port", port)
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                words,
                cwd=ROOT,
                env=environment() | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"},
                stdout=file,
                stderr=file,
            )
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

    def wait_for(self, condition: Callable[[], bool], seconds: int = 120) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.3)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Serve a feed on a store, and stop it after the test; each has a log of its own."""
    write_feed(tmp_path / "feed" / "reviews.jsonl", 1)
    services: list[Service] = []

    def started(port: int | None = None) -> Service:
        log = tmp_path / f"serve-{len(services)}.log"
        services.append(Service(tmp_path / "feed", tmp_path / "store", log, port))
        return services[-1]

    yield started
    for serving in services:
        if serving.process.poll() is None:
            serving.process.terminate()
            serving.process.wait(timeout=60)


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    return serve()
