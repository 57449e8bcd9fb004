from pathlib import Path

import pytest
from pydantic import BaseModel

from tasks.store.records import (
    DamagedRecordError,
    forget_records,
    records_folder,
    refs_in_result,
    seal,
    unseal,
)
from tasks.store.storage import ModelRef, Ref, Store

NAME = "embed-v1-0"
CONTENT = b'{"metadata": {}, "result": "{\\"accepted\\": 40}"}\n'


def test_a_sealed_record_is_read_back() -> None:
    assert unseal(seal(CONTENT, NAME), NAME) == CONTENT
    assert unseal(seal(b"", NAME), NAME) == b""


def test_no_bit_of_a_record_can_be_flipped() -> None:
    sealed = seal(CONTENT, NAME)
    for place in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[place] ^= 1 << bit
            with pytest.raises(DamagedRecordError):
                unseal(bytes(flipped), NAME)


@pytest.mark.parametrize("length", range(0, len(CONTENT), 7))
def test_a_record_that_was_cut_is_none(length: int) -> None:
    sealed = seal(CONTENT, NAME)
    for part in (sealed[: -length - 1], sealed[length + 1 :], sealed + b"\n"):
        with pytest.raises(DamagedRecordError):
            unseal(part, NAME)


def test_the_record_of_another_call_is_none() -> None:
    with pytest.raises(DamagedRecordError, match="its content is not what its digest says"):
        unseal(seal(CONTENT, "refine-v1-0"), NAME)


def test_references_are_found_however_deep_they_lie() -> None:
    class Inner(BaseModel):
        table: Ref
        model: ModelRef

    class Outer(BaseModel):
        inner: list[Inner]
        by_name: dict[str, Ref | None]
        note: str = "no reference"

    refs = [Ref(path=name, sha256=name, rows=0) for name in "abc"]
    inner = Inner(table=refs[0], model=ModelRef(files={"w": refs[1]}))
    outer = Outer(inner=[inner], by_name={"x": refs[2], "y": None})
    assert list(refs_in_result({"deep": [outer.model_dump(), 1, None]})) == refs
    assert list(refs_in_result("abc")) == []


def test_a_night_is_forgotten_and_no_other(store: Store) -> None:
    other = store.model_copy(update={"feed": "other"})
    for it in (store, other):
        records_folder(it).mkdir(parents=True)
        (records_folder(it) / "embed-v1-0").write_bytes(seal(CONTENT, "embed-v1-0"))
    forget_records(store)
    forget_records(store)
    assert not records_folder(store).exists()
    assert list(records_folder(other).iterdir()) == [Path(records_folder(other) / "embed-v1-0")]
