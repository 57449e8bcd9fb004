import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.publishing.release import release_earlier, release_models
from tasks.store.manifests import read_object
from tasks.store.records import records_folder, seal
from tasks.store.refs import digest_in_name
from tasks.store.sealed import write_sealed
from tasks.store.storage import ModelRef, Ref, Store, is_intact, keep_bytes, model_folder

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def nights(store: Store, publish_night: PublishNight) -> tuple[Store, Store]:
    """Publish two nights, without any cache record."""
    for day, doc_id in ((1, "a"), (2, "b")):
        publish_night(day, [doc_id], window=["a"][: day - 1])
    return store.on(date(2026, 3, 1)), store.on(date(2026, 3, 2))


def keep_record(night: Store, *refs: Ref) -> None:
    """Write the cache record of a stage whose result names some files."""
    content = json.dumps({"result": json.dumps({"data": [it.model_dump() for it in refs]})})
    path = records_folder(night) / f"views-v1-{'a' * 40}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(seal(content.encode(), path.name))


def stage_file(store: Store, ref: Ref) -> Ref:
    """Return the stage file that a published file was copied from."""
    suffix = Path(ref.path).suffix
    return ref.model_copy(
        update={"path": f"state/stages/made/{digest_in_name(ref.sha256)}{suffix}"}
    )


def test_earlier_nights_keep_the_copies_of_their_tables(nights: tuple[Store, Store]) -> None:
    before, tonight = nights
    manifest = before.read_manifest()
    model = manifest.models["lexical"]["model.json"]
    table, copied = stage_file(before, manifest.tables["documents"]), stage_file(before, model)
    vectors, shared = (keep_bytes(before, "views", it, ".bin") for it in (b"vectors", b"shared"))
    keep_record(before, table, copied, vectors, shared, model)
    keep_record(tonight, shared)
    assert release_earlier(tonight) == 2
    there = [tonight.resolve(it).exists() for it in (table, shared, model, vectors, copied)]
    assert there == [True, True, True, False, False]
    assert not records_folder(before).exists()
    assert records_folder(tonight).is_dir()
    assert release_earlier(tonight) == 0


def test_the_last_night_and_a_night_run_again_keep_their_cache(
    nights: tuple[Store, Store],
) -> None:
    before, last = nights
    for night in nights:
        keep_record(night, keep_bytes(night, "views", b"vectors", ".bin"))
    assert release_earlier(before) == 0
    assert all(records_folder(it).is_dir() for it in (before, last))


def test_what_another_feed_names_stays(nights: tuple[Store, Store]) -> None:
    before, tonight = nights
    vectors = keep_bytes(before, "views", b"vectors", ".bin")
    keep_record(before, vectors)
    keep_record(before.model_copy(update={"feed": "other"}), vectors)
    assert release_earlier(tonight) == 0
    assert tonight.resolve(vectors).exists()


def test_a_night_that_was_never_published_resumes(nights: tuple[Store, Store]) -> None:
    before, tonight = nights
    before.manifest_path().unlink()
    keep_record(before, keep_bytes(before, "views", b"vectors", ".bin"))
    assert release_earlier(tonight) == 0
    assert records_folder(before).is_dir()


def test_a_published_model_lies_once_and_is_found_by_its_stage(nights: tuple[Store, Store]) -> None:
    _, tonight = nights
    manifest = tonight.read_manifest()
    model = manifest.models["lexical"]["model.json"]
    copied, table = stage_file(tonight, model), stage_file(tonight, manifest.tables["documents"])
    keep_record(tonight, copied, table)
    assert tonight.resolve(copied) == tonight.root / copied.path
    assert release_models(tonight) == 1
    assert not (tonight.root / copied.path).exists()
    assert tonight.resolve(copied) == tonight.resolve(model)
    assert is_intact(tonight, copied)
    assert is_intact(tonight, table)
    with model_folder(tonight, ModelRef(files={"model.json": copied})) as folder:
        assert (folder / "model.json").read_bytes() == tonight.resolve(model).read_bytes()
    assert release_models(tonight) == 0
    tonight.resolve(model).write_bytes(b"damaged")
    assert not is_intact(tonight, copied)
    tonight.resolve(model).unlink()
    assert tonight.resolve(copied) == tonight.root / copied.path


def test_a_model_that_another_night_has_made_too_stays(nights: tuple[Store, Store]) -> None:
    before, tonight = nights
    copied = stage_file(tonight, tonight.read_manifest().models["lexical"]["model.json"])
    keep_record(tonight, copied)
    keep_record(before.model_copy(update={"feed": "other"}), copied)
    assert release_models(tonight) == 0
    assert (tonight.root / copied.path).exists()


def test_an_encoder_keeps_its_copy(nights: tuple[Store, Store]) -> None:
    _, tonight = nights
    content = read_object(tonight.manifest_path(), "")
    content["models"]["encoder"] = content["models"].pop("lexical")
    write_sealed(tonight.manifest_path(), content)
    copied = stage_file(tonight, tonight.read_manifest().models["encoder"]["model.json"])
    keep_record(tonight, copied)
    assert release_models(tonight) == 0
    assert (tonight.root / copied.path).exists()
