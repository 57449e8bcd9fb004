"""Topics, the themes under them, and short remarks: on a full fit, a warm night and a quiet one."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.operating.doctor.examine import examine
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
    # Small clusters move much: here it is not asked when a model is fitted anew.
    "refit": {"max_size_shift": 9, "max_far_share": 1, "max_novel_share": 1},
    "evaluate": {"silhouette_tolerance": 2},
}


def rows(night: int, first: int) -> pd.DataFrame:
    """Return a night's texts, and all remarks once more."""
    said = [{"id": f"r{night}-{it}", "text": text} for it, text in enumerate(REMARKS)]
    found = pd.DataFrame([*NIGHTS[night], *said])
    return found.assign(number=range(first, first + len(found)))


def nodes(root: Path, night: int) -> dict[str, tuple[str, str]]:
    """Return parent and level of all nodes of the tree."""
    tree = table(root, "cluster_tree", night)
    return {row["node_id"]: (row["parent_id"], row["level"]) for row in tree}


def topic_names(root: Path, night: int) -> dict[str, str]:
    tree = table(root, "cluster_tree", night)
    return {row["node_id"]: row["name"] for row in tree if row["level"] == "topic"}


def remarks_of(root: Path, night: int) -> tuple[Any, ...]:
    """Return size, growth and story of the cluster of remarks, and whose it holds."""
    (row,) = (it for it in table(root, "clusters", night) if it["kind"] == "remarks")
    assigned = table(root, "assignments", night)
    doc_ids = {it["doc_id"] for it in assigned if it["cluster_id"] == "remarks"}
    assert all(it.startswith("r") for it in doc_ids)
    assert len(doc_ids) == row["size"]
    return row["size"], row["growth"], row["status"], row["first_seen"]


def test_topics_and_remarks_last(tmp_path: Path) -> None:
    root, database = tmp_path / "store", tmp_path / "reviews.db"
    insert(database, rows(1, 0))
    first = run(tmp_path, 1, **GIVEN)
    insert(database, rows(2, 1000))
    nights = [first, run(tmp_path, 2, **GIVEN), run(tmp_path, 3, **GIVEN)]
    assert [it.fit["kind"] for it in nights if it.fit] == ["full", "warm", "warm"]
    assert nights[2].counts["read"] == 0
    assert first.numbers is not None
    assert first.numbers["themes"] >= 2 * first.numbers["topics"]
    assert all(it.numbers == first.numbers for it in nights)
    themes = [{row["kind"] for row in table(root, "clusters", 1)}, first.n_clusters]
    assert themes == [{"theme", "remarks"}, len(table(root, "clusters", 1)) - 1]
    assert len(topic_names(root, 1)) == first.numbers["topics"]
    # A theme may have lost its texts to another: the heads are trained briefly here.
    assert nodes(root, 2).items() <= nodes(root, 1).items()
    assert nodes(root, 3) == nodes(root, 2)
    assert topic_names(root, 1) == topic_names(root, 2) == topic_names(root, 3)
    assert remarks_of(root, 1) == (5, 5, "born", "2026-03-01")
    assert remarks_of(root, 2) == (10, 5, "survived", "2026-03-01")
    assert remarks_of(root, 3) == (10, 0, "survived", "2026-03-01")
    was, now = table(root, "assignments", 2), table(root, "assignments", 3)
    assert now == [row | {"is_new": False} for row in was]
    # Vectors that were lost since they were made come back, those of remarks too.
    shutil.rmtree(root / "embeddings")
    run(tmp_path, 3, **GIVEN)
    assert {finding.rule for finding in examine(root)} <= {"orphan"}
