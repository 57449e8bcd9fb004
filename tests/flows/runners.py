"""Nights whose shards two workers work on, of Dask and of Ray: the same bytes, whoever is killed.

make test-runners

Real workers in processes of their own, killed as `kill -9` does: in each stage that has shards, with
the shard begun and with its result made; and the night's own process while they work.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import util
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
from prefect.settings import PREFECT_API_URL

from flows.config import NightlyConfig
from flows.nightly import nightly
from tasks.frame.runner import mapper_for, worked_on_by
from tasks.frame.runner_settings import RunnerSettings
from tasks.vectors import chunks, embed, views
from tests.flows.kills import published
from tests.flows.processes import in_child
from tests.models.encoding.tiny_model import WORDS, write_tiny_model

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect_api"),
]

SHARDED = ("embed", "views", "passages")
"""Stages that have shards."""


@pytest.fixture(params=["dask", "ray"])
def engine(request: pytest.FixtureRequest) -> str:
    # Not imported here: Ray reads its token from the environment when it is.
    if util.find_spec(str(request.param)) is None:
        pytest.skip(f"needs the extra `{request.param}`")
    return str(request.param)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A night of ninety texts of several sentences each, and an encoder of a few kilobytes."""
    folder = tmp_path_factory.mktemp("runners")
    write_tiny_model(folder / "model")
    feed = folder / "feed.jsonl"
    feed.write_text("".join(map(row, range(90))), encoding="utf-8")
    return {
        "feed": str(feed),
        "night": "2026-03-01",
        "encoder": str(folder / "model"),
        "embed": {"backend": "torch", "dtype": "float32", "lexical_dim": 20},
        "clustering": {"estimator": "k-means", "n_clusters": 3},
        "report": {"enabled": False},
    }


def row(number: int) -> str:
    words = [WORDS[(number + step * (1 + number % 3)) % len(WORDS)] for step in range(12)]
    said = f"{' '.join(words[:6])} number {number}. And then the {' '.join(words[6:])} again."
    return f'{{"id": "{number}", "text": "{said}"}}\n'


@pytest.fixture(scope="module")
def undisturbed(given: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process publishes."""
    store = tmp_path_factory.mktemp("one") / "store"
    run_night(given, store, "local")
    return published(store)


def run_night(given: dict[str, Any], store: Path, kind: str) -> None:
    runner = {"kind": kind} | ({} if kind == "local" else {"workers": 2})
    with pytest.MonkeyPatch.context() as patch:
        # Small shards, so that each stage has several.
        patch.setattr(chunks, "_CHUNK_TEXTS", 16)
        patch.setattr(views, "_SHARD_TEXTS", 20)
        nightly(NightlyConfig.model_validate({**given, "store": str(store), "runner": runner}))


def test_two_workers_publish_the_same_bytes(
    engine: str, given: dict[str, Any], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    run_night(given, tmp_path / "store", engine)
    assert published(tmp_path / "store") == undisturbed


class Arm(logging.Handler):
    """Let a worker be killed in each stage that has shards, once the stage has begun."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def emit(self, record: logging.LogRecord) -> None:
        stage, _, said = record.getMessage().partition(": ")
        if stage in SHARDED and said == "started":
            (self.folder / stage).touch()


def killed_once(armed: Path, is_done: bool, function: Callable[..., Any], *args: Any) -> Any:
    """Do what a worker does, or be killed before it or after it: one worker, once a stage."""
    result = function(*args) if is_done else None
    for stage in SHARDED:
        with suppress(FileNotFoundError):
            (armed / stage).rename(armed / f"{stage} killed")
            os.kill(os.getpid(), signal.SIGKILL)
    return result if is_done else function(*args)


@pytest.mark.parametrize("is_done", [False, True], ids=["begun", "done"])
def test_workers_that_are_killed_in_every_stage_change_nothing(
    engine: str, is_done: bool, given: dict[str, Any], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    armed, store = tmp_path / "armed", tmp_path / "store"
    armed.mkdir()
    log, handler = logging.getLogger("tasks.frame.stage"), Arm(armed)
    log.addHandler(handler)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for module, name in ((embed, "encode_there"), (views, "project_there")):
                work = partial(killed_once, armed, is_done, getattr(module, name))
                patch.setattr(module, name, work)
            run_night(given, store, engine)
    finally:
        log.removeHandler(handler)
    assert published(store) == undisturbed
    assert {it.name for it in armed.iterdir()} == {f"{stage} killed" for stage in SHARDED}


def double(shard: int) -> int:
    return 2 * shard


def work_twice(kind: str) -> None:
    """Two nights of one process, as `backfill` has them."""
    with TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        for _ in range(2):
            with worked_on_by(RunnerSettings(kind=kind, workers=2)):  # type: ignore[arg-type]
                assert list(mapper_for(5).map(double, range(5))) == [0, 2, 4, 6, 8]
        assert not list(Path(folder).glob("ray*"))


def work_at(kind: str, address: str) -> None:
    with worked_on_by(RunnerSettings(kind=kind, address=address)):  # type: ignore[arg-type]
        assert list(mapper_for(5).map(double, range(5))) == [0, 2, 4, 6, 8]


def in_another_process(function: Callable[..., object], *args: object) -> int | None:
    process = multiprocessing.get_context("spawn").Process(target=function, args=args)
    process.start()
    process.join()
    return process.exitcode


def test_a_process_has_workers_again_and_again(engine: str) -> None:
    assert in_another_process(work_twice, engine) == 0


def test_a_cluster_that_is_there_works_by_its_address() -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra `dask`")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        assert in_another_process(work_at, "dask", cluster.scheduler_address) == 0


def work_for_ever(kind: str, pids: Path) -> None:
    with worked_on_by(RunnerSettings(kind=kind, workers=2)):  # type: ignore[arg-type]
        found = mapper_for(2).map(note, [pids, pids])
        next(found)


def note(pids: Path) -> None:
    (pids / str(os.getpid())).touch()
    time.sleep(600)


def test_workers_end_when_the_night_is_killed(engine: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    night = context.Process(target=work_for_ever, args=(engine, tmp_path))
    night.start()
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    family = psutil.Process(night.pid).children(recursive=True)
    night.kill()
    night.join()
    wait_until(lambda: not any(map(is_alive, family)))


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def night_of(given: dict[str, Any], store: str, kind: str) -> None:
    run_night(given, Path(store), kind)


def test_a_night_that_is_killed_while_workers_work_goes_on_with_the_same_bytes(
    engine: str, given: dict[str, Any], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    context = multiprocessing.get_context("spawn")
    args = (str(PREFECT_API_URL.value()), night_of, (given, str(store), engine))
    night = context.Process(target=in_child, args=args)
    night.start()
    wait_until(lambda: bool(list(store.glob("embeddings/*/part-*.parquet"))))
    night.kill()
    night.join()
    assert not list(store.glob("runs/**/manifest.json"))
    run_night(given, store, engine)
    assert published(store) == undisturbed
