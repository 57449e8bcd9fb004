import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from validation.cells.visible import _count_any, count_visible

ASCII = st.text(st.characters(codec="ascii"), max_size=20)
TEXTS = st.lists(ASCII | st.none() | st.text(st.characters(codec="utf-8"), max_size=20))


@given(TEXTS | st.lists(ASCII), st.integers(0, 3))
def test_bytes_are_counted_as_characters_are(texts: list[str | None], first: int) -> None:
    # A slice begins inside of the buffers of its array.
    array = pa.array(texts, pa.large_string())[min(first, len(texts)) :]
    for found, expected in zip(count_visible(array), _count_any(array), strict=True):
        assert found.type == expected.type
        assert found.to_pylist() == expected.to_pylist()
