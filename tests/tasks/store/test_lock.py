import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tasks.store.bucket.claim import require_free, run_lock
from tasks.store.lock import LockPlaceError, StoreBusyError
from tasks.store.storage import Store

HOLD = """
import sys, time
from pathlib import Path
from tasks.store.bucket.claim import run_lock
from tasks.store.storage import Store
with run_lock(Store(root=Path(sys.argv[1]), feed="tickets", night="2026-03-01")):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


@pytest.fixture
def holder(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the store's lock."""
    command = [sys.executable, "-c", HOLD, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_and_told_who_holds_the_lock(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    for take in (run_lock(store).__enter__, lambda: require_free(store)):
        with pytest.raises(StoreBusyError) as raised:
            take()
        said = str(raised.value)
        assert f"process {holder.pid} on " in said
        assert "night 2026-03-01 of feed tickets, since 20" in said
        assert said.endswith("try again when it is done")


def test_a_killed_run_leaves_no_lock(store: Store, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(timeout=60)
    require_free(store)
    with run_lock(store):
        pass


def test_a_lock_is_held_against_the_same_process_too(store: Store) -> None:
    other = Store(root=store.root, feed="tickets", night=date(2026, 3, 9))
    with run_lock(store):
        with pytest.raises(StoreBusyError, match=rf"process {os.getpid()} .* of feed reviews"):
            run_lock(other).__enter__()
        with pytest.raises(StoreBusyError, match="night 2026-03-02"):
            require_free(other)


def test_a_lock_is_given_back_after_an_error(store: Store) -> None:
    def fail() -> None:
        with run_lock(store):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    for _ in range(2):
        require_free(store)
        with run_lock(store):
            pass


def test_the_holder_is_the_last_one_who_took_the_lock(store: Store) -> None:
    with run_lock(store.model_copy(update={"feed": "a-longer-name-than-the-next"})):
        pass
    with run_lock(store), pytest.raises(StoreBusyError, match="of feed reviews, since"):
        require_free(store)


def test_stores_are_locked_apart(store: Store, tmp_path: Path) -> None:
    other = Store(root=tmp_path / "other", feed=store.feed, night=store.night)
    with run_lock(store), run_lock(other):
        pass


def test_asking_leaves_no_trace_in_a_store_that_is_not_there(store: Store) -> None:
    require_free(store)
    assert not store.root.exists()


def test_a_holder_that_has_not_yet_signed_is_reported_as_such(store: Store) -> None:
    with run_lock(store):
        (store.state / "run.lock").write_bytes(b"")
        with pytest.raises(StoreBusyError, match="it has only just started"):
            require_free(store)


@pytest.mark.parametrize("kind", ["folder", "link to itself", "file in place of state/"])
def test_what_stands_in_the_lock_s_place_is_named(store: Store, kind: str) -> None:
    lock = store.root / "state" / "run.lock"
    wrong = lock.parent if kind.startswith("file") else lock
    wrong.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        wrong.mkdir()
    elif kind == "link to itself":
        wrong.symlink_to(wrong)
    else:
        wrong.write_text("no folder", encoding="utf-8")
    before = os.lstat(wrong)
    takes = [run_lock(store).__enter__]
    if wrong == lock:
        takes.append(lambda: require_free(store))
    for take in takes:
        with pytest.raises(LockPlaceError, match=rf"^{wrong} must be a f.*run the same command"):
            take()
    assert os.lstat(wrong) == before, "what cannot be identified stays where it is"
