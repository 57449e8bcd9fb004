"""The cache of a run, through Prefect's own result store."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from prefect.results import ResultStore
from prefect.serializers import JSONSerializer

from tasks.frame.cache import cached_in, record_storage
from tasks.store.records import records_folder, seal, unseal
from tasks.store.storage import Ref, Store, keep_bytes

KEY = f"check-raw-v1-{'0' * 40}"


def records(store: Store) -> ResultStore:
    """What a run has: it asks Prefect, which asks the storage."""
    return ResultStore(result_storage=record_storage(store), serializer=JSONSerializer())


@pytest.fixture
def kept(store: Store) -> Ref:
    """A file of a stage, named by a cache record."""
    ref = keep_bytes(store, "check", b"content", ".json")
    records(store).write({"refused": ref.model_dump()}, key=KEY)
    return ref


def path_of(store: Store) -> Path:
    return records_folder(store) / KEY


def test_a_sound_record_is_read_back(store: Store, kept: Ref) -> None:
    assert records(store).exists(KEY)
    assert records(store).read(KEY).result == {"refused": kept.model_dump()}
    assert not records(store).exists("another")


@pytest.mark.parametrize("place", [0, 20, 60, 100, 150, -1])
def test_a_record_with_a_flipped_bit_is_none(
    place: int, store: Store, kept: Ref, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(path_of(store).read_bytes())
    content[place] ^= 1
    path_of(store).write_bytes(content)
    tonight = records(store)
    with caplog.at_level(logging.WARNING, "tasks.frame.cache"):
        assert not tonight.exists(KEY)
        assert not tonight.exists(KEY)
    (line,) = caplog.messages
    assert line.startswith("check raw: its cached result cannot be used, so the stage runs again")


@pytest.mark.parametrize(
    "result",
    [
        {"__class__": "tasks.check_raw.RawCheck", "data": {}},
        {"__class__": "tasks.preparing.check_raw.NoSuchClass", "data": {}},
        {"__class__": "tasks.preparing.check_raw.RawCheck", "data": {"of_long_ago": 1}},
    ],
    ids=["its module has moved", "its class is gone", "its fields are others"],
)
def test_a_record_of_another_version_is_none(
    result: dict[str, Any], store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    records(store).write({"result": "of a stage"}, key=KEY)
    record = json.loads(unseal(path_of(store).read_bytes(), KEY))
    record["result"] = json.dumps(result)
    path_of(store).write_bytes(seal(json.dumps(record).encode(), KEY))
    with caplog.at_level(logging.WARNING, "tasks.frame.cache"):
        assert not records(store).exists(KEY)
    assert "another version of nightfold has kept it" in caplog.text


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_record_whose_files_are_damaged_is_none_and_is_replaced(
    damage: str, store: Store, kept: Ref, caplog: pytest.LogCaptureFixture
) -> None:
    if damage == "gone":
        store.resolve(kept).unlink()
    else:
        store.resolve(kept).write_bytes(b"Content")
    tonight = records(store)
    with caplog.at_level(logging.WARNING, "tasks.frame.cache"):
        assert not tonight.exists(KEY)
    assert f"{kept.path} is missing or changed" in caplog.text
    again = keep_bytes(store, "check", b"content", ".json")
    tonight.write({"refused": again.model_dump()}, key=KEY)
    for it in (tonight, records(store)):
        assert it.read(KEY).result == {"refused": again.model_dump()}
    assert list(records_folder(store).iterdir()) == [path_of(store)]


def test_a_record_is_examined_once_in_a_run(
    store: Store, kept: Ref, monkeypatch: pytest.MonkeyPatch
) -> None:
    tonight = records(store)
    assert tonight.exists(KEY)
    monkeypatch.setattr("tasks.frame.cache.is_intact", lambda *_: pytest.fail("it is read again"))
    assert tonight.exists(KEY)
    assert tonight.read(KEY).result == {"refused": kept.model_dump()}


def test_a_moved_store_takes_its_cache_along(store: Store, kept: Ref) -> None:
    moved = store.root.rename(store.root.with_name("moved"))
    assert records(store.model_copy(update={"root": moved})).exists(KEY)


def test_a_record_lies_below_its_night(store: Store) -> None:
    with pytest.raises(ValueError, match="outside of the base path"):
        record_storage(store).write_path("../../elsewhere", b"")


def test_only_a_flow_run_has_a_cache(store: Store) -> None:
    with pytest.raises(RuntimeError, match="only a flow run has a cache"), cached_in(store):
        pass
