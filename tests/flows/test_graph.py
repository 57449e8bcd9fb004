"""What the UI draws of a night: the graph of its stages, through a real Prefect API."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_TASKS_REFRESH_CACHE, temporary_settings

from tasks.frame.stage import recorded_stages, stage
from tasks.store.storage import Store

pytestmark = pytest.mark.usefixtures("prefect_api")


@stage("find numbers", version=1, cached=False)
def find(store: Store) -> int:
    return len(store.feed)


@stage("double it", version=1)
def double(_store: Store, number: int) -> int:
    return 2 * number


@flow
def toy(store: Store) -> UUID:
    """Run a stage that is never cached and one that is from the second time on."""
    assert double(store, find(store)) == 2 * len(store.feed)
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    return context.flow_run.id


def drawn(run: UUID) -> list[str]:
    """Give the labels in a run's graph, in order; the records come a little after the run."""
    deadline = time.monotonic() + 300
    nodes: list[Any] = []
    with get_client(sync_client=True) as client:
        while [node["state_type"] for _, node in nodes] != ["COMPLETED", "COMPLETED"]:
            assert time.monotonic() < deadline, nodes
            time.sleep(0.2)
            nodes = client.request("GET", f"/flow_runs/{run}/graph-v2").json()["nodes"]
    return [node["label"] for _, node in nodes]


def test_the_graph_marks_cached_stages(tmp_path: Path) -> None:
    store = Store(root=tmp_path, feed="toy", night="2026-03-01")
    assert drawn(toy(store)) == ["find numbers", "double it"]
    assert drawn(toy(store)) == ["find numbers", "double it (cached)"]


def test_stages_are_recorded_in_order_with_those_that_need_not_run(tmp_path: Path) -> None:
    store = Store(root=tmp_path, feed="recorded", night="2026-03-01")
    for is_cached in (False, True):
        with recorded_stages() as records:
            toy(store)
        found = [(it.stage, it.is_cached) for it in records]
        assert found == [("find numbers", False), ("double it", is_cached)]


def test_a_stage_that_runs_in_spite_of_its_record_is_not_marked(tmp_path: Path) -> None:
    store = Store(root=tmp_path, feed="again", night="2026-03-01")
    toy(store)
    with temporary_settings({PREFECT_TASKS_REFRESH_CACHE: True}):
        assert drawn(toy(store)) == ["find numbers", "double it"]
