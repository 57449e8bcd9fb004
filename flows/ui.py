"""Serve the Prefect UI on the runs of a store."""

import os
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path
from urllib.error import URLError

from flows.results import NoNightError
from flows.runtime import RUN_PID, embed_prefect, exit_on_sigterm, mend_database

_SECONDS_TO_START = 120


def serve_ui(store: Path, port: int) -> None:
    """Run a Prefect server on the store's database until it is interrupted; loopback only.

    Raises
    ------
    NoNightError
        If no run was ever made on this store.
    RuntimeError
        If the server does not start or ends by itself.
    """
    if not (store / "state" / "prefect").is_dir():
        raise NoNightError(
            f"{store} has no runs to show; run `nightfold run FEED --store {store}` first"
        )
    embed_prefect(store)
    os.environ.pop("PREFECT_API_URL", None)
    mend_database(store)
    # The server is a person's, not a run's: a later run must not take it for an orphan.
    os.environ.pop(RUN_PID, None)
    # `--port` alone leaves the pages asking for the API on port 4200.
    os.environ["PREFECT_SERVER_API_PORT"] = str(port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    exit_on_sigterm()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _show(server, store, f"http://127.0.0.1:{port}")
        server.wait()
    except KeyboardInterrupt:
        return
    finally:
        server.terminate()
        server.wait()
    raise RuntimeError(f"the Prefect server ended with code {server.returncode}")


def _show(server: "subprocess.Popen[bytes]", store: Path, address: str) -> None:
    """Wait until the server answers; say where it is, open it for a person at a terminal."""
    deadline = time.monotonic() + _SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        if _answers(address):
            sys.stdout.write(f"Prefect UI of {store}: {address} (Ctrl-C ends it)\n")
            sys.stdout.flush()
            if sys.stdout.isatty():
                webbrowser.open(address)
            return
        time.sleep(0.5)
    raise RuntimeError(f"the Prefect server did not start on {address}; is the port taken?")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/api/health", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, TimeoutError):
        return False
