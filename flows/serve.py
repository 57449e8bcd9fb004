"""Run the nightly flow on a schedule in one process: no worker, and a server only for itself."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.command import say

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.deployments.runner import RunnerDeployment

    from flows.config import NightlyConfig


@dataclass(frozen=True)
class Served:
    """What is served, checked.

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
        """Return what was set but the night, which every run finds out for itself."""
        return self.config.model_dump(mode="json", exclude={"night"}, exclude_unset=True)


def prepare_to_serve(store: Path, port: int) -> None:
    """Make ready to serve in this process; has to come before Prefect is imported.

    Raises
    ------
    StoreNotWritableError
        If the store cannot be written to.
    """
    from flows.runtime import (
        embed_prefect,
        exit_on_sigterm,
        mend_database,
        report_to_own_server,
        stop_orphaned_servers,
    )
    from flows.server import address_of

    # A service is read in its log: every run, every stage.
    embed_prefect(store, log_level="INFO")
    mend_database(store)
    report_to_own_server(f"{address_of(port)}/api")
    exit_on_sigterm()
    stop_orphaned_servers(store)


def checked(file: Path | None, said: dict[str, Any], cron: str, timezone: str) -> Served:
    """Check everything that was said before anything starts.

    Raises
    ------
    ConfigError
        If the schedule or a setting cannot be used, or names the night.
    """
    from flows.config import ConfigError, load_config

    config = load_config(file, said)
    if "night" in config.model_fields_set:
        raise ConfigError(
            f"night in {file} must be left out: serve runs today's, night after night"
        )
    return Served(config, _schedule(cron, timezone))


def serve_nights(served: Served, port: int) -> None:
    """Run the nights on their schedule until SIGTERM or Ctrl-C; a run that fails ends nothing.

    The environment has to be that of `prepare_to_serve` already.

    Parameters
    ----------
    served
        See `checked`.
    port
        Of the server on 127.0.0.1 that is started unless PREFECT_API_URL names one.
    """
    with _api(port):
        from prefect.client.schemas.objects import (
            ConcurrencyLimitConfig,
            ConcurrencyLimitStrategy,
        )
        from prefect.types.entrypoint import EntrypointType

        from flows.nightly import nightly

        deployment: Any = nightly.to_deployment(
            name=f"serve-{served.config.feed_name}",
            parameters={"config": served.every_night()},
            schedules=[served.schedule],
            # A run that is late waits, for a missed night must still be published.
            concurrency_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
            ),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        _run_until_stopped(deployment)
    say("stopped; the schedule is paused until the next serve")


def _run_until_stopped(deployment: "RunnerDeployment") -> None:
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
    say(
        f"serving nightly/{deployment.name}; Prefect UI:"
        f" {os.environ['PREFECT_API_URL'].removesuffix('/api')}"
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


def _schedule(cron: str, timezone: str) -> "CronSchedule":
    """Check a schedule as Prefect will."""
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    from flows.config import ConfigError

    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        key = error.errors()[0]["loc"][0]
        given, rule = {
            "cron": (cron, "five fields of cron, for instance '0 2 * * *'"),
            "timezone": (timezone, "a name of the time zone database, for instance Europe/Berlin"),
        }[str(key)]
        raise ConfigError(f"--{key} must be {rule}, got {given!r}") from error


@contextmanager
def _api(port: int) -> Iterator[None]:
    """Have a server on the store's database, unless PREFECT_API_URL named another one."""
    from flows.runtime import RUN_PID, is_embedded
    from flows.server import prefect_server

    if not is_embedded():
        yield
        return
    with prefect_server(port):
        # What starts from now on is no server: a later run must not take it for an orphaned one.
        os.environ.pop(RUN_PID)
        yield
