import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.store.aside.copies import keep_copy
from tasks.store.bucket import claim
from tasks.store.files import copy_atomically
from tasks.store.storage import Store
from tests.tasks.store.bucket.memory import Machines, Memory, publish_tiny

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def objects() -> Memory:
    return Memory()


@pytest.fixture
def machines(objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """Machines that work on one bucket in memory."""
    monkeypatch.setattr(claim, "_objects", lambda place: objects)
    return Machines(objects, tmp_path, monkeypatch)


@pytest.fixture
def two_nights(machines: Machines) -> Machines:
    for day in (1, 2):
        with machines.run("a", day) as (night, held):
            publish_tiny(night.root, day)
            held.send()
    return machines


@pytest.fixture
def publish_on(
    store: Store, publish_night: PublishNight, machines: Machines
) -> Callable[..., None]:
    """Publish a night in the working copy of a machine, as a run does before it sends it."""

    def publish(root: Path, day: int, *new: str) -> None:
        shutil.rmtree(store.root, ignore_errors=True)
        publish_night(day, list(new) or [f"n{day}", f"m{day}"])
        state = store.root / "state"
        for path in sorted(store.root.rglob("*"), key=lambda it: it.name == "manifest.json"):
            if path.is_file() and not path.is_relative_to(state):
                copy_atomically(path, root / path.relative_to(store.root))
        night = store.model_copy(update={"root": root}).on(date(2026, 3, day))
        keep_copy(night, night.manifest_path())

    return publish
