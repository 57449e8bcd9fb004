"""Runs that are killed at a moment, and what they have published."""

import json
import logging
import os
import signal
from pathlib import Path
from typing import Any

from flows.config import NightlyConfig
from flows.nightly import nightly

KILLED = -signal.SIGKILL


class KillAt(logging.Handler):
    """Kill this process, as `kill -9` does, when a line is logged."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(self.line):
            os.kill(os.getpid(), signal.SIGKILL)


def run_night(config: dict[str, Any]) -> None:
    nightly(NightlyConfig.model_validate(config))


def run_until(config: dict[str, Any], line: str) -> None:
    """Run a night that is killed when a stage says this line."""
    logging.getLogger("tasks.frame.stage").addHandler(KillAt(line))
    run_night(config)


def published(store: Path) -> dict[str, Any]:
    """Every published file by path; of those that are sealed, what does not tell of the run."""
    found: dict[str, Any] = {}
    for path in sorted(store.rglob("*")):
        name = path.relative_to(store)
        if path.is_file() and name.parts[0] != "state":
            found[name.as_posix()] = path.read_bytes()
            if path.name == "manifest.json":
                content = json.loads(path.read_text())
                found[name.as_posix()] = content | {"run": None, "digest": None}
            if path.name == "followed.json":
                content = json.loads(path.read_text())
                found[name.as_posix()] = content | {"manifest": None, "digest": None}
    return found
