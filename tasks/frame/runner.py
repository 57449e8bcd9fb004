"""The workers of a run: which engine has them, and when they start and end."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from importlib import util
from typing import Final

from tasks.frame.mapper import InProcess, Mapper
from tasks.frame.runner_settings import Kind, RunnerSettings
from validation.errors import SettingError

logger = logging.getLogger(__name__)

_MODULES: Final = {"dask": "distributed", "ray": "ray"}
"""What each engine needs; the extra is called as the engine is."""


class _Workers:
    """Workers that start when there are shards for them, and end with the run."""

    def __init__(self, settings: RunnerSettings, ends: ExitStack) -> None:
        self._settings = settings
        self._ends = ends
        self._mapper: Mapper | None = None

    def mapper(self) -> Mapper:
        """Return what hands shards to them."""
        if self._mapper is None:
            where = self._settings.address or "this machine"
            logger.info("shards go to workers of %s on %s", self._settings.kind, where)
            self._mapper = self._ends.enter_context(_started(self._settings))
        return self._mapper


_workers: ContextVar[_Workers | None] = ContextVar("workers", default=None)


@contextmanager
def worked_on_by(settings: RunnerSettings) -> Iterator[None]:
    """Let an engine work on the shards of the stages in this block, and end its workers after it.

    No stage has the engine as a parameter: it changes no result, and so no key of the cache.

    Raises
    ------
    SettingError
        If the engine is not installed.
    """
    _require_installed(settings.kind)
    with ExitStack() as ends:
        token = _workers.set(None if settings.kind == "local" else _Workers(settings, ends))
        try:
            yield
        finally:
            _workers.reset(token)


def mapper_for(n_shards: int) -> Mapper:
    """Return what works on so many shards; for a single one no worker is started."""
    workers = _workers.get()
    return InProcess() if workers is None or n_shards < 2 else workers.mapper()


def _require_installed(kind: Kind) -> None:
    if kind != "local" and util.find_spec(_MODULES[kind]) is None:
        raise SettingError(
            f"runner.kind must be installed, got {kind!r}: `pip install nightfold[{kind}]`, or set"
            " 'local'"
        )


def _started(settings: RunnerSettings) -> AbstractContextManager[Mapper]:
    from joblib import cpu_count  # type: ignore[import-untyped]

    # The cores that affinity and cgroup allow.
    n_workers = settings.workers or int(cpu_count())
    if settings.kind == "dask":
        from tasks.frame.dask_mapper import dask_workers

        return dask_workers(settings.address, n_workers)
    from tasks.frame.ray_mapper import ray_workers

    return ray_workers(settings.address, n_workers)
