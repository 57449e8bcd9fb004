import json
from pathlib import Path

import numpy as np

from tasks.operating.doctor.state import examine_state
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.files import WRITING, write_atomically
from tasks.store.records import records_folder, seal
from tasks.store.storage import Ref, Store, keep_bytes

RECORD = f"embed-v1-{'0' * 40}"


def keep_record(store: Store, name: str, *refs: Ref) -> Path:
    """Write a cache record as Prefect does: the result is JSON inside JSON."""
    result = {"__class__": "tasks.x", "data": {"files": [ref.model_dump() for ref in refs]}}
    path = records_folder(store) / name
    content = json.dumps({"metadata": {}, "result": json.dumps(result)}).encode()
    write_atomically(path, seal(content, path.name))
    return path


def rules(store: Store) -> dict[str, str]:
    found = list(examine_state(store.root))
    assert all(finding.is_removable or finding.is_movable for finding in found)
    return {finding.file: finding.rule for finding in found}


def test_a_state_whose_records_name_all_files_is_sound(store: Store) -> None:
    keep_record(store, RECORD, keep_bytes(store, "embed", b"a", ".json"))
    EmbeddingShelf(store.root, "E", "0" * 64).add(["a"], np.ones((1, 2), np.float32))
    assert rules(store) == {}


def test_vectors_that_are_not_finite_are_found(store: Store) -> None:
    shelf = EmbeddingShelf(store.root, "E", "0" * 64)
    shelf.add(["a"], np.ones((1, 2), np.float32))
    shelf.add(["b"], np.array([[0, np.inf]], np.float32))
    (finding,) = examine_state(store.root)
    assert (finding.rule, finding.is_movable) == ("embeddings", True)
    assert finding.problem == "it holds numbers that are not finite"


def test_temporaries_are_found_wherever_a_killed_run_left_them(store: Store) -> None:
    names = {
        f"{WRITING}a", f"documents/feed=f/night=2026-03-01/{WRITING}a", f"state/stages/embed/{WRITING}b",
        "state/scratch/embed-1.parquet",
    }  # fmt: skip
    for name in names:
        write_atomically(store.root / name, b"half")
    assert rules(store) == dict.fromkeys(names, "temporary")


def test_a_record_that_is_cut_short_is_found_and_its_files_are_orphans(store: Store) -> None:
    ref = keep_bytes(store, "embed", b"a", ".json")
    path = keep_record(store, RECORD, ref)
    whole = path.read_bytes()
    name = path.relative_to(store.root).as_posix()
    broken = (b"", b"[]", b'{"result": "{"}', b'{"result": null}', b"\xff")
    for content in (
        whole[:40],
        whole[whole.index(b"\n") + 1 :],
        *broken,
        *(seal(it, path.name) for it in broken),
    ):
        path.write_bytes(content)
        assert rules(store) == {name: "cache_record", ref.path: "orphan"}
    path.unlink()
    assert rules(store) == {ref.path: "orphan"}


def test_a_record_of_an_older_nightfold_is_found(store: Store) -> None:
    ref = keep_bytes(store, "embed", b"a", ".json")
    content = json.dumps({"result": json.dumps({"data": ref.model_dump()})}).encode()
    write_atomically(store.state / "results" / f"{RECORD}-0", content)
    (record, orphan) = examine_state(store.root)
    assert "it has no digest, as those of an older nightfold" in record.problem
    assert (record.is_removable, orphan.rule) == (True, "orphan")


def test_a_changed_stage_file_is_found(store: Store) -> None:
    ref = keep_bytes(store, "embed", b"content", ".json")
    keep_record(store, RECORD, ref)
    store.resolve(ref).write_bytes(b"conten")
    assert rules(store) == {ref.path: "stage_file"}


def test_damaged_embeddings_are_found(store: Store) -> None:
    shelf = EmbeddingShelf(store.root, "E", "0" * 64)
    shelf.add(["a"], np.ones((1, 2), np.float32))
    shelf.add(["b"], np.zeros((1, 2), np.float32))
    cut, _ = sorted(store.root.glob("embeddings/*/*.parquet"))
    cut.write_bytes(cut.read_bytes()[:-8])
    assert rules(store) == {cut.relative_to(store.root).as_posix(): "embeddings"}


def test_the_error_of_a_failed_run_is_no_record_of_a_stage(store: Store) -> None:
    write_atomically(store.state / "results" / ("0" * 32), b'{"metadata": {}, "result": "gASV"}')
    assert rules(store) == {}
