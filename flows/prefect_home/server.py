"""A Prefect server on a store's database, as a child process that ends with its parent."""

import errno
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

from flows.prefect_home.blank import is_up_to_date
from flows.prefect_home.database import fold_journal
from flows.prefect_home.key import lasting_key
from flows.prefect_home.server_process import SECONDS_TO_STOP
from validation.errors import NightfoldError

_PATIENCE: Final = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"
"""What an operator sets where Prefect's own temporary server needs longer."""

# A first start makes the database, which takes a minute where the cores are busy.
_SECONDS_TO_START: Final = 120

# A server whose parent was killed leaves its port in a moment; a service comes back at once.
_SECONDS_TO_FREE: Final = 3

_NOT_FOR_THE_SERVER: Final = (
    "PREFECT_API_URL",
    "PREFECT_CLIENT_CUSTOM_HEADERS",
    # It listens where its parent says, and the gate is its password.
    "PREFECT_SERVER_API_BASE_PATH",
    "PREFECT_SERVER_API_AUTH_STRING",
    # Its database is the store's, whatever a server of the operator's own uses.
    *(
        f"PREFECT_{part}_DATABASE_{name}"
        for part in ("API", "SERVER")
        for name in ("CONNECTION_URL", "DRIVER", "HOST", "PORT", "USER", "PASSWORD", "NAME")
    ),
)


class PortError(NightfoldError):
    """A server cannot listen on its port; the message says what to do."""


class OwnServer:
    """A Prefect server of this process; nobody else can answer in its place.

    Parameters
    ----------
    key
        Whoever sends it is answered; see `flows.prefect_home.gate`.
    port
        On 127.0.0.1; 0 for any that is free.
    has_ui
        Whether people look at it. Without pages it starts faster, and schedules nothing.

    Raises
    ------
    PortError
        If it cannot listen on the port: another program does.
    """

    def __init__(self, key: str, port: int = 0, *, has_ui: bool = False) -> None:
        # Held from now on: what answers on this port is this server or nothing.
        self._listening = _listen(port)
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.key, self._has_ui = key, has_ui
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, if it has not been started; `wait` says when it answers.

        Its database is that of `flows.prefect_home.runtime.embed_prefect`, which comes first.
        """
        if self._process is not None:
            return
        descriptor = self._listening.fileno()
        words = [sys.executable, "-m", "flows.prefect_home.server_process", str(descriptor)]
        self._process = subprocess.Popen(
            [*words, "--ui"] if self._has_ui else words,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[descriptor],
            # Ctrl-C comes to the parent alone, which still has use for a server.
            start_new_session=True,
        )
        self._listening.close()
        assert self._process.stdin is not None
        # `wait` says so where it has ended by now.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{self.key}\n".encode())
            self._process.stdin.flush()

    def wait(self) -> None:
        """Wait until a server that was started answers.

        Raises
        ------
        RuntimeError
            If it ends instead, or takes too long.
        """
        assert self._process is not None
        seconds = float(os.environ.get(_PATIENCE, _SECONDS_TO_START))
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the Prefect server ended with code {self._process.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the Prefect server did not answer in {seconds:g} s")
            time.sleep(0.1)

    def watch(self) -> int:
        """Return the exit code of a server that was started, when it ends."""
        assert self._process is not None
        return self._process.wait()

    def stop(self) -> None:
        """End the process, if it was started."""
        self._listening.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
        # Closes the pipe, too.
        self._process.communicate()
        fold_journal(_database())

    def _environment(self) -> dict[str, str]:
        kept = {name: it for name, it in os.environ.items() if name not in _NOT_FOR_THE_SERVER}
        return kept | {
            # To load the migrations takes a second, only to find that there is nothing to do.
            "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": str(not is_up_to_date(_database())).lower(),
            # What the pages ask, in place of port 4200.
            "PREFECT_SERVER_UI_API_URL": "/api",
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": self.address,
        }

    def _answers(self) -> bool:
        request = urllib.request.Request(
            f"{self.address}/api/health", headers={"Authorization": f"Bearer {self.key}"}
        )
        # Whatever proxy is set, this machine is reached directly.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=1) as response:
                return bool(response.status == 200)
        except (OSError, HTTPException):
            return False


@contextmanager
def running(server: OwnServer) -> Iterator[OwnServer]:
    """Run a server while the block lasts; it answers before the block begins.

    Raises
    ------
    RuntimeError
        If the server does not start.
    """
    try:
        server.start()
        server.wait()
        yield server
    finally:
        server.stop()


def server_for_people(home: Path, port: int) -> OwnServer:
    """Return a server with pages, whose key is kept in the folder of its database.

    Raises
    ------
    PortError
        If it cannot listen on the port: another program does.
    """
    return OwnServer(lasting_key(home), port, has_ui=True)


def _database() -> Path:
    """Return the database of the home that `flows.prefect_home.runtime.embed_prefect` has set."""
    return Path(os.environ["PREFECT_HOME"]) / "prefect.db"


def _listen(port: int) -> socket.socket:
    deadline = time.monotonic() + _SECONDS_TO_FREE
    while True:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            if not is_taken or time.monotonic() > deadline:
                why = "is taken" if is_taken else f"cannot be used: {error.strerror}"
                raise PortError(
                    f"port {port} of 127.0.0.1 {why}; set another with --port"
                ) from error
        time.sleep(0.1)
