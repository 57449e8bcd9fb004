"""What tests of deployments share: the files as they are read, and a running site."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tests.deployments.postgres_server import binaries, postgres_server
from tests.flows.processes import STARTUP, ask_api, find_port

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"


@pytest.fixture(scope="session")
def prefect_yaml() -> dict[str, Any]:
    """The deployments for a Prefect server."""
    return dict(yaml.safe_load((DEPLOYMENTS / "prefect.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """The containers."""
    return dict(yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def automations() -> dict[str, dict[str, Any]]:
    """The automations by name."""
    text = (DEPLOYMENTS / "automations.yaml").read_text(encoding="utf-8")
    return {it["name"]: it for it in yaml.safe_load(text)["automations"]}


class Bell(ThreadingHTTPServer):
    """A webhook that keeps what it is told.

    Parameters
    ----------
    automations
        File of the automations that call it.
    """

    def __init__(self, automations: Path) -> None:
        self.automations = automations
        self.told: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), Listener)

    def has_heard(self, subject: str) -> bool:
        return any(subject in message["subject"] for message in self.told)


class Listener(BaseHTTPRequestHandler):
    """Take one message."""

    server: Bell

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.told.append(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


PATIENCE = 900
"""Seconds: on a busy machine a server needs minutes to start, and what hangs ends all the same."""

CALL_PREFECT = """
import json, sys
from prefect.cli import app

for sys.argv[1:] in json.loads(sys.argv[1]):
    try:
        app()
    except SystemExit as end:
        if end.code:
            raise
"""


class Site:
    """What a nightly service consists of: PostgreSQL, a Prefect server on it, a process worker."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.port = folder, find_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        ours = ("PREFECT_", "NIGHTFOLD_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                "prefect.server.concurrency.lease_storage.filesystem"
            ),
            "NIGHTFOLD_HOME": str(DEPLOYMENTS.parent),
            "PYTHONPATH": str(STARTUP),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_server(self) -> None:
        self._start("server", "server", "start", "--host", "127.0.0.1")
        wait_for(self._answers, self.log("server"))

    def start_worker(self) -> None:
        self.environment["PREFECT_API_URL"] = self.api
        self._start("worker", "worker", "start", "--pool", "nightfold")

    def prefect(self, *commands: tuple[str, ...]) -> None:
        """Call Prefect's command line several times in one process: to load it takes the time."""
        self.python("-c", CALL_PREFECT, json.dumps(commands))

    def python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=DEPLOYMENTS.parent,
            env=self.environment | {"PREFECT_API_URL": self.api},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def trigger(self, deployment: str, config: dict[str, Any]) -> str:
        """Start a run through the API, on another feed and store than those of the file."""
        found = self.ask(f"/deployments/name/{deployment}")
        given = found["parameters"].get("config", {}) | config
        body = {"parameters": {"config": given}}
        return str(self.ask(f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def state(self, run: str) -> str:
        return str(self.ask(f"/flow_runs/{run}")["state"]["name"])

    def end_of(self, run: str) -> str:
        ends = ("Completed", "Failed", "Crashed", "Cancelled")
        wait_for(lambda: self.state(run) in ends, self.log("worker"))
        return self.state(run)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return ask_api(self.api + path, body)

    def is_free(self, store: Path) -> bool:
        """Say whether no run works on a store."""
        with (store / "state" / "run.lock").open("r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def wait_for(self, condition: Callable[[], bool]) -> None:
        wait_for(condition, self.log("worker"))

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop(self) -> None:
        for name in ("worker", "server"):
            if name in self.processes:
                process = self.processes[name]
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:  # how long a worker takes is not tested here
                    process.kill()
                    process.wait()

    def _start(self, name: str, *words: str) -> None:
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "prefect", *words],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        try:
            self.ask("/health")
        except OSError:
            return False
        return True


def wait_for(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")[-4000:]
        time.sleep(0.3)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of the tests' own, on loopback; give its URL."""
    if not binaries():
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Prefect server on PostgreSQL and a worker, with what deployments/prefect.yaml deploys.

    Of a module: a server and a worker that wait for work keep a core busy all the while.
    """
    database = postgres.replace("postgresql://", "postgresql+asyncpg://")
    running = Site(tmp_path_factory.mktemp("site"), database)
    try:
        running.start_server()
        running.prefect(
            ("work-pool", "create", "nightfold", "--type", "process"),
            ("--no-prompt", "deploy", "--all", "--prefect-file", "deployments/prefect.yaml"),
        )
        running.start_worker()
        yield running
    finally:
        running.stop()


MAKE_BLOCK = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock

message = {"subject": "{{subject}}", "body": "{{body}}"}
block = CustomWebhookNotificationBlock(name="bell", url=sys.argv[1], json_data=message)
print(block.save("bell", overwrite=True))
"""


@pytest.fixture(scope="module")
def bell(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bell]:
    """The automations of deployments/automations.yaml on the site, with a webhook that listens."""
    heard = Bell(tmp_path_factory.mktemp("bell") / "automations.yaml")
    thread = Thread(target=heard.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{heard.server_port}/"
        block = site.python("-c", MAKE_BLOCK, address).split()[-1]
        text = (DEPLOYMENTS / "automations.yaml").read_text(encoding="utf-8")
        heard.automations.write_text(text.replace("BLOCK", block), encoding="utf-8")
        site.prefect(("automation", "create", "--from-file", str(heard.automations)))
        yield heard
    finally:
        heard.shutdown()
        thread.join()
        heard.server_close()
