import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.operating.doctor.state import examine_state
from tasks.store.fetched.landed import land, landed_path, nothing_landed
from tasks.store.storage import Store


def test_what_lands_has_its_digest_for_a_name(store: Store) -> None:
    path = land(store, lambda file: file.write_bytes(b"abc"))
    assert path.read_bytes() == b"abc"
    assert path == landed_path(store, hashlib.sha256(b"abc").hexdigest())
    assert list(examine_state(store.root)) == []


def test_what_breaks_off_does_not_land(store: Store) -> None:
    def fill(file: Path) -> None:
        file.write_bytes(b"ab")
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError):
        land(store, fill)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_what_a_killed_run_left_is_gone_in_the_next(store: Store) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from tasks.store.fetched.landed import land
from tasks.store.storage import Store
store = Store(root=Path(sys.argv[1]), feed="reviews", night="2026-03-02")
land(store, lambda file: file.write_bytes(b"whole"))
land(store, lambda file: (file.write_bytes(b"half"), os.kill(os.getpid(), signal.SIGKILL)))
"""
    run = subprocess.run([sys.executable, "-c", program, str(store.root)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(os.listdir(store.state / "landed")) == 2
    with nothing_landed(store):
        assert not (store.state / "landed").exists()
