"""What goes wrong around a run: each fault ends in a sentence, and the next run ends well.

docs/faults.md has a row for each of these tests.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.config import NightlyConfig
from flows.explain import explain
from tasks.operating.doctor.examine import examine
from tasks.store.manifests import read_object
from tasks.store.storage import Store
from tasks.store.turn import NightOutOfTurnError
from validation.tables.schemas import PUBLISHED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

Invoke = Callable[..., Any]
FUTURE = 4_070_908_800  # 2099


def published(store: Path) -> dict[str, bytes]:
    """Every file that readers see."""
    tables = (*PUBLISHED, "models", "runs", "reports")
    files = (path for table in tables for path in sorted((store / table).rglob("*")))
    return {str(path.relative_to(store)): path.read_bytes() for path in files if path.is_file()}


def manifest_of(operated: Any, night: int) -> dict[str, Any]:
    store = Store(root=operated.store, feed="default", night=date(2026, 3, night))
    return read_object(store.manifest_path(), "")


def cluster_ids(operated: Any, night: int) -> set[str]:
    path = operated.store / manifest_of(operated, night)["tables"]["clusters"]["path"]
    return set(pq.read_table(path, partitioning=None)["cluster_id"].to_pylist())


def is_sound(operated: Any) -> bool:
    return examine(operated.store) == []


@pytest.fixture
def mount() -> Iterator[Callable[..., None]]:
    """Mount something, and take it away after the test."""
    points: list[Path] = []

    def mounted(point: Path, *words: str) -> None:
        point.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", *words, str(point)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"this machine lets nothing be mounted: {done.stderr.strip()}")
        if point not in points:
            points.append(point)

    yield mounted
    for point in reversed(points):
        subprocess.run(["umount", str(point)], check=True)


@pytest.fixture
def on_small_disk(two_nights: Any, tmp_path: Path, mount: Callable[..., None]) -> Any:
    """The two nights on a disk of their own of 24 MB."""
    disk = tmp_path / "disk"
    mount(disk, "-t", "tmpfs", "-o", "size=24m", "tmpfs")
    shutil.copytree(two_nights.store, disk / "store")
    return type(two_nights)(disk / "store", tmp_path / "feed")


def fill(disk: Path, left: int) -> Path:
    """Fill a disk but for some bytes."""
    free = shutil.disk_usage(disk).free
    path = disk / "fill"
    path.write_bytes(bytes(free - left))
    return path


def test_a_disk_that_fills_up_in_a_run(on_small_disk: Any, invoke: Invoke, tmp_path: Path) -> None:
    before = published(on_small_disk.store)
    filling = fill(tmp_path / "disk", left=600_000)
    with pytest.raises(Exception, match="No space left") as failed:
        on_small_disk.run(3)
    said = explain(failed.value)
    assert said.startswith("the store cannot be written to: the disk is full: ")
    assert "free room on it and run the same command again" in said
    assert published(on_small_disk.store).items() >= before.items()
    assert manifest_of(on_small_disk, 2)
    assert not (on_small_disk.store / "runs/feed=default/night=2026-03-03").exists()

    words = (on_small_disk.feed, "--store", on_small_disk.store, "--night", "2026-03-03")
    done = invoke("run", *words)
    assert done.exit_code == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert explain(RuntimeError("the database says it in its own words")).startswith("RuntimeError")

    filling.unlink()
    assert on_small_disk.run(3).published.changed
    assert is_sound(on_small_disk)


def test_a_store_that_turns_read_only(
    on_small_disk: Any, invoke: Invoke, mount: Callable[..., None]
) -> None:
    store = on_small_disk.store
    before = published(store)
    mount(store.parent, "-o", "remount,ro")
    done = invoke("run", on_small_disk.feed, "--store", store, "--night", "2026-03-03")
    assert done.exit_code == 1
    assert "the disk is read-only" in done.stderr
    assert "mount it for writing and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert invoke("clusters", "--store", store).exit_code == 0
    mount(store.parent, "-o", "remount,rw")

    # In the middle of publishing: the models are the last files before the manifest.
    models = store / "models"
    mount(models, "--bind", str(models))
    mount(models, "-o", "remount,bind,ro")
    with pytest.raises(OSError, match="Read-only") as failed:
        on_small_disk.run(3)
    assert "the disk is read-only" in explain(failed.value)
    assert published(store).items() >= before.items()
    mount(models, "-o", "remount,bind,rw")
    assert on_small_disk.run(3).published.changed
    assert is_sound(on_small_disk)


def test_a_damaged_prefect_database_is_put_aside(operated: Any, invoke: Invoke) -> None:
    """Before anything else: here the feed is not there."""
    path = operated.store / "state" / "prefect" / "prefect.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"garbage" * 9_000)
    os.environ.pop("PREFECT_API_URL")
    done = invoke("run", operated.feed / "none", "--store", operated.store, "--night", "2026-03-03")
    assert done.exit_code == 2
    assert "prefect.db was damaged (file is not a database) and is now prefect.db.damaged-1" in (
        " ".join(done.stderr.split())
    )
    assert "Traceback" not in done.stderr
    assert path.with_name("prefect.db.damaged-1").read_bytes() == b"garbage" * 9_000
    assert path.read_bytes().startswith(b"SQLite format 3")
    assert is_sound(operated)


def test_a_prefect_database_of_the_future(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "store" / "state" / "prefect" / "prefect.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table alembic_version (version_num text)")
        database.execute("insert into alembic_version values ('ffffffffffff')")
        database.commit()
    (tmp_path / "feed.jsonl").write_text('{"id": "a", "text": "b"}\n')
    os.environ.pop("PREFECT_API_URL")
    done = invoke("run", tmp_path / "feed.jsonl", "--store", tmp_path / "store")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"nightfold: {path} was written by another Prefect than")
    assert done.stderr.count("\n") == 1


def test_a_limit_on_the_size_of_files(
    command: Callable[..., list[str]], write_night: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    """The Prefect server runs into it first, and says so in words of its own."""
    feed = write_night(tmp_path / "feed.jsonl", 1)
    words = command("run", feed, "--store", tmp_path / "store", "--night", "2026-03-01")
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1500; exec "$@"', "-", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "a file would grow beyond what this process may write (ulimit -f)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store" / "runs").exists()


def test_a_clock_that_was_set_back(operated: Any, invoke: Invoke) -> None:
    """A night that is published and has not come yet: so it looks after the clock was mended."""
    last = operated.store / "runs/feed=default/night=2026-03-02"
    shutil.copytree(last, last.with_name("night=2098-01-01"))
    before = published(operated.store)
    done = invoke("run", operated.config(3).feed, "--store", operated.store)
    assert done.exit_code == 1
    assert "by this machine's clock (UTC), and night 2098-01-01 of feed default" in done.stderr
    assert "Traceback" not in done.stderr
    from flows.nightly import nightly

    unsaid = NightlyConfig.model_validate(
        {"feed": str(operated.feed), "store": operated.store, "clustering": {"n_clusters": 3}}
    )
    with pytest.raises(NightOutOfTurnError, match="set the clock right"):
        nightly(unsaid)
    assert published(operated.store) == before
    # What the page says to do about a night that the clock made up.
    done = invoke(
        "doctor", "--store", operated.store, "--repair", "--forget-night", "default/2098-01-01"
    )
    assert done.exit_code == 0, done.stdout
    assert "moved to the trash: runs/feed=default/night=2098-01-01" in done.stdout
    assert operated.run(3).published.changed
    assert is_sound(operated)


def test_a_night_that_has_not_come(operated: Any, invoke: Invoke) -> None:
    before = published(operated.store)
    done = invoke("run", operated.feed, "--store", operated.store, "--night", "2099-01-01")
    assert done.exit_code == 2
    assert "night must not be in the future, got 2099-01-01; it is" in done.stderr
    assert published(operated.store) == before


def test_files_from_the_future(operated: Any) -> None:
    """Locks, cache records and manifests hang on content and on the kernel, not on the clock."""
    lock = operated.store / "state" / "run.lock"
    lock.write_text(json.dumps({"pid": 1, "host": "h", "doing": "d", "since": "2099-01-01T00:00"}))
    for path in operated.store.rglob("*"):
        os.utime(path, (FUTURE, FUTURE))
    report = operated.run(2)
    assert not report.published.changed
    # The feed was copied, so it is read again; all that hangs on what was read is cached.
    assert {record.stage for record in report.ran} == {"find feed", "ingest", "publish", "report"}
    assert operated.run(3).published.changed
    assert is_sound(operated)


def test_a_missed_night(operated: Any, caplog: pytest.LogCaptureFixture) -> None:
    operated.run(4)
    assert "1 night is missing after 2026-03-02: this night continues from there" in caplog.text
    assert cluster_ids(operated, 4) == cluster_ids(operated, 2)
    operated.config(3)
    # The feed has grown meanwhile: it holds the documents of all four nights.
    operated.run(3, feed=str(operated.feed))
    assert "1 later night is published, up to 2026-03-04: they stay" in caplog.text
    assert manifest_of(operated, 3)["counts"] == {
        "read": 108, "accepted": 27, "duplicate": 81, "quarantined": 0,
        "withdrawn": 0, "without_text": 0, "replaced": 0, "late": 0,
    }  # fmt: skip
    assert cluster_ids(operated, 3) == cluster_ids(operated, 2)
    assert is_sound(operated)
    operated.run(5)
    assert cluster_ids(operated, 5) == cluster_ids(operated, 2)
    assert is_sound(operated)


def test_a_feed_that_is_gone_tonight(operated: Any, invoke: Invoke) -> None:
    before = published(operated.store)
    gone = operated.feed / "reviews-2026-03-03.jsonl"
    done = invoke("run", gone, "--store", operated.store, "--night", "2026-03-03")
    assert done.exit_code == 2
    assert f"{gone} is not there" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert published(operated.store) == before
    assert operated.run(3).published.changed
    assert is_sound(operated)
