"""Serve the Prefect UI on the runs of a store."""

import os
import subprocess
import sys
from pathlib import Path

from flows.results import NoNightError
from flows.runtime import RUN_PID, embed_prefect


def serve_ui(store: Path, port: int) -> None:
    """Run a Prefect server on the store's database until it is interrupted; loopback only.

    Raises
    ------
    NoNightError
        If no run was ever made on this store.
    """
    if not (store / "state" / "prefect").is_dir():
        raise NoNightError(
            f"{store} has no runs to show; run `nightfold run FEED --store {store}` first"
        )
    embed_prefect(store)
    # The server is a person's, not a run's: a later run must not take it for an orphan.
    os.environ.pop(RUN_PID, None)
    # `--port` alone leaves the pages asking for the API on port 4200.
    os.environ["PREFECT_SERVER_API_PORT"] = str(port)
    os.environ.pop("PREFECT_API_URL", None)
    sys.stdout.write(f"Prefect UI of {store}: http://127.0.0.1:{port} (Ctrl-C ends it)\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    subprocess.run(command, check=True)
