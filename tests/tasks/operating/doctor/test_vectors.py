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
from tasks.operating.prune import prune
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


def cache_items(
    store: Store, items: pa.Table, number: int = 0, encoder: str = DIGEST, stage: str = "embed"
) -> Ref:
    """Keep vectors as a stage does, with their record."""
    ref = keep_table(store, stage, items)
    data = {"items": ref.model_dump(), "embedding_dim": 2, "encoder_digest": encoder}
    record = {"metadata": {}, "result": json.dumps({"__class__": "tasks.x", "data": data})}
    path = records_folder(store) / f"{stage}-v3-{number:040}"
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


@pytest.fixture
def cut(store: Store, publish_night: PublishNight) -> Store:
    """Two nights; a document in the windows of both has two passages, the others are their own."""
    passages = {"a": ["Too loud.", "Nobody came."]}
    publish_night(1, ["a", "b"], passages=passages)
    publish_night(2, ["c", "d"], window=["a", "b"], passages=passages)
    return store


def of_passages(store: Store) -> list[Path]:
    return sorted(store.root.glob("embeddings/*-passages/part-*.parquet"))


def test_passages_that_have_no_vector_are_found(cut: Store) -> None:
    assert found(cut) == []
    (path,) = of_passages(cut)
    path.unlink()
    (finding,) = found(cut)
    assert (finding.file, finding.rule) == ("embeddings/encoder=E-0123456789ab-passages", "vectors")
    assert finding.problem == "2 passages of night 2026-03-01 of feed reviews have none"
    assert "nightfold run FEED" in finding.line()


@pytest.mark.parametrize("damage", ["gone", "another's content"])
def test_passages_get_their_very_vectors_back(cut: Store, damage: str) -> None:
    before = by_text(vectors(cut))
    (path,) = of_passages(cut)
    kept = pq.read_table(path, partitioning=None)
    cache_items(cut, kept, stage="passages")
    # Vectors of the texts of documents are none of passages.
    cache_items(cut, kept.set_column(1, "embedding", fixed_lists(np.full((2, 2), 7, np.float32))))
    content = parts(cut)[0].read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(content)
    _, left = repair_all(cut.root)
    assert left == []
    assert by_text(vectors(cut)) == before


def test_passages_without_a_copy_are_left_for_a_person(cut: Store) -> None:
    (path,) = of_passages(cut)
    path.write_bytes(parts(cut)[0].read_bytes())
    repaired, left = repair_all(cut.root)
    assert [it.rule for it in repaired if it.rule == "embeddings"] == ["embeddings"]
    assert [it.rule for it in left] == ["vectors"]


def test_vectors_of_the_first_kept_night_come_with_a_later_one(
    store: Store, publish_night: PublishNight
) -> None:
    for day in (1, 2, 3):
        publish_night(day, [f"a{day}", f"b{day}"])
    prune(store.root, keep=2)
    for path in parts(store):
        path.unlink()
    first, second = (it.line() for it in found(store))
    assert "a later night that has these texts in its window embeds them" in first
    assert "--night 2026-03-03" in second
