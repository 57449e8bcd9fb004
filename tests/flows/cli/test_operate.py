"""The operator's commands on a real store, and what a run says about a damaged one."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.operating.placing import CannotAssignError, place_texts
from tasks.store.history import PrunedNightError
from tasks.store.manifest_parts import EncoderPart, LabelsPart
from tasks.store.manifests import ManifestError, NewerStoreError, read_object
from tasks.store.sealed import seal, write_sealed
from tasks.store.storage import DamagedFileError, Store
from validation.tables.columns import REMARKS
from validation.tables.stage_schemas import PLACEMENTS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

Invoke = Callable[..., Any]


def one(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def cut(path: Path) -> bytes:
    """Cut a file short; give what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return whole


def embeddings_of(store: Path) -> dict[str, list[float]]:
    """Give the vector of every text."""
    tables = [
        pq.read_table(path, partitioning=None) for path in store.glob("embeddings/*/*.parquet")
    ]
    columns = (pa.concat_tables(tables)[name].to_pylist() for name in ("text_digest", "embedding"))
    return dict(zip(*columns, strict=True))


def store_of(operated: Any, night: int = 2) -> Store:
    return Store(root=operated.store, feed="default", night=date(2026, 3, night))


def test_a_store_of_real_runs_is_sound(two_nights: Any, invoke: Invoke) -> None:
    done = invoke("doctor", "--store", two_nights.store)
    assert (done.exit_code, done.output) == (0, "the store is sound\n")
    told = json.loads(invoke("doctor", "--store", two_nights.store, "--json").stdout)
    assert told == {"moved_to_trash": [], "repaired": [], "findings": []}


def test_a_folder_that_is_no_store_is_bad_usage(tmp_path: Path, invoke: Invoke) -> None:
    done = invoke("doctor", "--store", tmp_path)
    assert done.exit_code == 2
    assert "is not a nightfold store" in done.output


def test_doctor_says_what_is_damaged_and_repairs_what_it_can(operated: Any, invoke: Invoke) -> None:
    table = one(operated.store, "clusters/*/night=2026-03-02/*.parquet")
    good = cut(table)
    cut(one(operated.store, "state/results/*/night=2026-03-02/embed-*"))
    cut(one(operated.store, "state/stages/refine/*.parquet"))
    # The vectors of the first night, which is run again below: no record is left of the second's.
    vectors = operated.store.glob("embeddings/*/*.parquet")
    cut(min(vectors, key=lambda path: path.stat().st_mtime_ns))
    manifest = store_of(operated, 1).manifest_path()
    cut(manifest)
    shutil.rmtree(operated.store / "state" / "copies" / "runs")
    done = invoke("doctor", "--store", operated.store)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    for rule in ("digest", "cache_record", "stage_file", "embeddings", "manifest"):
        assert f": {rule}: " in done.output
    done = invoke("doctor", "--store", operated.store, "--repair")
    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == "1 finding"
    assert "--night 2026-03-01" in done.output.splitlines()[-2]
    assert table.read_bytes() == good
    assert operated.run(1).published.changed
    done = invoke("doctor", "--store", operated.store)
    assert (done.exit_code, done.output) == (0, "the store is sound\n")
    assert not operated.run(2).published.changed


def test_lost_vectors_come_back_as_they_were(operated: Any, invoke: Invoke) -> None:
    before = embeddings_of(operated.store)
    for path in operated.store.glob("embeddings/*/*.parquet"):
        path.unlink()
    done = invoke("doctor", "--store", operated.store, "--repair")
    assert done.output.count("texts of night 2026-03-0") == 2
    assert done.output.splitlines()[-1] == "the store is sound"
    assert embeddings_of(operated.store) == before
    # A run of which all but the last stage is cached misses them too.
    for path in operated.store.glob("embeddings/*/*.parquet"):
        path.unlink()
    assert not operated.run(2).published.changed
    assert embeddings_of(operated.store) == before


def test_a_report_that_is_made_again_is_what_it_was(operated: Any, invoke: Invoke) -> None:
    pages = sorted(operated.store.glob("reports/*/*/index.html"))
    before = {it: it.read_bytes() for page in pages for it in page.parent.iterdir()}
    for page in pages:
        page.unlink()
    done = invoke("doctor", "--store", operated.store, "--repair")
    assert done.output.count("report: index.html is gone or changed") == len(pages) == 2
    assert {it: it.read_bytes() for it in before} == before


