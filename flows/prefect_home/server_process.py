"""The process of a store's Prefect server: Prefect's own application behind the gate.

`flows.prefect_home.server` starts it as ``python -m flows.prefect_home.server_process DESCRIPTOR
[--ui]``, with the socket to listen on. The key is the first line of its standard input, and the end
of that is the end of its parent.
"""

import argparse
import atexit
import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Final

SECONDS_TO_STOP: Final = 10
"""A server that is asked to end writes what it holds in memory first."""


def main() -> None:
    """Serve until SIGTERM, or until the parent has ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("descriptor", type=int)
    parser.add_argument("--ui", action="store_true")
    given = parser.parse_args()
    # At the very end, Python would look for garbage in all that was loaded.
    atexit.register(gc.freeze)
    key = sys.stdin.readline().strip()
    Thread(target=_end_with_parent, daemon=True).start()
    _serve(socket.socket(fileno=given.descriptor), key, given.ui)


def _serve(listening: socket.socket, key: str, has_ui: bool) -> None:
    # A fifth of what loading takes would be spent on looking for garbage in what is there to stay.
    gc.disable()
    import uvicorn
    from prefect.server.api.server import create_app

    from flows.prefect_home.environment import OWN_STORE
    from flows.prefect_home.gate import guarded_app
    from flows.prefect_home.parameters import without_secrets
    from flows.prefect_home.reports import with_reports

    app = without_secrets(create_app(ephemeral=not has_ui, final=True))
    if has_ui and OWN_STORE in os.environ:
        app = with_reports(app, Path(os.environ[OWN_STORE]) / "reports")
    level = os.environ.get("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "ERROR")
    config = uvicorn.Config(
        guarded_app(app, key, listening.getsockname()[1]),
        # On a terminal that shows sentences, the parent says why a server did not start.
        log_level="critical" if level == "CRITICAL" else "error",
        lifespan="on",
        timeout_graceful_shutdown=SECONDS_TO_STOP // 2,
    )
    gc.freeze()
    gc.enable()
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    """End the process when its parent has ended in whatever way, `kill -9` included."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_STOP)
    os._exit(1)


if __name__ == "__main__":
    main()
