"""Flow tests run the real thing, on small feeds and with short training.

Nights run in the tests' own process or in one forked off (`Forked`), and report to one Prefect server.
The command line runs in this process (`invoke`), or in one of its own where the process or the store's
own server is what is tested (`nightfold`, `start`, `serve`): it is forked off one that has loaded the
libraries (`Stem`).
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import prefect.context
import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from typer.testing import CliRunner

from flows.prefect_home.runtime import prefect_home
from tasks.store.files import write_atomically
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import seal
from tasks.store.storage import Store
from tests.flows.prefect_server import address_of, new_database, start_server
from tests.flows.processes import (
    Forked,
    Service,
    command,
    environment,
    find_port,
    trained_briefly,
)
from tests.flows.warm import ROOT, Stem, WarmProcess, start_stem

Invoke = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def short_training() -> Iterator[None]:
    """Train briefly in the tests of a module, unless it has a fixture of this name itself."""
    with trained_briefly():
        yield


@pytest.fixture(scope="session", autouse=True)
def one_encoder() -> Iterator[None]:
    """Load an encoder once for all nights of this process: it keeps nothing of what it encodes."""
    from tasks.vectors import embed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed, "load_encoder", cache(embed.load_encoder))
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a folder once for all processes of a run of the tests; whoever needs it first makes it."""
    own = tmp_path_factory.getbasetemp()
    base = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def prefect_server(shared: Callable[..., Path]) -> Path:
    """The folder of the Prefect server that all processes of this run of the tests share."""
    return shared("prefect-server", start_server)


@pytest.fixture(scope="session")
def prefect_database(prefect_server: Path) -> Path:
    """A new database of Prefect's: to make its tables takes longer than all else in a server's start."""
    return new_database(prefect_server)


@pytest.fixture(scope="session")
def used(prefect_database: Path) -> Callable[[Path], Path]:
    """Give a store the Prefect database that it has after a first run; return the store."""

    def with_database(store: Path) -> Path:
        prefect_home(store).mkdir(parents=True)
        shutil.copy(prefect_database, prefect_home(store) / "prefect.db")
        return store

    return with_database


@pytest.fixture(scope="session")
def embedded(two_nights: "Operated") -> Callable[[Path], Path]:
    """Give a store the vectors of the first night's texts; return the store.

    For runs in processes of their own that ask something else: there the encoder, which a process
    loads anew, would take as long as all other stages together.
    """

    def with_vectors(store: Path) -> Path:
        shutil.copytree(two_nights.store / "embeddings", store / "embeddings")
        return store

    return with_vectors


@pytest.fixture(name="command")
def command_line() -> Callable[..., list[str]]:
    """Put words after the name of the installed command."""
    return command


@pytest.fixture
def sample() -> Path:
    """The bundled sample feed."""
    return ROOT / "flows" / "sample"


