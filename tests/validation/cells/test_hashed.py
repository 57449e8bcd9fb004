import pyarrow as pa

from validation.cells.hashed import hash_texts


def test_a_hash_is_that_of_title_and_text_and_null_is_empty() -> None:
    titles = pa.array(["a", "a", None, "", "ab"])
    texts = pa.array(["b", "b", "ab", "ab", None])
    found = hash_texts(titles, texts).to_pylist()
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3
