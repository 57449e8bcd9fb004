"""What Prefect and other libraries read from the environment; set before any is imported."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

OWN_STORE: Final = "NIGHTFOLD_OWN_STORE"
"""Store that this process runs on."""

LOGGERS: Final = ("flows", "tasks", "models", "validation")
"""Our own loggers, whose lines belong to a run in the UI."""

_NO_TELEMETRY: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""Whatever the operator's other programs may do: nightfold calls nobody."""

_NEEDED: Final = {
    # In memory, a server that is killed forgets who holds a deployment's slot: no run starts again.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
}

UNLESS_SET: Final = {
    # With the default of one record a batch, the last task runs are lost when the process ends.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    # Whole seconds: the recorder cuts the fraction off, and at 0 its loop keeps a core busy.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # Half of the database would be events that tell once more what runs, their states and artifacts
    # say. Automations hear of events without it.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    # The log of a service is read weeks later.
    "PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT": "%Y-%m-%d %H:%M:%S",
    # `check` reads feeds outside of a run: each line would come with a warning about its logger.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "TOKENIZERS_PARALLELISM": "false",
    # It warns of the loss of every encoder: a person's first night would begin with that line.
    "TRANSFORMERS_VERBOSITY": "error",
}
"""What the operator may decide otherwise."""

_THIS_MACHINE: Final = ("127.0.0.1", "localhost")


def set_environment() -> None:
    """Set what applies to every command: no telemetry, no proxy to this machine.

    Prefect gets a home that is there and in which it has nothing to do: it would make one in the
    person's home folder otherwise. A command that runs the flow gives it the store's.
    """
    os.environ.update(_NO_TELEMETRY | _NEEDED | {"PREFECT_HOME": str(Path(__file__).parent)})
    for name, value in UNLESS_SET.items():
        os.environ.setdefault(name, value)
    # Profiles belong to a person's own Prefect, and so do the servers that they name.
    os.environ.pop("PREFECT_PROFILE", None)
    _add_loggers()
    _reach_this_machine_directly()


def _add_loggers() -> None:
    name = "PREFECT_LOGGING_EXTRA_LOGGERS"
    given = [it.strip() for it in os.environ.get(name, "").split(",") if it.strip()]
    os.environ[name] = ",".join(dict.fromkeys([*given, *LOGGERS]))


def _reach_this_machine_directly() -> None:
    """Except this machine from every proxy: the API of a run is on it."""
    # Libraries read the name in small letters first.
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    hosts = [it.strip() for it in given.split(",") if it.strip()]
    if "*" not in hosts:
        hosts = list(dict.fromkeys([*hosts, *_THIS_MACHINE]))
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)
    for name in ("all_proxy", "ALL_PROXY"):
        # Prefect's client fails on its mere presence, and nothing that reads feeds can use it.
        if urlsplit(os.environ.get(name, "")).scheme.startswith("socks"):
            del os.environ[name]
