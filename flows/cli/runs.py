"""Runs of the nightly flow in this process, which report to a Prefect server of its own."""

import atexit
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_home.database import repair_database
from flows.prefect_home.runtime import embed_prefect, exit_on_sigterm, is_embedded, report_to
from flows.prefect_home.server import OwnServer

if TYPE_CHECKING:
    from flows.config import NightlyConfig
    from flows.nightly import NightReport

RunNight = Callable[["NightlyConfig"], "NightReport | None"]
"""Runs one night and returns what it did; None where it is published and nothing has changed."""


def prepare_runs(store: Path, debug: bool, say: Callable[[str], None]) -> RunNight:
    """Prepare for runs on a store; to be called before Prefect is imported.

    Parameters
    ----------
    store
        Root of the store.
    debug
        Whether the log is shown on the terminal.
    say
        Takes a sentence on what had to be repaired.

    Returns
    -------
    What runs a night. The first one starts the server, and the end of the process stops it; with
    PREFECT_API_URL set there is none.

    Raises
    ------
    StoreNotWritableError
        If the store cannot be written to.
    UnknownRevisionError
        If another Prefect has written the store's Prefect database.
    """
    embed_prefect(store, log_level="INFO" if debug else "CRITICAL")
    exit_on_sigterm()
    if not is_embedded():
        return _run
    if done := repair_database(store):
        say(done)
    server = OwnServer(secrets.token_urlsafe())
    report_to(server)
    # Before Prefect registers its own: what it still has to send at the end, the server takes.
    atexit.register(server.stop)
    return lambda config: _run(config, server)


def _run(config: "NightlyConfig", server: OwnServer | None = None) -> "NightReport | None":
    if server is not None:
        from flows.unchanged import is_unchanged

        # A server of the operator's own is told of every run.
        if is_unchanged(config):
            return None
        server.start()
    # Takes about as long as the server, which starts beside it.
    from flows.nightly import nightly

    if server is not None:
        server.wait()
    return nightly(config)
