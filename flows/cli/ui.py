"""Serve the Prefect UI on the runs of a store."""

import os
import sys
import webbrowser
from pathlib import Path

from flows.cli.command import say_error
from flows.prefect_home.database import repair_database
from flows.prefect_home.key import key_file, write_private
from flows.prefect_home.runtime import embed_prefect, exit_on_sigterm, prefect_home
from flows.prefect_home.server import OwnServer, running, server_for_people
from tasks.reporting.published import NoNightError


def serve_ui(store: Path, port: int) -> None:
    """Run a Prefect server on the store's database until it is interrupted; loopback only.

    Raises
    ------
    NoNightError
        If no run was ever made on this store.
    PortError
        If the server cannot listen on the port.
    RuntimeError
        If the server does not start or ends by itself.
    """
    home = prefect_home(store)
    if not home.is_dir():
        raise NoNightError(
            f"{store} has no runs to show; run `nightfold run FEED --store {store}` first"
        )
    embed_prefect(store)
    os.environ.pop("PREFECT_API_URL", None)
    exit_on_sigterm()
    if done := repair_database(store):
        say_error(done)
    try:
        with running(server_for_people(home, port)) as server:
            _show(store, server)
            code = server.watch()
    except KeyboardInterrupt:
        return
    raise RuntimeError(f"the Prefect server ended with code {code}")


def _show(store: Path, server: OwnServer) -> None:
    """Print where the server is, and open it for a person at a terminal."""
    address = f"{server.address}/?key={server.key}"
    if not sys.stdout.isatty():
        # What goes to a log is read by more people than may see the runs.
        key = key_file(prefect_home(store))
        sys.stdout.write(f"Prefect UI of {store}: {server.address} (its key: {key})\n")
        sys.stdout.flush()
        return
    sys.stdout.write(f"Prefect UI of {store}: {address} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    _open(address, prefect_home(store))


def _open(address: str, home: Path) -> None:
    """Open an address in the browser, whose arguments every user of the machine can read."""
    page = home / "ui.html"
    write_private(page, f'<meta http-equiv="refresh" content="0; url={address}">')
    webbrowser.open(page.as_uri())
