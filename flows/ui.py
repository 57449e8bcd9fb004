"""Serve the Prefect UI on the runs of a store."""

import os
import sys
import webbrowser
from pathlib import Path

from flows.results import NoNightError
from flows.runtime import RUN_PID, embed_prefect, exit_on_sigterm, mend_database
from flows.server import address_of, prefect_server


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
    exit_on_sigterm()
    try:
        with prefect_server(port) as server:
            _show(store, address_of(port))
            server.wait()
    except KeyboardInterrupt:
        return
    raise RuntimeError(f"the Prefect server ended with code {server.returncode}")


def _show(store: Path, address: str) -> None:
    """Say where the server is; open it for a person at a terminal."""
    sys.stdout.write(f"Prefect UI of {store}: {address} (Ctrl-C ends it)\n")
    sys.stdout.flush()
    if sys.stdout.isatty():
        webbrowser.open(address)