@pytest.fixture
def invoke(prefect_api: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Call the command line in this process, whose environment it may change; give code and output.

    Its runs report to the server of the tests, as to one that PREFECT_API_URL names.
    """
    from flows.cli.app import app

    before, handlers = dict(os.environ), {it: signal.getsignal(it) for it in SIGNALS}
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    yield lambda *words: CliRunner().invoke(app, [str(word) for word in words])
    for number, handler in handlers.items():
        signal.signal(number, handler)
    os.environ.clear()
    os.environ.update(before)


SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(scope="session")
def stem(shared: Callable[..., Path]) -> Stem:
    """The process off which command lines are forked."""
    return Stem(shared("stem", start_stem))


@pytest.fixture
def nightfold(stem: Stem, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line and give its exit code and output."""

    def run(*words: object, umask: int = -1) -> subprocess.CompletedProcess[str]:
        output, errors = tmp_path / "nightfold.out", tmp_path / "nightfold.err"
        for said in (output, errors):
            said.unlink(missing_ok=True)
        code = stem.start(command(*words), output, errors, environment(), umask).wait()
        return subprocess.CompletedProcess(words, code, output.read_text(), errors.read_text())

    return run


@dataclass
class Started:
    """A run in the background; its log goes to a file, as a pipe would outlive the run in its server."""

    process: WarmProcess
    log: Path


@pytest.fixture
def start(stem: Stem, tmp_path: Path) -> Callable[[Path], Started]:
    """Start a run of a small first night on a store; k-means does where a process is the question."""
    feed, config = write_feed(tmp_path / "feed" / "reviews.jsonl", 1), tmp_path / "nightfold.toml"
    config.write_text(QUICK)

    def started(store: Path) -> Started:
        words = ("run", feed, "--store", store, "--night", "2026-03-01", "--config", config)
        log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
        return Started(stem.start(command(*words, "--debug"), log, log, environment()), log)

    return started


QUICK = "[clustering]\nestimator = 'k-means'\nn_clusters = 3\n"


@pytest.fixture(scope="session")
def forked(prefect_api: None) -> Forked:
    """Run code in processes that are forked off one that has loaded the libraries."""
    return Forked(str(PREFECT_API_URL.value()))


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return find_port()


@pytest.fixture(scope="module")
def serve_ui(
    stem: Stem, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path, int], str]]:
    """Start the UI of a store, wait until it says its address, and stop it after the tests."""
    servers: list[WarmProcess] = []

    def serve(store: Path, port: int) -> str:
        log = tmp_path_factory.mktemp("ui") / "log"
        words = command("ui", "--store", store, "--port", port)
        server = stem.start(words, log, Path(os.devnull), environment())
        servers.append(server)
        address = f"http://127.0.0.1:{port}"
        while not (log.is_file() and address in log.read_text(encoding="utf-8")):
            assert server.poll() is None
            time.sleep(0.1)
        return address

    yield serve
    for server in servers:
        # Not SIGINT, which a shell without job control lets its background processes ignore.
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 128 + signal.SIGTERM


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, prefect_server: Path) -> Iterator[None]:
    """The Prefect API of the tests' own, and cache records that no earlier session has left."""
    settings: dict[Any, Any] = {
        PREFECT_API_URL: address_of(prefect_server),
        PREFECT_LOCAL_STORAGE_PATH: tmp_path_factory.mktemp("records"),
        # The lines of a run are looked at where it has a server of its own.
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with (
        temporary_settings(settings),
        # For threads that begin with settings of their own, too, as in Prefect's own harness.
        prefect.context._temporary_global_settings_context(prefect.context.get_settings_context()),
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
def two_nights(prefect_api: None, shared: Callable[..., Path]) -> Operated:
    """A store with two published nights, for tests that only read."""

    def run(folder: Path) -> None:
        with trained_briefly():
            for night in (1, 2):
                Operated(folder / "store", folder / "feed").run(night)

    folder = shared("two-nights", run)
    return Operated(folder / "store", folder / "feed")


@pytest.fixture(scope="session")
def three_nights(two_nights: Operated, shared: Callable[..., Path]) -> Operated:
    """A store with a third night, for tests that only read."""

    def run(folder: Path) -> None:
        with trained_briefly():
            copied(two_nights, folder).run(3)

    folder = shared("three-nights", run)
    return Operated(folder / "store", folder / "feed")


def copied(operated: Operated, folder: Path) -> Operated:
    shutil.copytree(operated.store, folder / "store")
    shutil.copytree(operated.feed, folder / "feed")
    return Operated(folder / "store", folder / "feed")


@pytest.fixture
def operated(two_nights: Operated, tmp_path: Path) -> Operated:
    """A copy of the two nights that a test may damage."""
    return copied(two_nights, tmp_path)


@pytest.fixture
def operated_longer(three_nights: Operated, tmp_path: Path) -> Operated:
    """A copy of the three nights that a test may damage."""
    return copied(three_nights, tmp_path)


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
def serve(
    stem: Stem, tmp_path: Path, used: Callable[[Path], Path]
) -> Iterator[Callable[..., Service]]:
    """Serve a feed on a store, and stop it after the test; each has a log of its own."""
    feed, config = write_feed(tmp_path / "feed" / "reviews.jsonl", 1), tmp_path / "nightfold.toml"
    config.write_text(QUICK)
    store = used(tmp_path / "store")
    services: list[Service] = []

    def started(port: int | None = None) -> Service:
        log = tmp_path / f"serve-{len(services)}.log"
        services.append(Service(stem, feed.parent, store, log, port, config))
        return services[-1]

    yield started
    for serving in services:
        serving.process.terminate()
        serving.process.wait(60)


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    return serve()
