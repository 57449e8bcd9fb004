"""What is printed never decides the exit code: narrow encodings, closed pipes, full disks."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

# The work is done after the first output; its trace is a file.
WORK = """
import sys
from pathlib import Path
from flows.cli.command import guarded, say
from flows.terminal.output import forgive_output

def work():
    for _ in range(1000):
        say("好 reviews " * 20)
    Path(sys.argv[1]).touch()

forgive_output()
guarded(work, False)
sys.exit(7)
"""

SHOW = """
from flows.cli.command import guarded
from flows.terminal.output import forgive_output, require_shown

def show():
    print("clusters " * 10_000)
    require_shown()

forgive_output()
guarded(show, False)
"""


def start(code: str, *words: object, **more: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, **more)


def closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


def full_disk() -> int:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    return os.open("/dev/full", os.O_WRONLY)


@pytest.mark.parametrize("stdout", [closed_pipe, full_disk])
def test_work_is_finished_whatever_becomes_of_its_output(stdout: Any, tmp_path: Path) -> None:
    descriptor = stdout()
    working = start(WORK, tmp_path / "done", stdout=descriptor)
    os.close(descriptor)
    _, said = working.communicate(timeout=60)
    assert (working.returncode, said) == (7, b"")
    assert (tmp_path / "done").exists()


def test_characters_that_an_encoding_lacks_are_escaped(tmp_path: Path) -> None:
    narrow = os.environ | {"PYTHONIOENCODING": "ascii"}
    working = start(WORK, tmp_path / "done", stdout=subprocess.PIPE, env=narrow)
    said, complaints = working.communicate(timeout=60)
    assert (working.returncode, complaints) == (7, b"")
    assert said.startswith(b"\\u597d reviews")


def test_a_process_without_standard_output_does_its_work(tmp_path: Path) -> None:
    closing = "import os, sys; os.close(1); sys.stdout = None\n"
    working = start(closing + WORK, tmp_path / "done")
    working.communicate(timeout=60)
    assert working.returncode == 7
    assert (tmp_path / "done").exists()


def test_what_only_shows_fails_on_a_full_disk_but_not_on_a_closed_pipe() -> None:
    codes = {}
    for stdout in (closed_pipe, full_disk):
        descriptor = stdout()
        showing = start(SHOW, stdout=descriptor)
        os.close(descriptor)
        _, said = showing.communicate(timeout=60)
        codes[stdout.__name__] = showing.returncode
    assert codes == {"closed_pipe": 0, "full_disk": 1}
    assert said == b"nightfold: standard output could not be written: No space left on device\n"
