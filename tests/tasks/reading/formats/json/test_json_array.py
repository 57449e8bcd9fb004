import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.reading.formats import lines
from tasks.reading.formats.json import json_array
from tasks.reading.formats.json.json_array import Element, read_elements
from tasks.reading.formats.rows import UnfitFileError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\\\[]{},\n é'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def read(content: bytes) -> list[Element]:
    return list(read_elements(io.BytesIO(content), "utf-8"))


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]), st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_the_elements_are_those_that_python_reads(
    values: list[Any], indent: int | None, read_bytes: int
) -> None:
    spelled = json.dumps(values, indent=indent, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_READ_BYTES", read_bytes)
        found = read(spelled.encode())
    assert [json.loads(it.text) for it in found] == values
    for it in found:
        covered = spelled.split("\n")[it.line - 1 : it.line - 1 + it.n_lines]
        assert it.text in "\n".join(covered)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('[{"id": 1},\n{"id": 2}', "without an end; what begins on line 2"),
        ('[{"id": 1}, {"id": "2}]', "without an end; what begins on line 1"),
        ('[{"id": 1}]\n\n[{"id": 2}]', "more behind its end, on line 3"),
        ('[{"id": 1}]\nx', "more behind its end, on line 2"),
        ('[{"id": 1},\n{"id": 2}}]', "a bracket on line 2 that closes nothing"),
    ],
)
def test_an_array_that_is_not_whole_is_refused_as_a_file(content: str, sentence: str) -> None:
    with pytest.raises(UnfitFileError, match=sentence):
        read(content.encode())


def test_an_element_without_end_is_kept_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "MAX_LINE_BYTES", 64)
    monkeypatch.setattr(lines, "_READ_BYTES", 16)

    class Endless:
        blocks: Iterator[bytes] = iter([b"[\n", *[b'"' + b"x" * 16] * 9])

        def read(self, size: int, /) -> bytes:
            return next(self.blocks)

    with pytest.raises(UnfitFileError, match="more than 64 characters, from line 1 on"):
        list(read_elements(Endless(), "utf-8"))


def test_a_file_that_is_not_encoded_so_is_named() -> None:
    with pytest.raises(UnfitFileError, match=r"is not encoded as utf-16: .*set `encoding`"):
        list(read_elements(io.BytesIO(b"[{}]x"), "utf-16"))
