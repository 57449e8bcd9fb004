"""The flow that prunes on a schedule."""

import fcntl
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.retention import RetentionConfig, retention
from tasks.store.lock import StoreBusyError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_a_folder_that_is_no_store_is_refused_before_a_run(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="is not a nightfold store"):
        RetentionConfig(store=tmp_path, keep=2)


def test_fewer_than_two_nights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        RetentionConfig(store=tmp_path, keep=1)


def freed(told: list[str]) -> float:
    """The megabytes that were freed on the disk, as they are said."""
    (line,) = [line for line in told if line.startswith("on the disk")]
    found = re.search(r"([\d.,]+) MB", line)
    assert found
    return float(found[1])


def test_retention_says_what_went_and_respects_the_lock(operated_longer: Any) -> None:
    operated = operated_longer
    config = RetentionConfig(store=operated.store, keep=2, dry_run=True)
    tried = retention(config)
    assert tried[0] == "night 2026-03-01 of feed default: would be pruned"
    assert len(list(operated.store.glob("runs/*/*/manifest.json"))) == 3
    with (operated.store / "state" / "run.lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreBusyError, match="another run works on this store"):
            retention(config)
    told = retention(RetentionConfig(store=operated.store, keep=2))
    assert told[0] == "night 2026-03-01 of feed default: pruned"
    # Between the two, runs of Prefect's came to its database.
    assert freed(told) == pytest.approx(freed(tried), abs=0.3)
    assert freed(tried) > 0
    left = sorted(path.parent.name for path in operated.store.glob("runs/*/*/manifest.json"))
    assert left == ["night=2026-03-02", "night=2026-03-03"]
