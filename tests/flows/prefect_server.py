"""The Prefect server that all processes of a run of the tests report to.

One for all of them: to start one takes as long as to load Prefect's server, and none of the tests'
own processes has to load that. It ends with the process that began the run, however that ends.
"""

import gc
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Final

import psutil

from flows.prefect_home.environment import UNLESS_SET
from tests.flows.warm import ROOT, is_over, leave, who_began
from tests.garbage import look_for_garbage_seldom

_SECONDS_TO_START: Final = 300
_SECONDS_BETWEEN_LOOKS: Final = 0.5

SETTINGS: Final = UNLESS_SET | {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # No test asks it for events or has automations on it: those of the deployed site do.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_UI_ENABLED": "false",
}


def new_database(folder: Path) -> Path:
    """Return the path of a database that has its tables, and in which no run has been."""
    return folder / "new.db"


def address_of(folder: Path) -> str:
    """Return the address of the API of a server that was started in a folder."""
    return (folder / "address").read_text(encoding="utf-8")


def start_server(folder: Path) -> None:
    """Start the server in a folder, and keep a copy of its database before anybody has used it."""
    kept = {name: it for name, it in os.environ.items() if not name.startswith("PREFECT_")}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        descriptor = listening.fileno()
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [sys.executable, "-m", __name__, str(who_began()), str(descriptor)],
                check=True,
                cwd=ROOT,
                env=kept | SETTINGS | {"PREFECT_HOME": str(folder)},
                stdout=log,
                stderr=log,
                pass_fds=[descriptor],
            )
    # Whoever asks before it serves waits for the answer.
    with urllib.request.urlopen(f"{address}/health", timeout=_SECONDS_TO_START) as answer:
        assert answer.status == 200
    with (
        closing(sqlite3.connect(folder / "prefect.db")) as used,
        closing(sqlite3.connect(new_database(folder))) as new,
    ):
        used.backup(new)
        new.execute("pragma journal_mode = delete")
    (folder / "address").write_text(address, encoding="utf-8")


def main() -> None:
    """Serve in a process that nobody waits for, until the one that began the run has ended."""
    began, listening = psutil.Process(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2]))
    leave()
    Thread(target=_end_with, args=[began], daemon=True).start()
    gc.disable()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(
        create_app(ephemeral=True, final=True), log_level="error", lifespan="on"
    )
    gc.freeze()
    look_for_garbage_seldom()
    gc.enable()
    uvicorn.Server(config).run(sockets=[listening])


def _end_with(process: psutil.Process) -> None:
    while not is_over(process):
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    # Nobody reads what it would still write.
    os._exit(0)


if __name__ == "__main__":
    main()
