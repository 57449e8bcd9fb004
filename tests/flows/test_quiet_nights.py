"""A source that remembers where it stopped: what a night without news, and a failed one, leave."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest

from flows.config import NightlyConfig
from flows.nightly import nightly
from tasks.reading.sources import kinds
from tasks.reading.sources.base import Found, landed_piece
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]


class QueueSource:
    """Rows that somebody appends to in memory; its state is how many were read."""

    ROWS: ClassVar[list[dict[str, Any]]] = []
    group: ClassVar[str] = ""

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._feed = feed

    @classmethod
    def takes(cls, feed: str) -> bool:
        return feed.startswith("queue://")

    def lasting(self) -> str:
        return self._feed

    def require_apart(self, store: Path) -> None:
        """Memory holds no store."""

    def require_there(self) -> None:
        """It always is."""

    def scope(self) -> str:
        return self._feed

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        n_read = state["n_read"] if state else 0
        rows = "".join(json.dumps(row) + "\n" for row in self.ROWS[n_read:])
        piece = landed_piece(store, "queue.jsonl", lambda path: path.write_text(rows))
        return Found([piece] if rows else [], {"n_read": len(self.ROWS)})


def table(root: Path, name: str, night: int) -> list[dict[str, Any]]:
    where = root / name / "feed=default" / f"night=2026-03-{night:02}"
    return pq.read_table(where, partitioning=None).to_pylist()


def run(root: Path, night: int, **config: Any) -> Any:
    given = {"feed": "queue://reviews", "store": root, "night": date(2026, 3, night)}
    clustering = {"clustering": {"n_clusters": 3}}
    nightly(NightlyConfig.model_validate(given | clustering | config))
    return Store(root=root, feed="default", night=date(2026, 3, night)).read_manifest()


def test_a_night_without_news_changes_no_cluster(
    monkeypatch: pytest.MonkeyPatch,
    write_night: Callable[[Path, int], Path],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(kinds, "KINDS", (QueueSource, *kinds.KINDS))
    rows = [
        json.loads(line)
        for night in (1, 2)
        for line in write_night(tmp_path / f"{night}.jsonl", night).read_text().splitlines()
    ]
    monkeypatch.setattr(QueueSource, "ROWS", rows)
    root = tmp_path / "store"
    first = run(root, 1)
    # Not even a full fit that is due, and no drift, touch clusters to which nothing has come.
    quiet = run(root, 2, refit={"every_nights": 1})
    assert quiet.source == first.source
    assert quiet.source.state == {"n_read": 54}
    assert set(quiet.counts.values()) == {0}
    was, now = table(root, "assignments", 1), table(root, "assignments", 2)
    assert now == [row | {"is_new": False} for row in was]
    kept = ("cluster_id", "name", "keywords", "size", "cohesion", "stability", "exemplar_doc_ids")
    before, after = (
        [[row[it] for it in kept] for row in table(root, "clusters", night)] for night in (1, 2)
    )
    assert after == before
    assert {row["status"] for row in table(root, "clusters", 2)} == {"survived"}
    assert quiet.fit["reason"] == "nothing new since 2026-03-01"
    assert (quiet.cluster_ids, quiet.models["clustering"].keys()) == (
        first.cluster_ids,
        first.models["clustering"].keys(),
    )
    summary = (root / "reports" / "feed=default" / "night=2026-03-02" / "summary.md").read_text()
    assert "Nothing new: no row was read." in summary

    rows += [row | {"id": f"late-{row['id']}", "text": row["text"] + " Yes."} for row in rows[:9]]
    third = run(root, 3)
    assert (third.counts["read"], third.source.state) == (9, {"n_read": 63})
    # Night 2 again reads on from night 1, and finds what has come since; night 3 stays.
    again = run(root, 2)
    assert (again.counts["read"], again.source.state) == (9, {"n_read": 63})
