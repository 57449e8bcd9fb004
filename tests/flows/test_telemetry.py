"""No command leaves a trace of Prefect in the home folder, or says that it collects anything."""

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def on_a_terminal(words: list[str], home: Path) -> str:
    """Run a command as a person does: on a terminal, in a home folder, and not in CI."""
    kept = ("PATH", "LANG", "OMP_NUM_THREADS", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    ours, its = pty.openpty()
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment | {"HOME": str(home), "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
        timeout=300,
        check=False,
    )
    os.close(its)
    said = b""
    try:
        while block := os.read(ours, 65_536):
            said += block
    except OSError:
        # So ends a terminal that nobody writes to any more.
        assert done.returncode is not None
    os.close(ours)
    return said.decode()


def beside_the_code() -> set[Path]:
    return set((ROOT / "flows").iterdir()) - {ROOT / "flows" / "__pycache__"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("clusters --store {0}/nosuch", "holds no published night"),
        ("doctor --store {0}/nosuch", "is not a nightfold store"),
        ("assign {0}/nosuch.jsonl --store {0}/nosuch", "holds no published night"),
        ("prune --store {0}/nosuch --keep 3", "is not a nightfold store"),
        ("ui --store {0}/nosuch", "has no runs to show"),
        ("run {0}/nosuch.jsonl --store {0}/store", "is not there"),
        ("serve {0}/feed --store {0}/store --port {1} --cron often", "--cron must be"),
    ],
)
def test_no_path_leads_to_telemetry(
    command: Callable[..., list[str]], free_port: int, tmp_path: Path, words: str, sentence: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    before = beside_the_code()
    said = on_a_terminal(command(*words.format(tmp_path, free_port).split()), home)
    assert sentence in " ".join(said.split())
    assert "anonymous" not in said
    assert "Traceback" not in said
    assert list(home.iterdir()) == []
    # The home that Prefect is given for lack of a store.
    assert beside_the_code() == before
