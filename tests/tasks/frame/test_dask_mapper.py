"""What is asked of Dask, without it; `make test-runners` has real workers."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tasks.frame import dask_mapper
from tasks.frame.dask_mapper import _DaskMapper
from tasks.frame.mapper import WorkersLostError

LOST = {
    "KilledWorker": "distributed",
    "CancelledError": "distributed",
    "CommClosedError": "distributed.comm",
}
"""How Dask says that a worker is lost, or its scheduler."""


class Future:
    def __init__(self, call: Callable[[], Any]) -> None:
        self.result = call


class Client:
    """One worker, which is done with a shard when its result is asked for."""

    def __init__(self) -> None:
        self.submitted: list[Any] = []
        self.cancelled: list[Future] = []

    def submit(self, function: Callable[[Any], Any], shard: Any, pure: bool = True) -> Future:
        assert not pure, "the same shard of another night is another task"
        self.submitted.append(shard)
        return Future(lambda: function(shard))

    def cancel(self, futures: list[Future]) -> None:
        self.cancelled += futures

    def nthreads(self) -> dict[str, int]:
        return {"worker": 1}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    for name in set(LOST.values()):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for kind, name in LOST.items():
        setattr(sys.modules[name], kind, type(kind, (Exception,), {}))
    monkeypatch.setattr(dask_mapper, "only_if_alike", lambda it: lambda shard: [it(shard)])
    return Client()


def test_shards_are_tasks_of_their_own_and_those_that_nobody_wants_are_cancelled(
    client: Client,
) -> None:
    results = _DaskMapper(client).map(str, [1, 1, 2, 3])  # type: ignore[arg-type]
    assert [next(results), next(results)] == [["1"], ["1"]], "where the worker is alike"
    assert client.submitted == [1, 1, 2]
    results.close()  # type: ignore[attr-defined]
    assert len(client.cancelled) == 1


@pytest.mark.parametrize("kind", LOST)
def test_lost_workers_are_a_sentence(client: Client, kind: str) -> None:
    def lost(_: object) -> None:
        raise getattr(sys.modules[LOST[kind]], kind)

    with pytest.raises(WorkersLostError, match=rf"4 workers of Dask were lost at it.*\({kind}\)"):
        list(_DaskMapper(client).map(lost, [1]))  # type: ignore[arg-type]


def test_what_a_shard_raises_stays_what_it_is(client: Client) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(_DaskMapper(client).map(int, ["one"]))  # type: ignore[arg-type]
