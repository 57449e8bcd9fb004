from datetime import date
from typing import Any

import pytest

from tasks.store.fetched.source_state import SourceState
from tasks.store.files import write_atomically
from tasks.store.history import History, read_history, require_intact
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import seal
from tasks.store.storage import DamagedFileError, Ref, Store, keep_bytes


def manifest(n_rows: int, n_documents: int) -> dict[str, Any]:
    def ref(name: str, rows: int) -> dict[str, Any]:
        return Ref(path=f"{name}.parquet", sha256=name, rows=rows).model_dump()

    return {
        "format_version": FORMAT_VERSION,
        "counts": {"read": n_rows},
        "tables": {
            "documents": ref("documents", n_documents),
            "assignments": ref("assignments", n_documents),
            "clusters": ref("clusters", 3),
            "metrics": ref("metrics", 9),
        },
        "models": {
            "identity": {"centroids.safetensors": ref("centroids", 0)},
            "lexical": {"config.json": ref("lexical", 0)},
            "clustering": {"config.json": ref("clustering", 0)},
        },
        "encoder": {"name": "E", "digest": "0"},
        "labels": {"published": "refined"},
        "config": {"window_days": 30},
        "fit": None,
        "run": {"published_at": "2026-03-01T03:00:00+00:00"},
    }


def publish(store: Store, day: int, n_rows: int = 10, n_documents: int = 8) -> None:
    write_atomically(store.manifest_path(date(2026, 3, day)), seal(manifest(n_rows, n_documents)))


@pytest.fixture
def tenth(store: Store) -> Store:
    return store.model_copy(update={"night": date(2026, 3, 10)})


def test_the_first_night_has_no_history(tenth: Store) -> None:
    history = read_history(tenth)
    assert history.nights == []
    assert history.last is None
    assert history.documents() == []


def test_tonight_and_later_nights_have_no_say(tenth: Store) -> None:
    for day in (12, 10, 8, 9):
        publish(tenth, day)
    history = read_history(tenth)
    assert [night.night.day for night in history.nights] == [8, 9]
    assert history.last is not None
    assert history.last.night == date(2026, 3, 9)


def test_a_night_gives_the_references_of_its_manifest(tenth: Store) -> None:
    publish(tenth, 9, n_rows=10, n_documents=8)
    (night,) = read_history(tenth).nights
    assert night.rows == 10
    assert night.documents == Ref(path="documents.parquet", sha256="documents", rows=8)
    assert night.assignments.path == "assignments.parquet"
    assert night.clusters.path == "clusters.parquet"
    assert night.identity.files["centroids.safetensors"].sha256 == "centroids"


@pytest.mark.parametrize(("rows", "expected"), [(8, "found"), (0, "assignments")])
def test_the_next_night_builds_on_what_was_found_not_on_what_was_curated(
    tenth: Store, rows: int, expected: str
) -> None:
    found = manifest(10, 8)
    ref = Ref(path="found.parquet", sha256="found", rows=rows)
    found["tables"]["found_assignments"] = ref.model_dump()
    write_atomically(tenth.manifest_path(date(2026, 3, 9)), seal(found))
    (night,) = read_history(tenth).nights
    assert night.assignments.sha256 == expected


def test_a_night_hands_on_where_its_source_stopped(tenth: Store) -> None:
    publish(tenth, 8)
    stopped = {"of": "table://reviews", "state": {"n_read": 2}}
    later = manifest(10, 8) | {"source": stopped}
    write_atomically(tenth.manifest_path(date(2026, 3, 9)), seal(later))
    before, last = read_history(tenth).nights
    assert before.source is None
    assert last.source == SourceState(**stopped)
    assert "source" not in last.model_dump()


def test_a_night_hands_on_its_tree_and_the_numbers_that_were_chosen(tenth: Store) -> None:
    numbers = {"topics": 3, "themes": 12, "range_of_themes": [10, 15]}
    given = manifest(10, 8) | {"numbers": numbers}
    given["tables"]["cluster_tree"] = Ref(path="tree.parquet", sha256="t", rows=15).model_dump()
    write_atomically(tenth.manifest_path(date(2026, 3, 9)), seal(given))
    (night,) = read_history(tenth).nights
    assert night.numbers == numbers
    assert night.cluster_tree == Ref(path="tree.parquet", sha256="t", rows=15)


def test_the_window_counts_tonight(tenth: Store) -> None:
    for day in (7, 8, 9):
        publish(tenth, day)
    history = read_history(tenth)
    assert [table.night.day for table in history.documents()] == [7, 8, 9]
    assert [table.night.day for table in history.documents_within(tenth, 3)] == [8, 9]
    assert history.documents_within(tenth, 1) == []
    assert len(history.documents_within(tenth, 30)) == 3


def test_a_quiet_night_keeps_the_last_window_that_had_documents(tenth: Store) -> None:
    for day, n_rows in {5: 3, 6: 3, 7: 3, 9: 0}.items():
        publish(tenth, day, n_rows=n_rows, n_documents=n_rows)
    history = read_history(tenth)
    for window_days, days in {1: [7, 9], 2: [6, 7, 9], 4: [7, 9]}.items():
        within = history.documents_within(tenth, window_days, is_quiet=True)
        assert [table.night.day for table in within] == days
    assert [it.night.day for it in history.documents_within(tenth, 2)] == [9]


def test_a_night_without_news_is_no_measure_of_the_next(tenth: Store) -> None:
    for day, n_rows in enumerate([20, 30, 0, 0], start=5):
        publish(tenth, day, n_rows=n_rows, n_documents=n_rows)
    history = read_history(tenth)
    assert [it.night.day for it in history.nights_read()] == [5, 6]
    last_read = history.last_read()
    assert last_read is not None
    assert last_read.night == date(2026, 3, 6)


def test_a_broken_manifest_names_its_night(tenth: Store) -> None:
    write_atomically(tenth.manifest_path(date(2026, 3, 9)), b"{")
    with pytest.raises(ValueError, match=r"night=2026-03-09/manifest.json must be a JSON object"):
        read_history(tenth)


def test_a_damaged_file_that_tonight_builds_on_is_named(tenth: Store) -> None:
    publish(tenth, 9)
    (past,) = read_history(tenth).nights
    assert past.cluster_tree is None  # as of an older nightfold
    names = ("documents", "assignments", "clusters", "cluster_tree")
    kept = {name: keep_bytes(tenth, name, name.encode(), ".parquet") for name in names}
    identity = past.identity.model_copy(
        update={"files": {"model.json": keep_bytes(tenth, "identity", b"{}", ".json")}}
    )
    history = History(nights=[past.model_copy(update=kept | {"identity": identity})])
    require_intact(tenth, history)
    for ref in (*kept.values(), *identity.files.values()):
        content = tenth.resolve(ref).read_bytes()
        tenth.resolve(ref).write_bytes(content[:-1])
        with pytest.raises(DamagedFileError, match=f"{ref.path} is damaged.*doctor.*--repair"):
            require_intact(tenth, history)
        tenth.resolve(ref).write_bytes(content)
    tenth.resolve(kept["clusters"]).unlink()
    with pytest.raises(DamagedFileError, match="it is gone"):
        require_intact(tenth, history)
