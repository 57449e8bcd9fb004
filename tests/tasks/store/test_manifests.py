from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.store.files import write_atomically
from tasks.store.manifests import (
    FORMAT_VERSION,
    MIGRATIONS,
    Manifest,
    ManifestError,
    NewerStoreError,
    migrated,
    parse_manifest,
    read_manifest,
    require_known_format,
)
from tasks.store.refs import ModelRef, Ref
from tasks.store.sealed import seal

PATH = Path("runs/feed=f/night=2026-03-01/manifest.json")
MANIFEST: dict[str, Any] = {
    "format_version": FORMAT_VERSION,
    "counts": {"read": 3, "without_text": 1, "replaced": 0},
    "tables": {},
    "models": {},
    "encoder": {"name": "E", "digest": "0"},
    "labels": {"published": "refined"},
    "config": {"window_days": 30},
    "run": {"published_at": "2026-03-01T03:00:00+00:00"},
    "fit": None,
}


NAMED = {"feed": "f", "night": "2026-03-01"}
REF: dict[str, Any] = {"path": "a", "sha256": "b", "rows": 1, "schema_version": 1}


def parsed(content: bytes) -> Manifest:
    return parse_manifest(content, PATH, NAMED)


def spelled(**changed: Any) -> bytes:
    return seal(MANIFEST | changed)


def test_a_manifest_of_today_is_read_as_it_is() -> None:
    manifest = parsed(spelled())
    assert manifest.model_dump(exclude_unset=True) == MANIFEST | NAMED
    assert parsed(spelled(feed="g", themes=[1])).model_dump(exclude_unset=True) == (
        MANIFEST | NAMED | {"feed": "g", "themes": [1]}
    )


def test_a_manifest_is_read_by_its_parts() -> None:
    manifest = parsed(spelled(models={"lexical": {"a.json": REF}}))
    assert manifest.model("lexical") == ModelRef(files={"a.json": Ref(**REF)})
    assert manifest.window_days == 30
    assert manifest.run.moment == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert (manifest.cluster_ids, manifest.whole_of, manifest.reports) == (None, {}, {})


def test_a_manifest_is_brought_forward_step_by_step() -> None:
    steps = {
        1: lambda old: old | {"tables": {"documents": old["documents"]}},
        2: lambda old: {name: value for name, value in old.items() if name != "documents"},
    }
    old = {"format_version": 1, "documents": "a.parquet"}
    assert migrated(old, PATH, steps, newest=3) == {
        "format_version": 3,
        "tables": {"documents": "a.parquet"},
    }
    assert old == {"format_version": 1, "documents": "a.parquet"}


def test_there_is_a_migration_from_every_older_version() -> None:
    assert set(MIGRATIONS) == set(range(1, FORMAT_VERSION))


def test_a_newer_manifest_is_refused_and_says_why() -> None:
    with pytest.raises(NewerStoreError, match=r"has format version 99.*up to 3.*newer nightfold"):
        parsed(spelled(format_version=99))


@pytest.mark.parametrize("version", [None, 0, "1", 1.0, [], True])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    with pytest.raises(ManifestError, match="must have a format_version"):
        parsed(spelled(format_version=version))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *(
            (part, None)
            for part in ("counts", "tables", "models", "encoder", "labels", "config", "run")
        ),
        ("counts", {"read": "3"}),
        ("counts", {"read": True}),
        ("tables", {"documents": []}),
        ("tables", {"documents": REF | {"rows": 1.5}}),
        ("tables", {"documents": REF | {"path": "../../elsewhere"}}),
        ("tables", {"documents": REF | {"path": "/elsewhere"}}),
        ("models", {"lexical": REF}),
        ("models", {"lexical": {"model.json": 1}}),
        ("labels", {"published": 1}),
        ("config", {"window_days": "30"}),
        ("fit", []),
        ("cluster_ids", {"0": 1}),
    ],
)
def test_a_manifest_whose_parts_are_of_another_type_is_refused(part: str, value: object) -> None:
    with pytest.raises(
        ManifestError, match=f"manifest.json must have {part}.*run that night again"
    ):
        parsed(spelled(**{part: value}))


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "loop", tmp_path / "none"):
        with pytest.raises(ManifestError, match=f"{path} cannot be read: "):
            read_manifest(path, "f", date(2026, 3, 1))


def test_a_store_is_refused_for_any_newer_manifest_but_not_for_a_damaged_one(
    tmp_path: Path,
) -> None:
    require_known_format(tmp_path)
    write_atomically(tmp_path / PATH, spelled()[:-5])
    write_atomically(tmp_path / "runs/feed=g/night=2026-03-01/manifest.json", spelled())
    require_known_format(tmp_path)
    newer = tmp_path / "runs/feed=g/night=2026-03-09/manifest.json"
    write_atomically(newer, spelled(format_version=99))
    with pytest.raises(NewerStoreError, match="feed=g/night=2026-03-09"):
        require_known_format(tmp_path)


def test_a_manifest_of_format_1_knew_neither_withdrawn_nor_late_rows_nor_its_fit() -> None:
    old = spelled(format_version=1, counts={"read": 3, "accepted": 3})
    manifest = parsed(old)
    assert manifest.counts == {
        "read": 3, "accepted": 3, "withdrawn": 0, "without_text": 0, "replaced": 0, "late": 0,
    }  # fmt: skip
    assert manifest.fit is None
    assert migrated({"format_version": 1, "nights": []}, PATH) == {
        "format_version": FORMAT_VERSION,
        "nights": [],
    }
