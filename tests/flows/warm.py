"""Command lines in processes of their own that begin with the libraries loaded.

What a command line loads before it does anything is most of the processor time of a small night. So
one process, the stem, loads the libraries once (not Prefect, whose settings are read when it is
imported) and forks itself for every command line, whichever process of the tests asks for it. Each has its own memory, environment, signals
and end, as one that a shell starts; only the libraries are there already.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Final, NoReturn

import psutil

from tests.garbage import look_for_garbage_seldom

ROOT: Final = Path(__file__).parents[2]

LOADED_BY_PREFECT: Final = (
    "amplitude", "anyio", "asgi_lifespan", "coolname", "dateutil.rrule", "fsspec", "graphviz", "griffe",
    "httpx", "humanize", "jinja2", "opentelemetry.trace", "orjson", "pathspec", "pendulum",
    "prometheus_client", "pydantic_extra_types", "pydantic_settings", "rich.console", "websockets",
)  # fmt: skip
"""What it brings along and does not configure by the environment."""

LIBRARIES: Final = (
    "great_expectations", "pandas", "pyarrow.parquet", "scipy.stats", "sentence_transformers",
    "sklearn.cluster", "sklearn.feature_extraction.text", "sklearn.metrics", "torch", "typer",
    "transformers.models.bert.modeling_bert", *LOADED_BY_PREFECT,
)  # fmt: skip

_SECONDS_BETWEEN_LOOKS: Final = 0.02
_SECONDS_BETWEEN_LOOKS_AT_THE_RUN: Final = 0.5


class WarmProcess:
    """A command line that was forked off the stem; it is used as a `subprocess.Popen` is."""

    def __init__(self, stem: "Stem", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._stem = stem

    def poll(self) -> int | None:
        """Return the exit code, if the process has ended."""
        if self.returncode is None:
            self.returncode = self._stem.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = 300) -> int:
        """Wait for the end of the process and return its exit code."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended: its number may be another's then."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)


class Stem:
    """The process that has loaded the libraries: one for all processes of a run of the tests.

    Parameters
    ----------
    folder
        Of its socket; see `start_stem`.
    """

    def __init__(self, folder: Path) -> None:
        self._address = str(folder / "socket")

    def start(
        self, words: list[str], log: Path, errors: Path, env: Mapping[str, str], umask: int = -1
    ) -> WarmProcess:
        """Start a command line in the project's folder; its output and errors go to files."""
        log.touch()
        asked = {
            "words": words,
            "log": str(log),
            "errors": str(errors),
            "env": dict(env),
            "umask": umask,
        }
        return WarmProcess(self, self.ask({"start": asked}))

    def ask(self, request: dict[str, Any]) -> Any:
        """Send a request and return the answer; the first one waits until all is loaded."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self._address)
            with asking.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                return json.loads(stream.readline())


def start_stem(folder: Path) -> None:
    """Start the stem, which listens on a socket in a folder."""
    # Without Prefect's or an operator's settings; each command line brings its own.
    kept = {name: it for name, it in os.environ.items() if not name.startswith("PREFECT_")}
    with socket.socket(socket.AF_UNIX) as listening, (folder / "log").open("wb") as log:
        listening.bind(str(folder / "socket"))
        listening.listen(64)
        descriptor = listening.fileno()
        subprocess.run(
            [sys.executable, "-m", __name__, str(who_began()), str(descriptor)],
            check=True,
            cwd=ROOT,
            env=kept,
            stdout=log,
            stderr=log,
            pass_fds=[descriptor],
        )


def who_began() -> int:
    """Return the number of the process that began this run of the tests."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def is_over(began: psutil.Process) -> bool:
    """Return whether the process that began the run of the tests has ended, in whatever way."""
    return not began.is_running() or began.status() == psutil.STATUS_ZOMBIE


def leave() -> None:
    """Go on in a process that nobody waits for."""
    if os.fork():
        os._exit(0)
    os.setsid()


def main() -> None:
    """Load the libraries, then fork a command line off whenever it is asked for."""
    from flows.prefect_home.environment import set_environment

    began, listening = psutil.Process(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2]))
    leave()
    before = dict(os.environ)
    set_environment()
    gc.disable()
    for library in LIBRARIES:
        import_module(library)
    load_all_of("models", "validation")
    os.environ.clear()
    os.environ.update(before)
    gc.freeze()  # a command line that looks through it would copy its memory, too
    look_for_garbage_seldom()
    gc.enable()
    listening.settimeout(_SECONDS_BETWEEN_LOOKS_AT_THE_RUN)
    while not is_over(began):
        try:
            asking, _ = listening.accept()
        except TimeoutError:
            continue
        with asking, asking.makefile("rw", encoding="utf-8") as stream:
            request = json.loads(stream.readline())
            if "start" in request and not (answer := os.fork()):
                break
            if "poll" in request:
                answer = _ended(request["poll"])
            stream.write(json.dumps(answer) + "\n")
            stream.flush()
    else:
        return
    # Only here, where all is closed: what ends later must not close the number of another file.
    listening.close()
    _become(request["start"])


def load_all_of(*packages: str) -> None:
    """Import every module of our own packages: most are imported where they are needed only."""
    for package in packages:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(asked: dict[str, Any]) -> NoReturn:
    """Become the command line."""
    for target, path in ((0, os.devnull), (1, asked["log"]), (2, asked["errors"])):
        flags = os.O_RDONLY if target == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, target)
        os.close(descriptor)
    if asked["umask"] >= 0:
        os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["env"])
    # A script finds its own folder first, where `python -m` finds the one that it was called in.
    sys.argv, sys.path[0] = asked["words"], str(Path(asked["words"][0]).parent)
    from flows.cli.app import main as command_line

    # Ends as the installed script does, whose exit handlers belong to the test.
    sys.exit(command_line())


if __name__ == "__main__":
    main()
