"""Topics, the themes under them, and short remarks: on a full fit, a warm night and a quiet one."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.store.manifests import Manifest
from tests.flows.test_quiet_nights import insert, run, table
from tests.flows.test_warm_nights import NIGHTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]

REMARKS = ("good", "ok", "love it", "👍", "bad")
GIVEN: dict[str, Any] = {
    "clustering": {"n_clusters": "auto"},
    "sql": {"table": "reviews", "since": "number"},
    # Nothing but what a night brings decides how it goes on.
    "refit": {"max_size_shift": 9, "max_far_share": 1, "max_novel_share": 1},
    "evaluate": {"silhouette_tolerance": 2},
}


@pytest.fixture(scope="module", autouse=True)
def short_training() -> None:
    """Train as long as a night does: here the clusters must be good."""


def rows(night: int, first: int) -> pd.DataFrame:
    """Return a night's texts, and all remarks once more."""
    said = [{"id": f"r{night}-{it}", "text": text} for it, text in enumerate(REMARKS)]
    found = pd.DataFrame([*NIGHTS[night], *said])
    return found.assign(number=range(first, first + len(found)))


def columns(found: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    """Key → the values of some columns."""
    key = next(iter(found[0]))
    return {row[key]: tuple(row[it] for it in names) for row in found}


def test_topics_and_remarks_last(tmp_path: Path) -> None:
    root, database = tmp_path / "store", tmp_path / "reviews.db"
    insert(database, rows(1, 0))
    first: Manifest = run(tmp_path, 1, **GIVEN)
    insert(database, rows(2, 1000))
    second = run(tmp_path, 2, **GIVEN)
    third = run(tmp_path, 3, **GIVEN)
    assert [it.fit["kind"] for it in (first, second, third) if it.fit] == ["full", "warm", "warm"]
    assert third.counts["read"] == 0
    assert first.numbers is not None
    assert first.numbers == second.numbers == third.numbers
    print(first.numbers, second.numbers)
    for night in (1, 2, 3):
        print(table(root, "cluster_tree", night))
        print(table(root, "clusters", night))