def test_a_run_recomputes_what_its_cache_has_lost(operated: Any) -> None:
    cut(one(operated.store, "state/results/*/night=2026-03-02/describe-*"))
    for path in (operated.store / "state" / "stages" / "refine").iterdir():
        cut(path)
    report = operated.run(2)
    assert {"refine", "publish"} <= {record.stage for record in report.ran}
    assert not report.published.changed


def test_a_flipped_bit_in_a_cache_record_is_never_published(operated: Any, invoke: Invoke) -> None:
    record = one(operated.store, "state/results/*/night=2026-03-02/check-prepared-*")
    good, manifest = record.read_bytes(), store_of(operated, 2).manifest_path().read_bytes()
    assert good.count(rb"\"accepted\": 27") == 1
    record.write_bytes(good.replace(rb"\"accepted\": 27", rb"\"accepted\": 26"))
    done = invoke("doctor", "--store", operated.store)
    assert done.exit_code == 1
    assert "cache_record: it cannot be used: its content is not what its digest says" in done.output
    ran = {it.stage for it in operated.run(2).ran}
    assert "check prepared" in ran
    # The feed lies elsewhere in this copy, so it is read anew.
    assert ran <= {"find feed", "ingest", "check prepared", "publish", "report"}
    assert store_of(operated, 2).manifest_path().read_bytes() == manifest
    done = invoke("doctor", "--store", operated.store)
    assert (done.exit_code, done.output) == (0, "the store is sound\n")


def test_a_run_names_a_damaged_table_of_an_earlier_night(operated: Any) -> None:
    table = one(operated.store, "documents/*/night=2026-03-01/*.parquet")
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1  # a bit that may well be read without an error
    table.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"{table.name} is damaged: .*doctor"):
        operated.run(2)


def test_a_run_names_a_damaged_manifest_of_an_earlier_night(operated: Any) -> None:
    cut(store_of(operated, 1).manifest_path())
    with pytest.raises(ManifestError, match=r"night=2026-03-01/manifest.json must be .*run that"):
        operated.run(2)


def test_clusters_names_a_damaged_table(operated: Any, invoke: Invoke) -> None:
    cut(one(operated.store, "clusters/*/night=2026-03-02/*.parquet"))
    done = invoke("clusters", "--store", operated.store)
    assert done.exit_code == 1
    assert "is damaged" in done.output
    assert "doctor" in done.output


def test_a_store_of_a_newer_version_is_refused(operated: Any, invoke: Invoke) -> None:
    path = store_of(operated).manifest_path()
    newer = read_object(path, "") | {"format_version": 99}
    write_sealed(path, newer)
    for command in ("doctor", "clusters"):
        done = invoke(command, "--store", operated.store)
        assert done.exit_code == 1
        assert "has format version 99" in done.output
        assert "a newer nightfold has written to this store" in done.output
    with pytest.raises(NewerStoreError, match="format version 99"):
        operated.run(1)
    assert path.read_bytes() == seal(newer)


def published(operated: Any) -> list[dict[str, Any]]:
    """Give the last night's assignments with the texts of their documents."""
    texts = {
        row["doc_id"]: row["text"]
        for path in operated.store.glob("documents/*/*/*.parquet")
        for row in pq.read_table(path, partitioning=None).to_pylist()
    }
    path = one(operated.store, "assignments/*/night=2026-03-02/*.parquet")
    rows = pq.read_table(path, partitioning=None).to_pylist()
    return [row | {"text": texts[row["doc_id"]]} for row in rows]


