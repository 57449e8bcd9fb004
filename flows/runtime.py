"""The embedded Prefect of a store: environment, what a killed run left behind, the clean end.

Nothing here imports Prefect at the top: its settings are read from the environment at import.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from flows.disk import require_writable

RUN_PID: Final = "NIGHTFOLD_RUN_PID"
"""Carried by the API server that a run starts, so that a later run knows whose it was."""

_STORE: Final = "NIGHTFOLD_STORE"

_SECONDS_TO_STOP: Final = 10

_OWN_API: Final = "NIGHTFOLD_OWN_API"
"""Address of the store's own server, where one serves more than one run."""

LOGGERS: Final = ("flows", "tasks", "models", "validation")
"""Our own loggers, whose lines belong to a run in the UI."""

_SETTINGS: Final = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # With the default of one record a batch, the last task runs are lost when the process ends.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    # Whole seconds: the recorder cuts the fraction off, and at 0 its loop keeps a core busy.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # In memory, a server that is killed forgets who holds a deployment's slot: no run starts again.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(LOGGERS),
    # The log of a service is read weeks later.
    "PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT": "%Y-%m-%d %H:%M:%S",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def embed_prefect(store: Path, *, log_level: str = "WARNING") -> None:
    """Point Prefect at the store's own home; has to come before Prefect is imported.

    With PREFECT_API_URL set, runs are reported there and only the home is the store's.

    Parameters
    ----------
    store
        Root of the store.
    log_level
        Of the lines on the terminal; the UI gets everything from INFO.

    Raises
    ------
    StoreNotWritableError
        If the store cannot be written to.
    """
    state = store / "state"
    require_writable(state / "prefect")
    os.environ.update(
        _SETTINGS
        | {
            "PREFECT_HOME": str(state / "prefect"),
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": log_level,
            _STORE: str(store),
            RUN_PID: str(os.getpid()),
        }
    )


def prepare_runs(store: Path, debug: bool) -> None:
    """Make ready for runs on a store in this process; see `embed_prefect` for errors."""
    embed_prefect(store, log_level="INFO" if debug else "CRITICAL")
    exit_on_sigterm()
    stop_orphaned_servers(store)
    mend_database(store)


def mend_database(store: Path) -> None:
    """Put a damaged database of the store's own Prefect aside, and say so."""
    from flows.command import say_error
    from flows.prefect_database import put_aside_damaged

    done = put_aside_damaged(store) if is_embedded() else None
    if done:
        say_error(done)


def keep_prefect_out(home: Path) -> None:
    """Give Prefect a home that goes away, for a command that imports it and runs no flow."""
    level = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
    os.environ.update(_SETTINGS | level | {"PREFECT_HOME": str(home)})


def store_state() -> Path | None:
    """Give the state folder of the store that this process runs on; None before there is one."""
    return Path(os.environ[_STORE]) / "state" if _STORE in os.environ else None


def is_embedded() -> bool:
    """Say whether runs are kept in the store's own Prefect database."""
    api = os.environ.get("PREFECT_API_URL")
    return _STORE in os.environ and (not api or api == os.environ.get(_OWN_API))


def report_to_own_server(api: str) -> None:
    """Let runs report to a server on the store's database; has to come before Prefect is imported.

    With PREFECT_API_URL set, they are reported there.
    """
    if is_embedded():
        os.environ |= {"PREFECT_API_URL": api, _OWN_API: api}


def let_info_through() -> None:
    """Let our own INFO lines reach the UI, inert: Prefect leaves their level at WARNING."""
    from flows.log_lines import keep_lines_inert

    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    keep_lines_inert()


def exit_on_sigterm() -> None:
    """Let SIGTERM end the process by the way of atexit, which stops the embedded API server.

    Prefect restores this handler and sends the signal again after it has marked the run crashed.
    """
    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def stop_orphaned_servers(store: Path) -> list[int]:
    """End the API servers of this store whose run was killed; give their process ids."""
    orphans = [it for it, run_pid in _servers(store) if not psutil.pid_exists(run_pid)]
    for process in orphans:
        process.terminate()
    # Their ports are wanted next.
    psutil.wait_procs(orphans, timeout=_SECONDS_TO_STOP)
    return [process.pid for process in orphans]


def _servers(store: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Find the processes that carry this store and a run's process id in their environment."""
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue  # another person's process, or one that just ended: not ours to judge
        run_pid = environment.get(RUN_PID, "")
        if (
            environment.get(_STORE) == str(store)
            and run_pid.isdigit()
            and process.pid != int(run_pid)
        ):
            yield process, int(run_pid)
