"""The embedded Prefect of a store: where its database is, which server it has, the clean end.

Nothing here imports Prefect at the top: its settings are read from the environment at import.
"""

import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from flows.prefect_home.disk import require_writable
from flows.prefect_home.environment import LOGGERS, OWN_STORE, set_environment
from flows.prefect_home.server import OwnServer

OWN_API: Final = "NIGHTFOLD_OWN_API"
"""Address of the store's own server."""

_HEADERS: Final = "PREFECT_CLIENT_CUSTOM_HEADERS"


def embed_prefect(store: Path, *, log_level: str = "WARNING") -> None:
    """Point Prefect at the store's own home; to be called before Prefect is imported.

    With PREFECT_API_URL set, runs are reported there and only the home is the store's.

    Parameters
    ----------
    store
        Root of the store.
    log_level
        Of the lines on the terminal, unless the operator set one; the UI gets everything from INFO.

    Raises
    ------
    StoreNotWritableError
        If the store cannot be written to.
    """
    require_writable(prefect_home(store))
    set_environment()
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", log_level)
    os.environ.update(
        {
            "PREFECT_HOME": str(prefect_home(store)),
            # The server that Prefect would start by itself answers everybody on this machine.
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            OWN_STORE: str(store),
        }
    )


def prefect_home(store: Path) -> Path:
    """Return the folder of a store's own Prefect database."""
    return store / "state" / "prefect"


def own_home() -> Path | None:
    """Return `prefect_home` of the store that this process runs on; None before there is one."""
    return prefect_home(Path(os.environ[OWN_STORE])) if OWN_STORE in os.environ else None


def is_embedded() -> bool:
    """Return whether runs are kept in the store's own Prefect database."""
    api = os.environ.get("PREFECT_API_URL")
    return OWN_STORE in os.environ and (not api or api == os.environ.get(OWN_API))


def report_to(server: OwnServer) -> None:
    """Let runs report to the store's own server; to be called before Prefect is imported."""
    api = f"{server.address}/api"
    headers = json.loads(os.environ.get(_HEADERS) or "{}")
    # By the environment alone, which no other user of the machine can read.
    headers |= {"Authorization": f"Bearer {server.key}"}
    os.environ |= {"PREFECT_API_URL": api, OWN_API: api, _HEADERS: json.dumps(headers)}
    for name in ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING"):
        # Secrets of another server.
        os.environ.pop(name, None)


def let_info_through() -> None:
    """Let our own INFO lines reach the UI, inert: Prefect leaves their level at WARNING."""
    from flows.prefect_home.log_lines import keep_lines_inert

    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    keep_lines_inert()


def exit_on_sigterm() -> None:
    """Let SIGTERM end the process through atexit, which stops the store's own server.

    Prefect restores this handler and sends the signal again after it has marked the run crashed.
    """
    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
