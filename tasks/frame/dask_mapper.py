"""Shards on the workers of Dask: of a cluster, or on this machine for a run."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tasks.frame.alike import only_if_alike
from tasks.frame.mapper import EngineAwayError, Mapper, WorkersLostError, in_order

if TYPE_CHECKING:
    from distributed import Client, Future

S = TypeVar("S")
R = TypeVar("R")

_TRIES: Final = 3
"""Workers that may be lost at a shard before Dask gives it up: its own default, said to a cluster
that this process starts."""

_OWN: Final[dict[str, Any]] = {
    "distributed.scheduler.allowed-failures": _TRIES,
    # Pages without any login, about which no run asks.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""Of workers that are started here."""

_SECONDS_TO_ANSWER: Final = 30


@contextmanager
def dask_workers(address: str | None, n_workers: int) -> Iterator[Mapper]:
    """Yield what hands shards to the workers of a cluster, or to some that are started here.

    Those that are started here listen on this machine alone, and to this process alone, for the
    certificate is its own.

    Raises
    ------
    EngineAwayError
        If nobody answers at the address.
    """
    import dask
    from distributed import Client, LocalCluster

    # When it is imported, it lets its INFO lines through; a lost worker is told by what follows.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as ends:
        where: Any = address
        if address is None:
            ends.enter_context(dask.config.set(_OWN))
            where = ends.enter_context(
                LocalCluster(
                    n_workers=n_workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    security=True,
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = Client(where, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise EngineAwayError(f"no scheduler of Dask answers at {address}") from error
        yield _DaskMapper(ends.enter_context(client))


class _DaskMapper:
    """Hands shards to the workers of Dask."""

    is_here = False

    def __init__(self, client: "Client") -> None:
        self._client = client

    def map(self, function: Callable[[S], R], shards: Iterable[S]) -> Iterator[R]:
        """Yield the results; a shard whose worker is lost goes to another one."""
        checked = only_if_alike(function)

        def begin(shard: S) -> "Future":
            # The same shard of another night is another task.
            return self._client.submit(checked, shard, pure=False)

        return in_order(begin, _finish, self._client.cancel, self._n_workers, shards)

    def _n_workers(self) -> int:
        return sum(self._client.nthreads().values())


def _finish(future: "Future") -> Any:
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        return future.result()
    except (KilledWorker, CancelledError, CommClosedError) as error:
        raise WorkersLostError(
            f"a shard was given up: {_TRIES + 1} workers of Dask were lost at it, or the scheduler"
            f" was ({type(error).__name__}); see their logs, and whether they have enough memory"
        ) from error
