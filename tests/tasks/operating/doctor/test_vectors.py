import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.operating.doctor.examine import repair_all
from tasks.operating.doctor.finding import Finding
from tasks.operating.doctor.vectors import find_lost_vectors
from tasks.store.embeddings import fixed_lists
from tasks.store.files import write_atomically
from tasks.store.records import records_folder, seal
from tasks.store.storage import Ref, Store, keep_table

PublishNight = Callable[..., dict[str, Any]]
DIGEST = "0123456789abcdef"


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    """Two nights, whose four texts have their vectors in two files."""
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d"], window=["a", "b"])
    return store


def parts(store: Store) -> list[Path]:
    return sorted(store.root.glob("embeddings/*/part-*.parquet"))


def vectors(store: Store) -> pa.Table:
    return pa.concat_tables([pq.read_table(it, partitioning=None) for it in parts(store)])


def by_text(table: pa.Table) -> dict[str, list[float]]:
    return dict(zip(*(table[it].to_pylist() for it in ("text_digest", "embedding")), strict=True))


def cache_items(store: Store, items: pa.Table, number: int = 0, encoder: str = DIGEST) -> Ref:
    """Keep vectors as the stage `embed` does, with their record."""
    ref = keep_table(store, "embed", items)
    data = {"items": ref.model_dump(), "embedding_dim": 2, "encoder_digest": encoder}
    record = {"metadata": {}, "result": json.dumps({"__class__": "tasks.x", "data": data})}
    path = records_folder(store) / f"embed-v3-{number:040}"
    write_atomically(path, seal(json.dumps(record).encode(), path.name))
    return ref


def found(store: Store) -> list[Finding]:
    nights = (store.model_copy(update={"night": it}) for it in store.published_nights())
    return list(find_lost_vectors(nights))


def test_vectors_that_are_all_there_are_no_finding(stored: Store) -> None:
    assert found(stored) == []


def test_lost_and_damaged_vectors_are_found_night_by_night(stored: Store) -> None:
    lost, cut = parts(stored)
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-8])
    nights = sorted(finding.problem for finding in found(stored))
    assert nights == [
        "2 texts of night 2026-03-01 of feed reviews have none",
        "2 texts of night 2026-03-02 of feed reviews have none",
    ]
    for finding in found(stored):
        assert (finding.file, finding.rule) == ("embeddings/encoder=E-0123456789ab", "vectors")
        assert not finding.is_repairable
        assert "nightfold run FEED" in finding.line()


def test_a_repair_brings_back_the_very_vectors_and_no_others(stored: Store) -> None:
    before = by_text(vectors(stored))
    matrix = fixed_lists(np.full((1, 2), 7, np.float32))
    gone = pa.table([pa.array(["of no document"]), matrix], names=["text_digest", "embedding"])
    whole = vectors(stored)
    cache_items(stored, pa.concat_tables([whole, gone.cast(whole.schema)]))
    lost, cut = parts(stored)
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-8])
    assert all("--repair takes them from state/" in finding.line() for finding in found(stored))
    repaired, left = repair_all(stored.root)
    assert {finding.rule for finding in repaired} == {"embeddings", "vectors"}
    assert left == []
    assert by_text(vectors(stored)) == before
    assert vectors(stored).num_rows == len(before)


def test_what_only_some_copies_have_is_put_together(stored: Store) -> None:
    before = vectors(stored)
    for number, start in enumerate((0, 1, 3)):
        cache_items(stored, before.slice(start, 1), number)
    for path in parts(stored):
        path.unlink()
    _, left = repair_all(stored.root)
    texts = before["text_digest"].to_pylist()
    assert by_text(vectors(stored)).keys() == {texts[0], texts[1], texts[3]}
    assert [(finding.rule, finding.problem[:7]) for finding in left] == [("vectors", "1 texts")]
    assert "run the night again" in left[0].line()


@pytest.mark.parametrize("kind", ["another encoder", "a damaged file", "a damaged record"])
def test_what_is_no_copy_is_not_taken_for_one(stored: Store, kind: str) -> None:
    encoder = "f" * 16 if kind == "another encoder" else DIGEST
    ref = cache_items(stored, vectors(stored), encoder=encoder)
    if kind == "a damaged file":
        content = bytearray(stored.resolve(ref).read_bytes())
        content[len(content) // 2] ^= 1
        stored.resolve(ref).write_bytes(content)
    if kind == "a damaged record":
        (record,) = records_folder(stored).iterdir()
        record.write_bytes(record.read_bytes()[:-8])
    parts(stored)[0].unlink()
    assert [finding.is_repairable for finding in found(stored)] == [False]


def test_a_night_that_cannot_be_read_is_passed_over(stored: Store) -> None:
    for path in parts(stored):
        path.unlink()
    stored.manifest_path(date(2026, 3, 1)).write_bytes(b"{")
    (finding,) = found(stored)
    assert finding.problem == "2 texts of night 2026-03-02 of feed reviews have none"
    next(stored.partition("documents").iterdir()).write_bytes(b"x")
    assert found(stored) == []
