"""Nights of a feed that is a database: one that is killed, one without news, each row read once."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from flows.config import NightlyConfig
from flows.nightly import nightly
from tasks.operating.doctor.examine import examine
from tasks.store.manifests import Manifest
from tests.flows.processes import Forked
from tests.flows.test_crash import KILLED, run_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]


def table(root: Path, name: str, night: int) -> list[dict[str, Any]]:
    where = root / name / "feed=default" / f"night=2026-03-{night:02}"
    return pq.read_table(where, partitioning=None).to_pylist()


def insert(database: Path, rows: pd.DataFrame) -> None:
    with closing(sqlite3.connect(database)) as there:
        rows.to_sql("reviews", there, if_exists="append", index=False)


def given(folder: Path, night: int, **config: Any) -> dict[str, Any]:
    return {
        "feed": f"sqlite:///{folder}/reviews.db",
        "store": str(folder / "store"),
        "night": f"2026-03-0{night}",
        "clustering": {"n_clusters": 3},
        "sql": {"table": "reviews", "since": "number"},
    } | config


def run(folder: Path, night: int, **config: Any) -> Manifest:
    settings = NightlyConfig.model_validate(given(folder, night, **config))
    nightly(settings)
    return settings.tonight().read_manifest()


def test_a_killed_night_and_one_without_news_lose_and_repeat_nothing(
    forked: Forked, write_night: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    feeds = [write_night(tmp_path / f"{night}.jsonl", night) for night in (1, 2)]
    rows = pd.concat([pd.read_json(feed, lines=True) for feed in feeds], ignore_index=True)
    rows["number"] = range(len(rows))
    database, root = tmp_path / "reviews.db", tmp_path / "store"
    insert(database, rows[:27])
    assert run(tmp_path, 1).counts["accepted"] == 27

    insert(database, rows[27:40])
    assert forked.run(run_until, given(tmp_path, 2), "check prepared: done") == KILLED
    insert(database, rows[40:])
    second = run(tmp_path, 2)
    assert (second.counts["read"], second.counts["accepted"]) == (27, 27)
    assert second.source is not None
    assert second.source.state["value"] == 53
    read = [row["doc_id"] for night in (1, 2) for row in table(root, "documents", night)]
    assert sorted(read) == sorted(rows["id"])

    # Not even a full fit that is due touches clusters to which nothing has come.
    quiet = run(tmp_path, 3, refit={"every_nights": 1})
    assert quiet.source == second.source
    assert set(quiet.counts.values()) == {0}
    was, now = table(root, "assignments", 2), table(root, "assignments", 3)
    assert now == [row | {"is_new": False} for row in was]
    kept = ("cluster_id", "name", "keywords", "size", "cohesion", "stability", "exemplar_doc_ids")
    before, after = (
        [[row[it] for it in kept] for row in table(root, "clusters", night)] for night in (2, 3)
    )
    assert after == before
    assert {row["status"] for row in table(root, "clusters", 3)} == {"survived"}
    assert quiet.fit is not None
    assert quiet.fit["reason"] == "nothing new since 2026-03-02"
    assert quiet.cluster_ids == second.cluster_ids
    summary = root / "reports" / "feed=default" / "night=2026-03-03" / "summary.md"
    assert "Nothing new: no row was read." in summary.read_text()
    # A window of one day has no documents of its own on such a night: it keeps the last ones.
    alone = run(tmp_path, 4, window_days=1)
    assert (alone.source, alone.cluster_ids) == (second.source, second.cluster_ids)
    kept = {row["doc_id"] for row in table(root, "assignments", 4)}
    assert kept == {row["doc_id"] for row in table(root, "documents", 2)}
    # A kill may leave files of stages that no record names; prune takes them.
    assert {finding.rule for finding in examine(root)} <= {"orphan"}
