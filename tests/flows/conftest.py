"""Flow tests run the real thing: the command line in its own process, a store, an embedded Prefect."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """A person's environment, without what an outer run or another Prefect may have set."""
    ours = ("PREFECT_", "NIGHTFOLD_", "COLUMNS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def command(*words: object) -> list[str]:
    return [str(Path(sys.executable).with_name("nightfold")), *map(str, words)]


@pytest.fixture
def sample() -> Path:
    """The bundled sample feed."""
    return ROOT / "flows" / "sample"


@pytest.fixture
def nightfold() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line and give its exit code and output."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
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
