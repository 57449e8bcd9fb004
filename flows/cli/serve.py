"""Run the nightly flow on a schedule in one process: no worker, and a server only for itself."""

import asyncio
import hashlib
import os
import re
import signal
import socket
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flows.cli.command import say
from flows.prefect_home.database import repair_database
from flows.prefect_home.key import key_file
from flows.prefect_home.runtime import (
    embed_prefect,
    exit_on_sigterm,
    is_embedded,
    prefect_home,
    report_to,
)
from flows.prefect_home.server import OwnServer, running, server_for_people

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.deployments.runner import RunnerDeployment

    from flows.config import NightlyConfig


@dataclass(frozen=True)
class Served:
    """The checked settings of what is served.

    Parameters
    ----------
    config
        Of every night.
    schedule
        When a night runs.
    """

    config: "NightlyConfig"
    schedule: "CronSchedule"

    def every_night(self) -> dict[str, Any]:
        """Return all settings but the night, which every run determines for itself."""
        return self.config.model_dump(mode="json", exclude={"night"}, exclude_unset=True)


def prepare_to_serve(store: Path, port: int, say_error: Callable[[str], None]) -> OwnServer | None:
    """Prepare to serve in this process; to be called before Prefect is imported.

    Parameters
    ----------
    store
        Root of the store.
    port
        Of the server on 127.0.0.1.
    say_error
        Takes a sentence on what had to be repaired.

    Returns
    -------
    A server on the store's database, not yet started; None where PREFECT_API_URL names another one.

    Raises
    ------
    StoreNotWritableError
        If the store cannot be written to.
    PortError
        If the server cannot listen on the port.
    UnknownRevisionError
        If another Prefect has written the store's Prefect database.
    """
    # A service is read in its log: every run, every stage.
    embed_prefect(store, log_level="INFO")
    exit_on_sigterm()
    if not is_embedded():
        return None
    if done := repair_database(store):
        say_error(done)
    server = server_for_people(prefect_home(store), port)
    report_to(server)
    return server


def checked(file: Path | None, options: dict[str, Any], cron: str, timezone: str) -> Served:
    """Check all options before anything starts.

    Raises
    ------
    ConfigError
        If the schedule or a setting cannot be used, or names the night.
    """
    from flows.config import load_config
    from flows.toml_file import ConfigError

    config = load_config(file, options)
    if "night" in config.model_fields_set:
        raise ConfigError(
            f"night in {file} must be left out: serve runs today's, night after night"
        )
    return Served(config, _schedule(cron, timezone))


def serve_nights(served: Served, server: OwnServer | None) -> None:
    """Run the nights on their schedule until SIGTERM or Ctrl-C; a failed run does not stop it.

    Parameters
    ----------
    served
        See `checked`.
    server
        See `prepare_to_serve`.
    """
    with nullcontext() if server is None else running(server):
        deployment = _deployment(served)
        _close_left_runs(
            served, deployment.name, "serve died without reporting before this run ended"
        )
        _run_until_stopped(served, deployment)
        _close_left_runs(served, deployment.name, "serve was stopped before this run ended")
    say("stopped; the schedule is paused until the next serve")


def _deployment(served: Served) -> "RunnerDeployment":
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.types.entrypoint import EntrypointType

    from flows.nightly import nightly

    deployment: Any = nightly.to_deployment(
        name=deployment_name(served.config),
        parameters={"config": served.every_night()},
        schedules=[served.schedule],
        # A run that is late waits, for a missed night must still be published.
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return cast("RunnerDeployment", deployment)


def deployment_name(config: "NightlyConfig") -> str:
    """Return the name under which a feed is served, which no other store on the same server uses.

    On a server of its own a store has it to itself; on one that PREFECT_API_URL names, stores with
    the same path on other machines may be served, too.
    """
    name = f"serve-{config.feed_name}"
    if is_embedded():
        return name
    where = hashlib.sha256(f"{socket.gethostname()}:{config.store}".encode()).hexdigest()
    return f"{name}-{re.sub(r'[^A-Za-z0-9.-]', '-', config.store.name)}-{where[:8]}"


def _close_left_runs(served: Served, deployment: str, why: str) -> None:
    """Close runs of the deployment whose process is gone: they hold its only slot."""
    from flows.prefect_home.dead_runs import close_runs_of
    from tasks.store.lock import StoreBusyError, store_lock

    with suppress(StoreBusyError), store_lock(served.config.store, "serve"):
        close_runs_of(deployment, why)


def _say_where(served: Served, deployment: str) -> None:
    address = os.environ["PREFECT_API_URL"].removesuffix("/api")
    key = f" (its key: {key_file(prefect_home(served.config.store))})" if is_embedded() else ""
    say(f"serving nightly/{deployment}; Prefect UI: {address}{key}")


def _run_until_stopped(served: Served, deployment: "RunnerDeployment") -> None:
    """Do what `prefect.serve` does, with an end on SIGTERM that leaves nothing unawaited."""
    from prefect.runner import Runner

    class Service(Runner):
        def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
            # As Ctrl-C, which `asyncio.run` turns into an orderly end.
            signal.raise_signal(signal.SIGINT)

    # A shell without job control lets its background processes ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runner = Service(limit=1)
    runner.add_deployment(deployment)
    _say_where(served, deployment.name)
    with suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


def _schedule(cron: str, timezone: str) -> "CronSchedule":
    """Check a schedule as Prefect will."""
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    from flows.toml_file import ConfigError

    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        key = error.errors()[0]["loc"][0]
        given, rule = {
            "cron": (cron, "five fields of cron, for instance '0 2 * * *'"),
            "timezone": (timezone, "a name of the time zone database, for instance Europe/Berlin"),
        }[str(key)]
        raise ConfigError(f"--{key} must be {rule}, got {given!r}") from error
