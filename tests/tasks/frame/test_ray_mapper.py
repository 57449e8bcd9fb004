"""What is asked of Ray, without it; `make test-runners` has real workers."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tasks.frame import ray_mapper
from tasks.frame.mapper import WorkersLostError
from tasks.frame.ray_mapper import _RayMapper

LOST = ("OutOfMemoryError", "WorkerCrashedError")
"""How Ray says that a worker is lost."""


class OfShardError(Exception):
    """As Ray wraps what a shard has raised."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("a traceback of the worker")
        self.cause = cause


class Ray(ModuleType):
    """One worker, which is done with a shard when its result is asked for."""

    def __init__(self) -> None:
        super().__init__("ray")
        self.tasks: list[dict[str, Any]] = []
        self.cancelled: list[Any] = []

    def put(self, it: Any) -> Any:
        return it

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        def made(function: Callable[..., Any]) -> SimpleNamespace:
            def begin(*given: Any) -> Callable[[], Any]:
                self.tasks.append(options)
                return lambda: function(*given)

            return SimpleNamespace(remote=begin)

        return made

    def get(self, reference: Callable[[], Any]) -> Any:
        try:
            return reference()
        except ValueError as error:
            raise OfShardError(error) from error

    def cancel(self, reference: Any) -> None:
        self.cancelled.append(reference)

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    made, errors = Ray(), ModuleType("ray.exceptions")
    monkeypatch.setitem(sys.modules, "ray", made)
    monkeypatch.setitem(sys.modules, "ray.exceptions", errors)
    kinds = {kind: type(kind, (Exception,), {}) for kind in LOST}
    errors.__dict__.update(kinds, RayTaskError=OfShardError)
    monkeypatch.setattr(ray_mapper, "only_if_alike", lambda it: lambda shard: [it(shard)])
    return made


def test_a_shard_has_a_core_and_tries_and_is_cancelled_where_nobody_wants_it(ray: Ray) -> None:
    results = _RayMapper().map(str, [1, 1, 2, 3])
    assert [next(results), next(results)] == [["1"], ["1"]], "where the worker is alike"
    assert ray.tasks == [{"num_cpus": 1, "max_retries": 3}] * 3
    results.close()  # type: ignore[attr-defined]
    assert len(ray.cancelled) == 1


@pytest.mark.parametrize("kind", LOST)
def test_lost_workers_are_a_sentence(ray: Ray, kind: str) -> None:
    def lost(_: object) -> None:
        raise getattr(sys.modules["ray.exceptions"], kind)

    with pytest.raises(WorkersLostError, match=rf"4 workers of Ray were lost at it \({kind}\)"):
        list(_RayMapper().map(lost, [1]))


def test_what_a_shard_raises_stays_what_it_is(ray: Ray) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(_RayMapper().map(int, ["one"]))
