"""Workers start when several shards are there for them, and end with the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.frame import runner
from tasks.frame.mapper import InProcess
from tasks.frame.runner import mapper_for, worked_on_by
from tasks.frame.runner_settings import RunnerSettings
from validation.errors import SettingError


class Elsewhere(InProcess):
    is_here = False


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an engine, which is installed, was asked to do."""
    said: list[str] = []

    @contextmanager
    def started(settings: RunnerSettings) -> Iterator[Elsewhere]:
        said.append(f"start {settings.kind}")
        try:
            yield Elsewhere()
        finally:
            said.append("end")

    monkeypatch.setattr(runner, "_started", started)
    monkeypatch.setattr(runner.util, "find_spec", lambda _: True)
    return said


def test_workers_start_once_and_end_with_the_run(said: list[str]) -> None:
    with worked_on_by(RunnerSettings(kind="dask")):
        assert mapper_for(1).is_here
        assert said == []
        assert not mapper_for(2).is_here
        assert not mapper_for(9).is_here
        assert said == ["start dask"]
    assert said == ["start dask", "end"]
    assert mapper_for(9).is_here


def test_workers_end_with_a_run_that_fails(said: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), worked_on_by(RunnerSettings(kind="ray")):
        list(mapper_for(2).map(lambda shard: 1 / shard, [0, 0]))
    assert said == ["start ray", "end"]
    assert mapper_for(9).is_here


def test_a_run_in_this_process_starts_none(said: list[str]) -> None:
    with worked_on_by(RunnerSettings()):
        assert mapper_for(9).is_here
    assert said == []


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package dask is a part of many others, without its workers.
    monkeypatch.setattr(runner.util, "find_spec", lambda name: name if name == "dask" else None)
    words = rf"pip install nightfold\[{kind}\]"
    with pytest.raises(SettingError, match=words), worked_on_by(RunnerSettings(kind=kind)):
        pass


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_an_engine_gets_the_address_or_the_number_of_workers(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dask", "ray"):
        started = partial(lambda *given: given, name)
        monkeypatch.setattr(f"tasks.frame.{name}_mapper.{name}_workers", started)
    monkeypatch.setattr("joblib.cpu_count", lambda: 5)
    address = "ray://h:1" if kind == "ray" else "tcp://h:1"
    assert runner._started(RunnerSettings(kind=kind)) == (kind, None, 5)
    assert runner._started(RunnerSettings(kind=kind, workers=3)) == (kind, None, 3)
    assert runner._started(RunnerSettings(kind=kind, address=address)) == (kind, address, 5)


def test_an_empty_address_is_none() -> None:
    assert RunnerSettings(kind="dask", address="").address is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"address": "tcp://h:1"}, "left out where kind is 'local'"),
        ({"workers": 2}, "left out where kind is 'local'"),
        ({"kind": "dask", "address": "tcp://h:1", "workers": 2}, "a cluster, which has some"),
        ({"kind": "dask", "address": "tcp://h:1/path"}, "tls://HOST:PORT or tcp://HOST:PORT"),
        ({"kind": "dask", "address": "h:1"}, "tls://HOST:PORT or tcp://HOST:PORT"),
        ({"kind": "ray", "address": "tcp://h:1"}, "ray://HOST:PORT"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    said: list[str], given: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        RunnerSettings(**given)


@pytest.mark.parametrize(
    "address", ["tcp://me:pw4711@h:1", "tls://h:1?token=pw4711", "ray://h:1#pw4711"]
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(said: list[str], address: str) -> None:
    with pytest.raises(ValidationError, match="without a password or a token") as refused:
        RunnerSettings(kind="dask", address=address)
    assert "pw4711" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "address"),
    [("dask", "tls://h.example:8786"), ("ray", "ray://[::1]:10001"), ("ray", "10.0.0.1:6379")],
)
def test_addresses_of_clusters(said: list[str], kind: Any, address: str) -> None:
    assert RunnerSettings(kind=kind, address=address).address == address
