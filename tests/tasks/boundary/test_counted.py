import pytest

from tasks.boundary.counted import counted


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 findings"), (1, "1 finding"), (2000, "2,000 findings")]
)
def test_one_thing_is_no_plural(number: int, words: str) -> None:
    assert counted(number, "finding") == words
