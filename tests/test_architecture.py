"""The tree in docs/architecture.md is that of the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WRITER = ROOT / "docs" / "write_architecture.py"


def test_the_tree_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(WRITER), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
