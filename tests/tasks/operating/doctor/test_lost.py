import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.prune import prune
from tasks.store.files import write_atomically
from tasks.store.listing import read_retired, retired_path
from tasks.store.manifests import read_object
from tasks.store.sealed import canonical_json
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]
THIRD = date(2026, 3, 3)


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    for day in (1, 2, 3):
        publish_night(day, [f"a{day}", f"b{day}"], window=[f"a{it}" for it in range(1, day)])
    repair_all(store.root)  # stage files that no record names
    return store


def files(root: Path) -> dict[str, bytes]:
    """All files but those in the trash."""
    paths = (it.relative_to(root) for it in root.rglob("*") if it.is_file())
    return {it.as_posix(): (root / it).read_bytes() for it in paths if it.parts[0] != "trash"}


def trash(root: Path) -> set[str]:
    folder = root / "trash"
    return {it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file()}


@pytest.mark.parametrize("day", [1, 2, 3])
def test_a_manifest_that_is_gone_comes_back_from_its_copy(stored: Store, day: int) -> None:
    before = files(stored.root)
    shutil.rmtree(stored.partition("runs", date(2026, 3, day)))
    rules = [it.rule for it in repair_all(stored.root)[0]]
    assert "night" in rules
    assert repair_all(stored.root) == ([], [])
    assert files(stored.root) == before


@pytest.mark.parametrize("content", [b"", b"{}", b"\xfb", b"[" * 100_000])
def test_a_manifest_that_is_damaged_comes_back_from_its_copy(stored: Store, content: bytes) -> None:
    before = files(stored.root)
    stored.manifest_path(THIRD).write_bytes(content)
    assert [it.rule for it in repair_all(stored.root)[0]] == ["manifest"]
    assert files(stored.root) == before


@pytest.mark.parametrize("day", [1, 2, 3])
def test_without_a_copy_a_whole_night_stays_where_it_is(stored: Store, day: int) -> None:
    shutil.rmtree(stored.state / "copies")
    stored.manifest_path(date(2026, 3, day)).unlink()
    before = files(stored.root)
    _, left = repair_all(stored.root)
    lost = [it for it in left if it.rule == "night"]
    assert [it.file for it in lost] == [f"runs/feed=reviews/night=2026-03-0{day}/manifest.json"]
    assert "run the night again: nightfold run FEED" in lost[0].line()
    assert f"--forget-night reviews/2026-03-0{day}" in lost[0].line()
    assert files(stored.root) == before


def test_what_a_killed_run_had_begun_goes_to_the_trash(stored: Store) -> None:
    fourth = stored.model_copy(update={"night": date(2026, 3, 4)})
    for name in ("documents", "models/lexical"):
        folder = fourth.partition(name.split("/", maxsplit=1)[0]) / name.partition("/")[2]
        write_atomically(folder / "part-0.parquet", b"x")
    repaired, left = repair_all(stored.root)
    assert ({it.rule for it in repaired}, left) == ({"unlisted"}, [])
    assert trash(stored.root) == {
        "documents/feed=reviews/night=2026-03-04/part-0.parquet",
        "models/feed=reviews/night=2026-03-04/lexical/part-0.parquet",
    }


def test_a_part_of_a_night_that_a_later_one_may_build_on_stays(stored: Store) -> None:
    missed = stored.partition("documents", date(2026, 2, 27)) / "part-0.parquet"
    write_atomically(missed, b"x")
    (left,) = repair_all(stored.root)[1]
    assert left.rule == "night"
    assert left.problem == "its manifest is gone; left of the night: 1 file"
    assert missed.exists()


@pytest.mark.parametrize("content", [None, b"", b"\xfb", b'{"files": ["../x"]}'])
def test_files_that_wait_for_a_prune_are_listed_again(stored: Store, content: bytes | None) -> None:
    prune(stored.root, keep=2)
    before, retired = files(stored.root), read_retired(stored.root)
    retired_path(stored.root).unlink()
    if content is not None:
        retired_path(stored.root).write_bytes(content)
    repaired, left = repair_all(stored.root)
    assert ([it.rule for it in repaired], left) == (["retired"], [])
    tables = {file for file in retired if not file.startswith("embeddings/")}
    assert read_retired(stored.root) == tables
    assert files(stored.root).keys() == before.keys()
    for _ in range(2):
        prune(stored.root, keep=2)
    assert examine(stored.root) == []
    assert not any("night=2026-03-01" in it for it in files(stored.root) if "known" not in it)


def test_beside_a_damaged_list_nothing_is_taken_for_unlisted(stored: Store) -> None:
    shutil.rmtree(stored.state / "copies")
    write_atomically(stored.partition("documents") / "part-0.parquet", b"x")
    stored.manifest_path(THIRD).write_bytes(b"{")
    assert {it.rule for it in examine(stored.root)} == {"manifest"}


@pytest.mark.parametrize(
    ("right", "wrong"), [("part-", "qart-"), ("night=", "nighu="), ("documents/", "documentt/")]
)
def test_a_wrong_path_in_an_unsealed_manifest_removes_no_table(
    stored: Store, right: str, wrong: str
) -> None:
    shutil.rmtree(stored.state / "copies")
    manifest = read_object(stored.manifest_path(), "") | {"format_version": 2}
    documents = manifest["tables"]["documents"]
    documents["path"] = documents["path"].replace(right, wrong)
    stored.manifest_path().write_bytes(canonical_json(manifest))
    before = files(stored.root)
    _, left = repair_all(stored.root)
    assert {it.rule for it in left} == {"manifest"}
    assert files(stored.root) == before