def everything(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_documents_of_the_run_get_the_very_labels_of_the_run(
    two_nights: Any, invoke: Invoke, tmp_path: Path
) -> None:
    before, out = everything(two_nights.store), tmp_path / "new" / "placed.parquet"
    done = invoke("assign", two_nights.feed, "--store", two_nights.store, "--out", out)
    assert done.exit_code == 0, done.output
    assert "54 documents in the clusters of night 2026-03-02: 54 as published" in done.output
    placed = pq.read_table(out)
    assert placed.schema.equals(PLACEMENTS)
    parts = ("doc_id", "cluster_id", "confidence", "margin")
    said = [tuple(row[part] for part in parts) for row in placed.to_pylist()]
    ran = [tuple(row[part] for part in parts) for row in published(two_nights)]
    assert sorted(said) == sorted(ran)
    told = json.loads(
        invoke("assign", two_nights.feed, "--store", two_nights.store, "--json").stdout
    )
    assert told.pop("documents") == placed.to_pylist()
    assert told == {"night": "2026-03-02", "n_documents": 54, "n_known": 54} | {
        "n_refused": 0, "n_withdrawn": 0,
    }  # fmt: skip
    assert everything(two_nights.store) == before


def test_the_models_alone_give_the_labels_of_the_run_to_nearly_all(two_nights: Any) -> None:
    store = store_of(two_nights)
    rows = [row for row in published(two_nights) if row["cluster_id"] != REMARKS]
    assert len(rows) > 40
    placed = place_texts(store, store.read_manifest(), [row["text"] for row in rows])
    same = [one[0] == row["cluster_id"] for one, row in zip(placed, rows, strict=True)]
    # One of the nine subjects lies between two of the three clusters.
    assert sum(same) / len(same) >= 0.9
    assert all(0 <= margin <= confidence <= 1 for _, confidence, margin in placed)


def test_new_documents_are_placed_by_the_models_beside_their_like(
    two_nights: Any, invoke: Invoke, tmp_path: Path
) -> None:
    subjects = {
        row["text"].partition(" ")[2].partition(",")[0]: row["cluster_id"]
        for row in published(two_nights)
    }
    rows = [
        {"id": number, "text": f"Really, {subject}!"} for number, subject in enumerate(subjects)
    ]
    rows.append({"id": "broken", "text": ""})
    feed = tmp_path / "new.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = invoke("assign", feed, "--store", two_nights.store)
    assert done.exit_code == 0, done.output
    assert (
        "9 documents in the clusters of night 2026-03-02: 0 as published, 9 placed" in done.output
    )
    assert "1 row refused" in done.output
    lines = [line for line in done.output.splitlines() if "c-2026" in line]
    hits = [cluster_id in line for cluster_id, line in zip(subjects.values(), lines, strict=True)]
    assert sum(hits) >= 8


def test_where_k_means_was_published_the_centroids_place(two_nights: Any) -> None:
    store, rows = store_of(two_nights), published(two_nights)
    labels = LabelsPart(published="baseline")
    manifest = store.read_manifest().model_copy(update={"labels": labels})
    placed = place_texts(store, manifest, [row["text"] for row in rows])
    same = [one[0] == row["cluster_id"] for one, row in zip(placed, rows, strict=True)]
    assert sum(same) / len(same) >= 0.9


def test_models_that_cannot_place_are_refused(two_nights: Any) -> None:
    store = store_of(two_nights)
    manifest = store.read_manifest()
    other = EncoderPart(name=manifest.encoder.name, digest="0" * 64)
    with pytest.raises(CannotAssignError, match="must be the one of night 2026-03-02"):
        place_texts(store, manifest.model_copy(update={"encoder": other}), ["a"])
    with pytest.raises(CannotAssignError, match="run it again"):
        place_texts(store, manifest.model_copy(update={"cluster_ids": None}), ["a"])


def test_a_feed_that_is_not_there_cannot_be_assigned(two_nights: Any, invoke: Invoke) -> None:
    done = invoke("assign", two_nights.feed / "nowhere.csv", "--store", two_nights.store)
    assert done.exit_code == 2
    assert "nowhere.csv is not there" in done.output


def test_a_pruned_store_goes_on_and_knows_what_it_has_forgotten(
    operated_longer: Any, invoke: Invoke
) -> None:
    operated = operated_longer
    words = ("prune", "--store", operated.store, "--keep", 2)
    done = invoke(*words, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "night 2026-03-01 of feed default: would be pruned" in done.output
    assert "night 2026-03-01 of feed default is in the window of the last night" in done.output
    told = json.loads(invoke(*words, "--json").stdout)
    first, *kept = [{"feed": "default", "night": f"2026-03-0{night}"} for night in (1, 2, 3)]
    assert (told["pruned"], told["in_the_window"], told["kept"]) == ([first], [first], kept)
    assert (told["n_embeddings_dropped"], told["is_dry_run"], told["prefect"]) == (27, False, None)
    assert told["n_bytes_freed"] > 0
    assert invoke("doctor", "--store", operated.store).output == "the store is sound\n"
    with pytest.raises(PrunedNightError, match="nights up to 2026-03-01 were pruned"):
        operated.run(2)
    grown = {"feed": str(operated.feed), "window_days": 2}
    operated.run(4, **grown)  # the feed has grown: the rows of all nights
    assert store_of(operated).read_manifest(date(2026, 3, 4)).counts == {
        "read": 108, "accepted": 27, "duplicate": 81, "quarantined": 0,
        "withdrawn": 0, "without_text": 0, "replaced": 0, "late": 0,
    }  # fmt: skip
    done = invoke(*words)
    assert "night 2026-03-02 of feed default: pruned" in done.output
    assert not list(operated.store.glob("documents/*/night=2026-03-01"))
    assert invoke("doctor", "--store", operated.store).output == "the store is sound\n"
    assert not operated.run(4, **grown).published.changed
