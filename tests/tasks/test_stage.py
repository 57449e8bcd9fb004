import errno
import logging
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from prefect.cache_policies import NO_CACHE
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore
from prefect.serializers import JSONSerializer
from prefect.states import Completed, Failed
from pydantic import BaseModel

from tasks.embed import EncoderRef
from tasks.stage import StageRecord, cache_key, is_transient, recorded_stages, stage, trusted_key
from tasks.storage import ModelRef, Ref, Store, keep_bytes

REF = Ref(path="state/stages/a/b.parquet", sha256="ab" * 32, rows=5)


class Settings(BaseModel):
    size: int = 3
    shares: tuple[float, ...] = (0.5, 0.25)
    day: date = date(2026, 3, 1)


class FakeResultStore:
    """Records by key, as Prefect's store shows them."""

    def __init__(self, **records: Any) -> None:
        self.records = records

    def exists(self, key: str) -> bool:
        return key in self.records

    def read(self, key: str) -> Any:
        return SimpleNamespace(result=self.records[key])


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


def test_a_call_without_a_record_gets_the_first_key(store: Store) -> None:
    context: Any = SimpleNamespace(result_store=FakeResultStore())
    called = parameters(store)
    assert trusted_key("embed", 1, context, called) == f"{cache_key('embed', 1, called)}-0"


def test_a_record_whose_files_are_there_is_trusted(store: Store) -> None:
    kept = keep_bytes(store, "embed", b"vectors", ".json")
    called = parameters(store)
    key = f"{cache_key('embed', 1, called)}-0"
    context: Any = SimpleNamespace(result_store=FakeResultStore(**{key: {"items": [kept]}}))
    assert trusted_key("embed", 1, context, called) == key


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_record_that_cannot_be_trusted_is_passed_over(
    damage: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    kept = [keep_bytes(store, "embed", content, ".json") for content in (b"first", b"second")]
    called = parameters(store)
    first, second, third = (f"{cache_key('embed', 1, called)}-{count}" for count in range(3))
    records = FakeResultStore(**{first: kept, second: kept[1]})
    context: Any = SimpleNamespace(result_store=records)
    if damage == "gone":
        store.resolve(kept[0]).unlink()
    else:
        store.resolve(kept[0]).write_bytes(b"firsT")
    with caplog.at_level(logging.WARNING, "tasks.stage"):
        assert trusted_key("embed", 1, context, called) == second
    assert "embed: a cached file is missing or changed" in caplog.text
    store.resolve(kept[1]).unlink()
    assert trusted_key("embed", 1, context, called) == third


def test_a_record_that_a_killed_run_cut_short_counts_as_none(store: Store, tmp_path: Path) -> None:
    def records() -> ResultStore:
        folder = LocalFileSystem(basepath=str(tmp_path / "results"))
        return ResultStore(result_storage=folder, serializer=JSONSerializer())

    called = parameters(store)
    key = f"{cache_key('embed', 1, called)}-0"
    kept = keep_bytes(store, "embed", b"vectors", ".json")
    records().persist_result_record(records().create_result_record(kept, key=key))
    context: Any = SimpleNamespace(result_store=records())
    assert trusted_key("embed", 1, context, called) == key
    (path,) = (tmp_path / "results").rglob(key)
    path.write_bytes(path.read_bytes()[:40])
    context.result_store = records()
    assert not context.result_store.exists(key)
    assert trusted_key("embed", 1, context, called) == key


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
    context: Any = SimpleNamespace(result_store=FakeResultStore())
    called = {"store": store, "number": 4}
    assert task.cache_policy is not None
    key = task.cache_policy.compute_key(context, called, {})
    assert key == f"{cache_key('double it', 7, called)}-0"


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
    with caplog.at_level(logging.INFO, "tasks.stage"):
        stage("double it", version=1)(double).fn(store, 1)
    started, done = (record.getMessage() for record in caplog.records)
    assert started == "double it: started"
    assert re.fullmatch(r"double it: done in \d+\.\d s, peak memory \d+ MB", done)
