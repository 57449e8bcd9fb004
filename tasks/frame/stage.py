"""What makes a plain function a stage: cache key, name, retries, measurements."""

import functools
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.settings import PREFECT_TASKS_REFRESH_CACHE
from pydantic import BaseModel, ConfigDict

from tasks.boundary.transient import is_transient_error
from tasks.frame.memory import give_back, peak_memory
from tasks.store.storage import Ref, Store

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


class StageRecord(BaseModel):
    """What one stage cost tonight."""

    model_config = ConfigDict(frozen=True)

    stage: str
    seconds: float = 0.0
    processor_seconds: float = 0.0
    """Of all threads of the process: more than `seconds` where several worked, less where others
    had the cores."""
    peak_memory_mb: float = 0.0
    is_cached: bool = False
    """Whether the stage did not run, for its result was there."""


_records: ContextVar[list[StageRecord] | None] = ContextVar("stage_records", default=None)


@contextmanager
def recorded_stages() -> Iterator[list[StageRecord]]:
    """Yield the list that every stage enters when it is done, one whose result is cached too."""
    records: list[StageRecord] = []
    token = _records.set(records)
    try:
        yield records
    finally:
        _records.reset(token)


class _Stage(Task[P, R]):
    """A task that enters the list of stages where it need not run, either."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the stage, or take its cached result."""
        records = _records.get()
        n_before = len(records or ())
        result = super().__call__(*args, **kwargs)
        if records is not None and len(records) == n_before:
            records.append(StageRecord(stage=self.name, is_cached=True))
        return result


def stage(
    name: str, *, version: int, retries: int = 0, cached: bool = True
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a Prefect task of a plain function whose first parameter is the store.

    Parameters
    ----------
    name
        Shown in the UI, part of the cache key.
    version
        Raise it when the stage's code gives other results for the same inputs.
    retries
        Tries after a transient error; any other error fails at once.
    cached
        False for a stage with side effects that must happen on every run.
    """

    def wrap(function: Callable[P, R]) -> Task[P, R]:
        def key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
            return cache_key(name, version, parameters)

        return _Stage(
            _measured(name, function),
            name=name,
            task_run_name=functools.partial(run_name, name, version) if cached else name,
            description=(function.__doc__ or "").split("\n\n", maxsplit=1)[0],
            version=str(version),
            result_serializer="json",
            retries=retries,
            retry_delay_seconds=[2.0 * 3**attempt for attempt in range(retries)],
            retry_jitter_factor=0.5 if retries else None,
            retry_condition_fn=is_transient,
            cache_policy=CachePolicy.from_cache_key_fn(key) if cached else NO_CACHE,
            persist_result=cached,
        )

    return wrap


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether another try may help: it does after a hiccup, not after a bad document."""
    try:
        state.result()
    except Exception as error:
        return is_transient_error(error)
    return False


def run_name(name: str, version: int, parameters: dict[str, Any]) -> str:
    """Return the name of a task run: the stage's, marked where its result is cached.

    The graph in the UI draws the names of runs, and not that a state is `Cached`.
    """
    context = TaskRunContext.get()
    if context is None or PREFECT_TASKS_REFRESH_CACHE.value():
        return name
    is_cached = context.result_store.exists(cache_key(name, version, parameters))
    return f"{name} (cached)" if is_cached else name


def cache_key(name: str, version: int, parameters: Mapping[str, Any]) -> str:
    """Build the cache key from stage, version, digests of the inputs, and the stage's config."""
    spelled = json.dumps(_spelled(dict(parameters)), sort_keys=True, ensure_ascii=False)
    return (
        f"{name.replace(' ', '-')}-v{version}-{hashlib.sha256(spelled.encode()).hexdigest()[:40]}"
    )


def _spelled(value: Any) -> Any:
    """Reduce a parameter to what decides the result: a reference is its content."""
    match value:
        case Ref():
            found: Any = value.sha256
        case Store():
            found = [value.feed, str(value.night)]
        case BaseModel():
            fields = type(value).model_fields.items()
            found = {name: _spelled(getattr(value, name)) for name, it in fields if not it.exclude}
        case dict():
            found = {str(key): _spelled(item) for key, item in value.items()}
        case list() | tuple():
            found = [_spelled(item) for item in value]
        case None | bool() | int() | float() | str():
            found = value
        case _:
            found = str(value)
    return found


def _measured(name: str, function: Callable[P, R]) -> Callable[P, R]:
    """Log a stage's begin and end and note its seconds and its peak of memory."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        logger.info("%s: started", name)
        started, cpu_started = time.perf_counter(), time.process_time()
        with peak_memory() as peak:
            result = function(*args, **kwargs)
        give_back()
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        logger.info("%s: done in %.1f s, peak memory %.0f MB", name, seconds, peak[0] / 1e6)
        records = _records.get()
        if records is not None:
            records.append(
                StageRecord(
                    stage=name,
                    seconds=round(seconds, 3),
                    processor_seconds=round(cpu, 3),
                    peak_memory_mb=round(peak[0] / 1e6, 1),
                )
            )
        return result

    return run
