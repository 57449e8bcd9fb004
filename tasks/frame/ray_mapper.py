"""Shards on the workers of Ray: of a cluster, or on this machine for a run."""

import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from tasks.frame.alike import only_if_alike
from tasks.frame.mapper import EngineAwayError, Mapper, WorkersLostError, in_order

S = TypeVar("S")
R = TypeVar("R")

_TRIES: Final = 3
"""Times that a shard goes to another worker when one is lost: Ray's own default."""

_BYTES_ON_THEIR_WAY: Final = 1 << 29
"""Of shards and results between the processes of this machine; beyond that Ray writes to the disk.
By default Ray reserves a third of the memory."""


@contextmanager
def ray_workers(address: str | None, n_workers: int) -> Iterator[Mapper]:
    """Yield what hands shards to the workers of a cluster, or to some that are started here.

    Those that are started here answer only whoever holds the token of this process.

    Raises
    ------
    EngineAwayError
        If nobody answers at the address.
    """
    # Before the import: Ray reports how it is used, and asks nobody.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is None:
        # Ray listens on every address of the machine, and refuses whoever lacks this token. Other
        # users cannot read the environment; Ray's own place for it is a file that they can.
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # Ray's workers would come after everything else on the machine.
        os.environ.setdefault("RAY_worker_niceness", "0")
    import ray

    with ExitStack() as ends:
        own: dict[str, Any] = {}
        if address is None:
            # Ray leaves the logs of every run where it has its sockets, in a folder that it opens
            # to everybody: this one lies inside one that is ours alone.
            folder = TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
            own = {
                "num_cpus": n_workers,
                "include_dashboard": False,
                "object_store_memory": _BYTES_ON_THEIR_WAY,
                "_temp_dir": f"{ends.enter_context(folder)}/r",
            }
        ends.callback(ray.shutdown)
        try:
            ray.init(
                # Ray would take up the address of its own variable.
                address or "local",
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.ERROR,
                **own,
            )
        except (ConnectionError, ValueError) as error:
            raise EngineAwayError(f"no head of Ray answers at {address}: {error}") from error
        yield _RayMapper()


class _RayMapper:
    """Hands shards to the workers of Ray."""

    is_here = False

    def map(self, function: Callable[[S], R], shards: Iterable[S]) -> Iterator[R]:
        """Yield the results; a shard whose worker is lost goes to another one."""
        import ray

        given = ray.put(only_if_alike(function))
        apply = ray.remote(num_cpus=1, max_retries=_TRIES)(_apply)

        def begin(shard: S) -> Any:
            return apply.remote(given, shard)

        return in_order(begin, _finish, _cancel, _n_workers, shards)


def _apply(function: Callable[[S], R], shard: S) -> R:
    return function(shard)


def _finish(reference: Any) -> Any:
    import ray
    from ray.exceptions import OutOfMemoryError, RayTaskError, WorkerCrashedError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        # What the shard raised, as it was: Ray puts the traceback of the worker into its words.
        raise error.cause from None
    except (OutOfMemoryError, WorkerCrashedError) as error:
        raise WorkersLostError(
            f"a shard was given up: {_TRIES + 1} workers of Ray were lost at it"
            f" ({type(error).__name__}); see their logs, and whether they have enough memory"
        ) from error


def _cancel(references: list[Any]) -> None:
    import ray

    for reference in references:
        ray.cancel(reference)


def _n_workers() -> int:
    import ray

    return int(ray.cluster_resources().get("CPU", 1))
