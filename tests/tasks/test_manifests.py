import json
from pathlib import Path
from typing import Any

import pytest

from tasks.files import write_atomically
from tasks.manifests import (
    FORMAT_VERSION,
    MIGRATIONS,
    ManifestError,
    NewerStoreError,
    canonical_json,
    migrated,
    parse_manifest,
    require_known_format,
)

PATH = Path("runs/feed=f/night=2026-03-01/manifest.json")
MANIFEST: dict[str, Any] = {
    "format_version": FORMAT_VERSION,
    "counts": {"read": 3},
    "tables": {},
    "models": {},
}


def spelled(**changed: Any) -> bytes:
    return json.dumps(MANIFEST | changed).encode()


def test_a_manifest_of_today_is_read_as_it_is() -> None:
    assert parse_manifest(canonical_json(MANIFEST), PATH) == MANIFEST


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
    with pytest.raises(NewerStoreError, match=r"has format version 99.*up to 2.*newer nightfold"):
        parse_manifest(spelled(format_version=99), PATH)


@pytest.mark.parametrize("version", [None, 0, "1", 1.0, []])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    with pytest.raises(ManifestError, match="must have a format_version"):
        parse_manifest(spelled(format_version=version), PATH)


@pytest.mark.parametrize("part", ["counts", "tables", "models"])
def test_a_manifest_without_its_parts_is_refused(part: str) -> None:
    with pytest.raises(ManifestError, match=f"must have '{part}' as an object, got None"):
        parse_manifest(spelled(**{part: None}), PATH)


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


def test_canonical_json_spells_equal_values_equally() -> None:
    one = canonical_json({"b": 1, "é": Path("x")})
    other = canonical_json({"é": Path("x"), "b": 1})
    assert one == other == '{\n  "b": 1,\n  "é": "x"\n}\n'.encode()


def test_a_manifest_of_format_1_knew_neither_withdrawn_nor_late_rows_nor_its_fit() -> None:
    old = spelled(format_version=1, counts={"read": 3, "accepted": 3})
    assert parse_manifest(old, PATH) == MANIFEST | {
        "counts": {"read": 3, "accepted": 3, "withdrawn": 0, "late": 0},
        "fit": None,
    }
    assert migrated({"format_version": 1, "nights": []}, PATH) == {
        "format_version": FORMAT_VERSION,
        "nights": [],
    }
