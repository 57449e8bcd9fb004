import errno
import logging
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed
from pydantic import BaseModel

from tasks.frame.stage import StageRecord, cache_key, is_transient, recorded_stages, stage
from tasks.store.storage import ModelRef, Ref, Store
from tasks.vectors.encoder import EncoderRef

REF = Ref(path="state/stages/a/b.parquet", sha256="ab" * 32, rows=5)


class Settings(BaseModel):
    size: int = 3
    shares: tuple[float, ...] = (0.5, 0.25)
    day: date = date(2026, 3, 1)


def parameters(tonight: Store, **changed: Any) -> dict[str, Any]:
    encoder = EncoderRef(name="MiniLM", digest="d1", folder="/models/minilm")
    model = ModelRef(files={"weights": REF})
    return {
        "store": tonight,
        "rows": REF,
        "window": [REF],
        "model": model,
        "encoder": encoder,
        "settings": Settings(),
        "random_state": 0,
        "median": None,
        **changed,
    }


def test_the_key_is_readable_and_the_same_every_time(store: Store) -> None:
    key = cache_key("check raw", 2, parameters(store))
    assert key == cache_key("check raw", 2, dict(reversed(parameters(store).items())))
    assert key.startswith("check-raw-v2-")
    assert len(key) == len("check-raw-v2-") + 40


def test_the_key_ignores_where_things_lie(store: Store) -> None:
    moved = Store(root=Path("/elsewhere"), feed=store.feed, night=store.night)
    renamed = REF.model_copy(update={"path": "elsewhere.parquet"})
    encoder = EncoderRef(name="MiniLM", digest="d1", folder="/other/folder")
    same = parameters(
        moved,
        rows=renamed,
        window=(renamed,),
        model=ModelRef(files={"weights": renamed}),
        encoder=encoder,
    )
    assert cache_key("embed", 1, same) == cache_key("embed", 1, parameters(store))


def other_ref(**changed: Any) -> Ref:
    return REF.model_copy(update={"sha256": "cd" * 32, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": other_ref()},
        {"window": [other_ref()]},
        {"window": [REF, REF]},
        {"window": []},
        {"model": ModelRef(files={"weights": other_ref()})},
        {"model": ModelRef(files={"bias": REF})},
        {"encoder": EncoderRef(name="MiniLM", digest="d2", folder="/models/minilm")},
        {"settings": Settings(size=4)},
        {"settings": Settings(shares=(0.25, 0.5))},
        {"settings": Settings(day=date(2026, 3, 2))},
        {"random_state": 1},
        {"median": 0.0},
        {"store": Store(root=Path("s"), feed="other", night=date(2026, 3, 2))},
        {"store": Store(root=Path("s"), feed="reviews", night=date(2026, 3, 3))},
    ],
    ids=str,
)
def test_the_key_changes_with_whatever_decides_the_result(
    changed: dict[str, Any], store: Store
) -> None:
    assert cache_key("embed", 1, parameters(store, **changed)) != cache_key(
        "embed", 1, parameters(store)
    )


def test_the_key_changes_with_stage_and_version(store: Store) -> None:
    keys = {cache_key(name, version, parameters(store)) for name in "ab" for version in (1, 2)}
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("error", "may_help"),
    [
        (ConnectionError("reset"), True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), True),
        (TimeoutError("slow"), True),
        (OSError(errno.EIO, "input/output error"), True),
        (OSError(errno.EBUSY, "busy"), True),
        (OSError(errno.ESTALE, "stale file handle"), True),
        (OSError(errno.ENOSPC, "no space left"), False),
        (FileNotFoundError(errno.ENOENT, "no such file"), False),
        (PermissionError(errno.EACCES, "denied"), False),
        (OSError("without a number"), False),
        (ValueError("a bad document"), False),
        (RuntimeError("a defect"), False),
        (MemoryError(), False),
    ],
    ids=repr,
)
def test_only_hiccups_of_network_and_disk_are_retried(error: Exception, may_help: bool) -> None:
    task: Any = None
    run: Any = None
    assert is_transient(task, run, Failed(data=error)) is may_help


def test_a_state_that_did_not_fail_is_not_retried() -> None:
    nothing: Any = None
    assert not is_transient(nothing, nothing, Completed(data=1))


def double(store: Store, number: int) -> int:
    """Double a number.

    At length.
    """
    return 2 * number * (store.night.year > 0)


def test_a_stage_is_a_task_that_can_be_called_plainly(store: Store) -> None:
    task = stage("double it", version=7, retries=2)(double)
    assert task.fn(store, 4) == 8
    assert (task.name, task.version, task.description) == ("double it", "7", "Double a number.")
    assert (task.retries, task.retry_delay_seconds, task.retry_jitter_factor) == (2, [2, 6], 0.5)
    assert task.retry_condition_fn is is_transient
    assert (task.persist_result, task.result_serializer) == (True, "json")
    called = {"store": store, "number": 4}
    assert task.cache_policy is not None
    nothing: Any = None
    key = task.cache_policy.compute_key(nothing, called, {})
    assert key == cache_key("double it", 7, called)


def test_an_uncached_stage_keeps_nothing() -> None:
    task = stage("double it", version=1, cached=False)(double)
    assert task.cache_policy is NO_CACHE
    assert task.persist_result is False
    assert task.retries == 0


def test_stages_that_run_are_recorded_and_failed_ones_are_not(store: Store) -> None:
    def fail(_store: Store) -> None:
        raise RuntimeError("no")

    run: Callable[[Store, int], int] = stage("run", version=1)(double).fn
    with recorded_stages() as records:
        run(store, 1)
        with pytest.raises(RuntimeError, match="no"):
            stage("fail", version=1)(fail).fn(store)
        run(store, 2)
    run(store, 3)
    assert [record.stage for record in records] == ["run", "run"]
    with recorded_stages() as others:
        pass
    assert others == []


def test_a_record_holds_seconds_and_the_peak_of_memory(store: Store) -> None:
    def allocate(_store: Store) -> int:
        return int(np.ones(25_000_000).sum())

    with recorded_stages() as records:
        stage("small", version=1)(double).fn(store, 1)
        stage("large", version=1)(allocate).fn(store)
    small, large = records
    assert isinstance(large, StageRecord)
    assert large.peak_memory_mb > small.peak_memory_mb + 100
    assert 0 <= small.seconds < 60


def test_begin_and_end_are_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tasks.frame.stage"):
        stage("double it", version=1)(double).fn(store, 1)
    started, done = (record.getMessage() for record in caplog.records)
    assert started == "double it: started"
    assert re.fullmatch(r"double it: done in \d+\.\d s, peak memory \d+ MB", done)
