"""Flow tests run the real thing: the command line in its own process, a store, an embedded Prefect."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tasks.store.files import write_atomically
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import seal
from tasks.store.storage import Store
from tests.flows.processes import ROOT, Service, command, environment, find_port


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


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return find_port()


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
