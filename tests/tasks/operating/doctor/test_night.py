import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tasks.operating.doctor.finding import Finding, repair
from tasks.operating.doctor.night import Earlier, examine_night, stage_copies
from tasks.store.files import sha256_of, write_atomically, write_part
from tasks.store.manifests import NewerStoreError, read_object
from tasks.store.records import records_folder
from tasks.store.sealed import seal
from tasks.store.storage import Store, keep_bytes

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def night(store: Store, publish_night: PublishNight) -> Store:
    """The second of two sound nights."""
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d", "e"], window=["a", "b"])
    return store


def examine(store: Store) -> list[Finding]:
    earlier, found = Earlier(), []
    for day in store.published_nights():
        found += examine_night(store.model_copy(update={"night": day}), earlier)
    return found


def said(store: Store) -> list[tuple[str, str]]:
    return [(finding.rule, finding.problem) for finding in examine(store)]


def rewrite(store: Store, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a night's manifest."""
    manifest = read_object(store.manifest_path(), "")
    change(manifest)
    store.manifest_path().write_bytes(seal(manifest))


def replace(store: Store, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a published table together with its reference, as a defect would, not as decay."""

    def changed(manifest: dict[str, Any]) -> None:
        ref = manifest["tables"][name]
        path = store.root / ref["path"]
        table = change(pq.read_table(path, partitioning=None))
        path.unlink()
        path = write_part(path.parent, table)
        place = path.relative_to(store.root).as_posix()
        ref |= {"path": place, "sha256": sha256_of(path), "rows": table.num_rows}

    rewrite(store, changed)


def test_the_records_of_a_night_that_does_not_add_up_are_not_used_again(night: Store) -> None:
    write_atomically(records_folder(night) / "describe-v1-0", b"a record")
    assert said(night) == []
    replace(night, "clusters", lambda table: table.slice(1))
    unsound, tree, records = examine(night)
    assert tree.rule == "conservation"
    assert (unsound.rule, unsound.is_repairable) == ("conservation", False)
    assert "run the night again" in unsound.line()
    assert records.line() == (
        "state/results/feed=reviews/night=2026-03-02: cache_record: a night that does not add up"
        " was made of these records; --repair removes them"
    )
    repair(night.root, records)
    assert [it.rule for it in examine(night)] == ["conservation"] * 2


def test_sound_nights_have_no_findings(night: Store) -> None:
    assert said(night) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"counts": '])
def test_a_damaged_manifest_is_one_finding_with_what_to_do(night: Store, content: bytes) -> None:
    night.manifest_path(date(2026, 3, 1)).write_bytes(content)
    shutil.rmtree(night.state / "copies")
    (finding,) = examine(night)
    assert finding.rule == "manifest"
    assert finding.file == "runs/feed=reviews/night=2026-03-01/manifest.json"
    assert finding.line().endswith("--feed-name reviews --night 2026-03-01")
    assert not finding.is_repairable


def test_counts_and_references_that_are_none_are_a_damaged_manifest(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["counts"].pop("read"))
    assert said(night) == [("manifest", "counts must have 'read' as a number, got None")]
    rewrite(night, lambda manifest: manifest["tables"].update(metrics={"path": 1}))
    assert [rule for rule, _ in said(night)] == ["manifest"]


def test_a_newer_night_is_refused(night: Store) -> None:
    rewrite(night, lambda manifest: manifest.update(format_version=7))
    with pytest.raises(NewerStoreError, match="format version 7"):
        examine(night)


@pytest.mark.parametrize("name", ["documents", "quarantine", "metrics", "models"])
def test_a_lost_and_a_changed_file_can_be_put_back_from_the_cache(night: Store, name: str) -> None:
    path = next(night.partition(name).rglob("part-*"))
    for damage in (lambda: path.write_bytes(path.read_bytes()[:-4]), path.unlink):
        damage()
        (finding,) = examine(night)
        assert (finding.rule, night.root / finding.file) == ("digest", path)
        assert finding.source is not None
        assert finding.source.startswith("state/stages/made/")


def test_without_a_copy_the_night_has_to_run_again(night: Store) -> None:
    for path in (night.state / "stages" / "made").iterdir():
        path.write_bytes(b"changed too")
    path = next(night.partition("clusters").iterdir())
    path.unlink()
    (finding,) = examine(night)
    assert finding.line().startswith(
        f"{path.relative_to(night.root)}: digest: it is not there; run"
    )


def test_a_table_that_is_not_named_is_missed(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["tables"].pop("metrics"))
    assert said(night) == [("tables", "it names no table 'metrics'")]


def test_the_drift_is_missed_only_where_it_was_measured(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["tables"].pop("drift"))
    assert said(night) == []
    rewrite(night, lambda manifest: manifest.update(fit={"drift": [{"measure": "m"}]}))
    assert said(night) == [("tables", "it names no table 'drift'")]


def test_other_schemas_and_rows_are_found(night: Store) -> None:
    replace(night, "metrics", lambda table: table.drop_columns("value"))
    assert said(night) == [("schema", "its columns value are missing or of another type")]
    rewrite(night, lambda manifest: manifest["tables"]["metrics"].update(schema_version=9))
    assert said(night) == [("schema", "it has schema version 9, and 1 is today's")]
    rewrite(night, lambda manifest: manifest["tables"].pop("metrics"))
    rewrite(night, lambda manifest: manifest["tables"]["cluster_events"].update(rows=8))
    assert ("schema", "it has 0 rows, and the manifest says 8") in said(night)


def test_a_column_of_today_is_not_missed_in_a_night_from_before(night: Store) -> None:
    replace(night, "clusters", lambda table: table.drop_columns(["share", "stability"]))
    assert said(night) == []
    replace(night, "clusters", lambda table: table.drop_columns("size"))
    assert ("schema", "its columns size are missing or of another type") in said(night)


def test_rows_that_do_not_add_up_are_found(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["counts"].update(read=9))
    assert said(night) == [
        (
            "conservation",
            "read 9 is not accepted + duplicate + quarantined + withdrawn + without_text:"
            " 3 + 1 + 1 + 0 + 0",
        )
    ]
    rewrite(night, lambda manifest: manifest["counts"].update(read=6, quarantined=2))
    assert said(night) == [
        ("conservation", "quarantined + without_text is 2, and quarantine has 1 rows")
    ]
    rewrite(night, lambda manifest: manifest["counts"].update(accepted=4, quarantined=1))
    assert [rule for rule, _ in said(night)] == ["conservation"]
    assert "documents has 3 rows" in said(night)[0][1]


def test_a_known_text_under_a_new_id_is_a_document_too(night: Store) -> None:
    same_text = pa.array(["same_text"])
    replace(
        night, "duplicates", lambda table: table.set_column(4, table.schema.field(4), same_text)
    )
    rewrite(night, lambda manifest: manifest["counts"].update(accepted=2, read=4))
    assert said(night) == []


def test_a_lost_document_and_a_lost_assignment_are_found(night: Store) -> None:
    replace(
        night,
        "assignments",
        lambda table: table.filter([it != "c" for it in table["doc_id"].to_pylist()]),
    )
    rules = said(night)
    assert ("conservation", "documents 'c' have no assignment") in rules
    assert len(rules) == 3  # the cluster has lost one as well, and its mentions are of nobody


def test_an_assignment_without_a_document_is_found(night: Store) -> None:
    first = night.model_copy(update={"night": date(2026, 3, 1)})
    replace(first, "documents", lambda table: table.slice(1))
    problems = [problem for _, problem in said(night)]
    assert "new assignments 'a' have no document" in problems
    assert "assignments 'a' have no document in this night or before it" in problems


def test_who_is_missing_is_not_guessed_after_a_night_that_cannot_be_read(night: Store) -> None:
    next(night.partition("documents", date(2026, 3, 1)).iterdir()).unlink()
    assert [rule for rule, _ in said(night)] == ["digest"]


def test_an_assignment_to_no_cluster_is_found(night: Store) -> None:
    replace(night, "clusters", lambda table: table.slice(1))
    assert said(night) == [
        ("conservation", "clusters 'c-1' have not as many assignments as documents, or none"),
        (
            "conservation",
            "clusters 'c-1' are of another size in cluster_tree, or only in one of both",
        ),
    ]


def test_ids_that_stand_twice_are_found(night: Store, publish_night: PublishNight) -> None:
    replace(night, "documents", lambda table: pa.concat_tables([table, table.slice(0, 1)]))
    rewrite(night, lambda manifest: manifest["counts"].update(accepted=4, read=6))
    assert said(night) == [("unique_ids", "doc_id 'c' stands in documents more than once")]
    publish_night(2, ["a", "c"], window=["b"])
    assert said(night) == [("unique_ids", "documents 'a' are of night 2026-03-01 already")]


def test_many_ids_are_counted_not_listed(
    night: Store, publish_night: PublishNight, tmp_path: Path
) -> None:
    ids = [f"d{number}" for number in range(1_005)]
    publish_night(1, ids)
    publish_night(2, ids)
    assert said(night) == [
        ("unique_ids", "documents 'd0', 'd1', 'd10' and 1,002 more are of night 2026-03-01 already")
    ]


def test_copies_among_the_stage_files_are_found_if_they_are_intact(store: Store) -> None:
    ref = keep_bytes(store, "prepare", b"content", ".parquet")
    published = ref.model_copy(update={"path": "documents/part-1.parquet"})
    assert list(stage_copies(store, published)) == [ref.path]
    store.resolve(ref).write_bytes(b"x")
    assert list(stage_copies(store, published)) == []


def test_a_document_that_was_withdrawn_is_missed_by_nobody_and_may_come_back(
    night: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["c", "d", "e"], window=["b"], withdrawn=["a"])
    assert said(night) == []
    publish_night(3, ["a"], window=["b", "c", "d", "e"])
    assert said(night) == []


def test_a_withdrawn_document_that_is_still_assigned_is_found(
    night: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["c", "d", "e"], window=["a", "b"], withdrawn=["a"])
    assert said(night) == [
        ("conservation", "assignments 'a' have no document in this night or before it")
    ]
    rewrite(night, lambda manifest: manifest["counts"].update(withdrawn=2, read=7))
    assert ("conservation", "withdrawn + replaced is 2, and withdrawn has 1 rows") in said(night)


def test_rows_without_text_are_in_quarantine_and_counted_apart(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["counts"].update(quarantined=0, without_text=1))
    assert said(night) == []


def test_a_night_from_before_rows_without_text_were_counted_apart_is_sound(night: Store) -> None:
    rewrite(night, lambda manifest: manifest["counts"].pop("without_text"))
    assert said(night) == []


def as_of_format_1(manifest: dict[str, Any]) -> None:
    manifest["format_version"] = 1
    del manifest["tables"]["withdrawn"], manifest["counts"]["withdrawn"], manifest["counts"]["late"]


def test_a_night_of_format_1_is_sound(night: Store) -> None:
    rewrite(night, as_of_format_1)
    assert said(night) == []
    rewrite(night, lambda manifest: manifest["counts"].update(withdrawn=1))
    assert ("tables", "it names no table 'withdrawn'") in said(night)


def test_remarks_are_a_cluster_like_the_others(store: Store, publish_night: PublishNight) -> None:
    publish_night(1, ["a", "b", "good"], remarks=["good"])
    publish_night(2, ["c", "ok"], window=["a", "good"], remarks=["good", "ok"])
    assert examine(store) == []
    for name in ("assignments", "mentions"):
        replace(store, name, lambda it: it.filter(pc.not_equal(it["doc_id"], "good")))
    assert said(store) == [
        ("conservation", "clusters 'remarks' have not as many assignments as documents, or none")
    ]
