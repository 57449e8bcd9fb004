"""Late and withdrawn documents through the whole flow, on a store of an older format too."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tasks.operating.doctor.examine import examine
from tasks.store.storage import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def make_older(store: Path) -> None:
    """Bring a store back to the format from before withdrawals were read."""
    for path in store.glob("runs/*/*/manifest.json"):
        manifest = json.loads(path.read_bytes())
        assert manifest["format_version"] == 3
        manifest["format_version"] = 1
        del manifest["digest"]
        (store / manifest["tables"].pop("withdrawn")["path"]).unlink()
        del (
            manifest["counts"]["withdrawn"],
            manifest["counts"]["late"],
            manifest["config"]["report"],
        )
        path.write_text(json.dumps(manifest))
    # Nor was there a page of a night.
    for path in store.glob("reports/*/*/*"):
        if path.name in ("followed.json", "index.html", "report.json"):
            path.unlink()


def table(operated: Any, night: int, name: str) -> list[dict[str, Any]]:
    store = Store(root=operated.store, feed="default", night=date(2026, 3, night))
    path = operated.store / store.read_manifest().tables[name].path
    rows: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
    return rows


def rows_of(operated: Any, night: int) -> list[dict[str, Any]]:
    lines = Path(operated.config(night).feed).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def write(operated: Any, rows: list[dict[str, Any]]) -> str:
    path = operated.feed / "changed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_withdrawn_document_is_gone_from_tonight_on(operated: Any) -> None:
    make_older(operated.store)
    assert examine(operated.store) == []
    shown = table(operated, 2, "clusters")[0]["exemplar_doc_ids"][0]
    rows = rows_of(operated, 3)
    rows[0] |= {"date": "2026-03-01T09:00:00Z"}
    gone = [{"id": shown, "deleted": True}, {"id": "n3-26", "deleted": True}]
    run = operated.run(3, feed=write(operated, [*rows, *gone]))
    assert "withdraw" in {record.stage for record in run.ran}

    manifest = json.loads(Path(run.published.manifest).read_bytes())
    assert manifest["counts"] == {
        "read": 29, "accepted": 26, "duplicate": 0, "quarantined": 0,
        "withdrawn": 3, "without_text": 0, "late": 1, "replaced": 0,
    }  # fmt: skip
    assert {(row["doc_id"], row["kind"]) for row in table(operated, 3, "withdrawn")} == {
        (shown, "known"), ("n3-26", "held_back"), ("n3-26", "unknown"),
    }  # fmt: skip
    clusters, assigned = table(operated, 3, "clusters"), table(operated, 3, "assignments")
    assert {shown, "n3-26"} & {row["doc_id"] for row in assigned} == set()
    assert shown not in {it for row in clusters for it in row["exemplar_doc_ids"]}
    assert sum(row["size"] for row in clusters) == len(assigned) == 27 + 26 + 26
    summary = Path(run.published.summary).read_text()
    assert "29 rows read: 26 accepted, 0 duplicate, 0 quarantined, 3 withdrawn." in summary
    assert "1 document is late" in summary
    assert examine(operated.store) == []

    # Without the withdrawals in tomorrow's feed, the document that comes back is one again.
    back = {"id": shown, "text": "Sadly the battery dies before noon, order 10."}
    operated.run(4, feed=write(operated, [*rows_of(operated, 4), back]))
    assigned = table(operated, 4, "assignments")
    assert [row["is_new"] for row in assigned if row["doc_id"] == shown] == [True]
    assert examine(operated.store) == []


def test_an_edited_document_has_its_new_text_from_tonight_on(operated: Any) -> None:
    edited = {"id": "n1-00", "text": "Sadly the battery dies before noon. Edit: it was replaced."}
    run = operated.run(3, feed=write(operated, [*rows_of(operated, 3), edited]))
    counts = json.loads(Path(run.published.manifest).read_bytes())["counts"]
    assert (counts["accepted"], counts["withdrawn"], counts["replaced"]) == (28, 0, 1)
    assert [(row["doc_id"], row["kind"]) for row in table(operated, 3, "withdrawn")] == [
        ("n1-00", "replaced")
    ]
    assigned = [row for row in table(operated, 3, "assignments") if row["doc_id"] == "n1-00"]
    assert [row["is_new"] for row in assigned] == [True]
    assert "n1-00" in {row["doc_id"] for row in table(operated, 1, "documents")}
    said = "1 document takes the place of an earlier text of the same id."
    assert said in Path(run.published.summary).read_text()
    assert examine(operated.store) == []

    # Tomorrow it is known with its new text, and the old one would be an edit.
    run = operated.run(4, feed=write(operated, [*rows_of(operated, 4), edited]))
    counts = json.loads(Path(run.published.manifest).read_bytes())["counts"]
    assert (counts["duplicate"], counts["replaced"]) == (1, 0)
    assert examine(operated.store) == []


def test_ids_that_start_again_stop_the_night(operated: Any) -> None:
    rows = [
        {"id": f"n1-{number:02}", "text": text}
        for number, text in enumerate(reversed([row["text"] for row in rows_of(operated, 3)]))
    ]
    with pytest.raises(ValueError, match=r"ids_last .* of the 27 ids known before .*`doc_id`"):
        operated.run(3, feed=write(operated, rows))
