import json
from pathlib import Path
from typing import Any

import pytest

from tasks.store.sealed import DIGEST, NotAsWrittenError, canonical_json, seal, unseal, write_sealed

CONTENT: dict[str, Any] = {
    "format_version": 3,
    "counts": {"read": 60, "late": 0},
    "values": [1e-7, 0.1, None, True, float("inf")],
    "text": "Ümläut \n \u2028 A",
    "ids": {2: "b", 10: "a"},
}


def test_what_was_sealed_is_read_back_without_its_digest() -> None:
    assert unseal(seal(CONTENT)) == CONTENT | {"ids": {"2": "b", "10": "a"}}
    assert seal(unseal(seal(CONTENT))) == seal(CONTENT)


def test_every_single_flipped_bit_is_found() -> None:
    sealed = seal(CONTENT)
    for place in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[place] ^= 1 << bit
            with pytest.raises(NotAsWrittenError):
                unseal(bytes(flipped))


def test_every_cut_is_found() -> None:
    sealed = seal(CONTENT)
    for length in range(len(sealed)):
        with pytest.raises(NotAsWrittenError):
            unseal(sealed[:length])


def test_an_object_of_an_older_version_needs_no_digest_but_keeps_to_one_that_is_there() -> None:
    old = CONTENT | {"format_version": 2}
    assert unseal(json.dumps(old).encode())["counts"] == CONTENT["counts"]
    sealed = seal(old)
    assert unseal(sealed)["format_version"] == 2
    with pytest.raises(NotAsWrittenError, match="its digest does not fit"):
        unseal(sealed.replace(b'"read": 60', b'"read": 40'))


def test_from_version_3_on_a_digest_is_required() -> None:
    for version in (3, 99):
        with pytest.raises(NotAsWrittenError, match="must have a 'digest'"):
            unseal(canonical_json(CONTENT | {"format_version": version}))
    with pytest.raises(NotAsWrittenError, match="its digest does not fit"):
        unseal(canonical_json(CONTENT | {DIGEST: None}))


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(NotAsWrittenError, match="JSON object"):
        unseal(content)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(NotAsWrittenError, match="its digest does not fit"):
        unseal(b'{"digest": "x", "a": "\\ud800"}')


@pytest.mark.parametrize("key", ["a", "z"])
def test_a_digest_is_found_wherever_it_is_sorted_and_no_deeper_one_is_taken_for_it(
    key: str,
) -> None:
    content = {"encoder": {DIGEST: "of something else"}, key: 1}
    assert unseal(seal(content)) == content
    assert unseal(seal({key: {DIGEST: "x"}})) == {key: {DIGEST: "x"}}


def test_sealed_objects_are_written_whole(tmp_path: Path) -> None:
    write_sealed(tmp_path / "a" / "list.json", CONTENT)
    assert (tmp_path / "a" / "list.json").read_bytes() == seal(CONTENT)


def test_canonical_json_spells_equal_values_equally() -> None:
    one = canonical_json({"b": 1, "é": Path("x")})
    other = canonical_json({"é": Path("x"), "b": 1})
    assert one == other == '{\n  "b": 1,\n  "é": "x"\n}\n'.encode()
