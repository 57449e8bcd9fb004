"""A Prefect server on a store's database, as a child process that ends with its parent."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError

_SECONDS_TO_START = 120


@contextmanager
def prefect_server(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Prefect server on loopback while the block lasts; it answers before the block begins.

    Parameters
    ----------
    port
        On 127.0.0.1. The database is that of `flows.runtime.embed_prefect`, which comes first.

    Raises
    ------
    RuntimeError
        If the server does not start.
    """
    # `--port` alone leaves the pages asking for the API on port 4200.
    environment = os.environ | {"PREFECT_SERVER_API_PORT": str(port)}
    environment.pop("PREFECT_API_URL", None)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    # In a session of its own: Ctrl-C comes to the parent alone, which still has use for a server.
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for(server, port)
        yield server
    finally:
        server.terminate()
        server.wait()


def address_of(port: int) -> str:
    """Give the address that a person opens."""
    return f"http://127.0.0.1:{port}"


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        if _answers(port):
            return
        time.sleep(0.5)
    raise RuntimeError(f"the Prefect server did not start on {address_of(port)}; is it taken?")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"{address_of(port)}/api/health", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, TimeoutError):
        return False
